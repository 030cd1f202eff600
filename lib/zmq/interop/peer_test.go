package interop_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ztools/lib/internal/ztest"
	"ztools/lib/zmq"
)

// testdata is where the peer programs are.
const testdata = "../../../testdata/interop"

// request is one line to a peer program; testdata/interop/peer.py says what it
// means.
type request struct {
	Op       string `json:"op"`
	Socket   string `json:"socket"`
	Type     string `json:"type"`
	Option   int    `json:"option"`
	Value    any    `json:"value"`
	Endpoint string `json:"endpoint"`
	Parts    []part `json:"parts"`
	Wait     int    `json:"wait"`
	Limit    int    `json:"limit"`
	First    int    `json:"first"`
	Count    int    `json:"count"`
	Copies   int    `json:"copies"`
	Until    string `json:"until"`
	Linger   *int   `json:"linger"`
}

// response is one line from a peer program.
type response struct {
	Result json.RawMessage `json:"result,omitempty"`
	Error  string          `json:"error,omitempty"`
	Fault  string          `json:"fault,omitempty"`
}

// process is a running peer program. One request is under way at a time.
type process struct {
	name    string // in peers
	command *exec.Cmd
	stderr  *bytes.Buffer

	mu     sync.Mutex // guards the pipes: one request and its answer at a time
	stdin  io.WriteCloser
	stdout *bufio.Reader
	opened int
}

// peers are the peer programs, by name.
var peers = map[string]func() *exec.Cmd{
	"libzmq-4.3.4-python": func() *exec.Cmd {
		python := os.Getenv("ZTOOLS_PYTHON")
		if python == "" {
			python = "/usr/bin/python3"
		}
		return exec.Command(python, filepath.Join(testdata, "peer.py"))
	},
	"libzmq-4.3.5-node": func() *exec.Cmd {
		modules := os.Getenv("ZTOOLS_NODE_PATH")
		if modules == "" {
			modules = filepath.Join(testdata, "../../.peers/node_modules")
		}
		modules, _ = filepath.Abs(modules)
		command := exec.Command("node", filepath.Join(testdata, "peer.js"))
		command.Env = append(os.Environ(), "NODE_PATH="+modules)
		return command
	},
	"ours": func() *exec.Cmd {
		command := exec.Command(os.Args[0])
		command.Env = append(os.Environ(), servePeer+"=1")
		return command
	},
}

// The names in peers.
const (
	python    = "libzmq-4.3.4-python"
	node      = "libzmq-4.3.5-node"
	ownBinary = "ours"
)

// forEachSide runs a test between ourselves, and with every libzmq as the second
// and as the first party.
func forEachSide(t *testing.T, test func(t *testing.T, first, second party)) {
	t.Run("ours", func(t *testing.T) {
		us := newOurs(t)
		test(t, us, us)
	})
	for _, name := range []string{python, node} {
		t.Run("ours and "+name, func(t *testing.T) {
			libzmq := start(t, name)
			test(t, newOurs(t), libzmq)
		})
		t.Run(name+" and ours", func(t *testing.T) {
			libzmq := start(t, name)
			test(t, libzmq, newOurs(t))
		})
	}
}

// start runs a peer program until the end of the test. Where it is not installed
// the test is skipped, or fails with ZTOOLS_REQUIRE_PEERS=1.
func start(t testing.TB, name string) *process {
	t.Helper()
	p, err := launch(name)
	if err == nil {
		t.Cleanup(p.kill)
		return p
	}
	ztest.Skip(t, fmt.Sprintf("%s: %v", name, err))
	return nil
}

func launch(name string) (*process, error) {
	p := &process{name: name, command: peers[name](), stderr: new(bytes.Buffer)}
	p.command.Stderr = p.stderr
	stdin, err := p.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.stdin, p.stdout = stdin, bufio.NewReaderSize(stdout, 64<<10)
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	if err := p.ask(request{Op: "version"}, nil); err != nil {
		p.kill()
		return nil, fmt.Errorf("%w: %s", err, firstError(p.stderr.String()))
	}
	return p, nil
}

// firstError is the line of a traceback that says what was wrong.
func firstError(stderr string) string {
	for line := range strings.Lines(stderr) {
		if strings.Contains(line, "Error: ") {
			return strings.TrimSpace(line)
		}
	}
	return strings.TrimSpace(stderr)
}

// kill ends the program with SIGKILL and waits until it is gone.
func (p *process) kill() {
	p.command.Process.Kill()
	p.command.Wait()
}

// ask sends a request and waits for its answer, which it decodes into result.
// What libzmq refused is a zmq.Errno.
func (p *process) ask(req request, result any) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	guard := time.AfterFunc(2*patience, func() { p.command.Process.Kill() })
	defer guard.Stop()
	line, err := json.Marshal(req)
	if err != nil {
		return err
	}
	if _, err := p.stdin.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("peer took no %s: %w", req.Op, err)
	}
	var answer response
	if err := json.NewDecoder(p.line()).Decode(&answer); err != nil {
		return fmt.Errorf("peer gave no answer to %s: %w", req.Op, err)
	}
	switch {
	case answer.Fault != "":
		return fmt.Errorf("peer failed in %s: %s", req.Op, answer.Fault)
	case answer.Error != "":
		return errnoNamed(answer.Error)
	case result == nil:
		return nil
	}
	return json.Unmarshal(answer.Result, result)
}

// line reads one line of stdout.
func (p *process) line() io.Reader {
	text, err := p.stdout.ReadBytes('\n')
	if err != nil {
		return bytes.NewReader(nil)
	}
	return bytes.NewReader(text)
}

// errnoNamed is the Errno of a name that a peer program reported.
func errnoNamed(name string) error {
	for _, number := range []zmq.Errno{
		zmq.EAGAIN, zmq.EFSM, zmq.ETERM, zmq.ENOTSUP, zmq.EHOSTUNREACH, zmq.EINVAL, zmq.EADDRINUSE,
		zmq.EADDRNOTAVAIL, zmq.ENOENT, zmq.EPROTONOSUPPORT, zmq.ENOCOMPATPROTO, zmq.ENAMETOOLONG, zmq.ENODEV,
		zmq.EACCES, zmq.ENOTSOCK, zmq.EMTHREAD, zmq.EFAULT,
	} {
		if number.Name() == name {
			return number
		}
	}
	return fmt.Errorf("libzmq error %s", name)
}

func (p *process) open(t testing.TB, kind string) sock {
	t.Helper()
	p.opened++
	s := &remote{process: p, name: fmt.Sprintf("%s%d", kind, p.opened)}
	if err := p.ask(request{Op: "open", Socket: s.name, Type: kind}, nil); err != nil {
		t.Fatalf("open %s: %v", kind, err)
	}
	t.Cleanup(func() {
		if !s.closed {
			s.Close(0)
		}
	})
	return s
}

func (p *process) handle(t testing.TB, reply [][]byte) (stop func() [][][]byte) {
	t.Helper()
	if err := p.ask(request{Op: "handle", Parts: toParts(reply)}, nil); err != nil {
		t.Fatalf("handle: %v", err)
	}
	return func() (requests [][][]byte) {
		t.Helper()
		var got [][]part
		if err := p.ask(request{Op: "unhandle"}, &got); err != nil {
			t.Fatalf("unhandle: %v", err)
		}
		for _, parts := range got {
			requests = append(requests, fromParts(parts))
		}
		return requests
	}
}

// remote is a socket in a peer program.
type remote struct {
	*process
	name   string
	closed bool
}

// do asks for an operation of this socket.
func (s *remote) do(req request, result any) error {
	req.Socket = s.name
	return s.ask(req, result)
}

func (s *remote) Set(option zmq.Option, value any) error {
	if text, ok := value.(string); ok {
		value = part(text)
	}
	return s.do(request{Op: "set", Option: int(option), Value: value}, nil)
}

func (s *remote) Get(option zmq.Option) (any, error) {
	var answer json.RawMessage
	if err := s.do(request{Op: "get", Option: int(option)}, &answer); err != nil {
		return nil, err
	}
	var number int
	if json.Unmarshal(answer, &number) == nil {
		return number, nil
	}
	var text part
	err := json.Unmarshal(answer, &text)
	return strings.TrimRight(string(text), "\x00"), err
}

func (s *remote) Bind(endpoint string) (bound string, err error) {
	err = s.do(request{Op: "bind", Endpoint: endpoint}, &bound)
	return bound, err
}

func (s *remote) Connect(endpoint string) error {
	return s.do(request{Op: "connect", Endpoint: endpoint}, nil)
}

func (s *remote) Unbind(endpoint string) error {
	return s.do(request{Op: "unbind", Endpoint: endpoint}, nil)
}

func (s *remote) Disconnect(endpoint string) error {
	return s.do(request{Op: "disconnect", Endpoint: endpoint}, nil)
}

func (s *remote) Send(wait time.Duration, parts ...[]byte) error {
	return s.do(request{Op: "send", Parts: toParts(parts), Wait: int(wait.Milliseconds())}, nil)
}

func (s *remote) Recv(wait time.Duration) ([][]byte, error) {
	var got []part
	err := s.do(request{Op: "recv", Wait: int(wait.Milliseconds())}, &got)
	return fromParts(got), err
}

func (s *remote) Flood(limit int, parts ...[]byte) (count int, err error) {
	err = s.do(request{Op: "flood", Limit: limit, Parts: toParts(parts)}, &count)
	return count, err
}

func (s *remote) Drain(limit int) (count int, err error) {
	err = s.do(request{Op: "drain", Limit: limit}, &count)
	return count, err
}

func (s *remote) Produce(first, count, copies int) error {
	wait := int(patience.Milliseconds())
	return s.do(request{Op: "produce", First: first, Count: count, Copies: copies, Wait: wait}, nil)
}

func (s *remote) Consume(count, copies int) (runs []run, err error) {
	wait := int(patience.Milliseconds())
	err = s.do(request{Op: "consume", Count: count, Copies: copies, Wait: wait}, &runs)
	return runs, err
}

func (s *remote) Events() (bits int, err error) {
	err = s.do(request{Op: "events"}, &bits)
	return bits, err
}

func (s *remote) Monitor() error { return s.do(request{Op: "monitor"}, nil) }

func (s *remote) Watch(wait time.Duration, until string) (seen []happening, err error) {
	err = s.do(request{Op: "watch", Until: until, Wait: int(wait.Milliseconds())}, &seen)
	return seen, err
}

func (s *remote) Close(linger int) error {
	s.closed = true
	return s.do(request{Op: "close", Linger: &linger}, nil)
}

func toParts(bodies [][]byte) []part {
	parts := make([]part, len(bodies))
	for i, body := range bodies {
		parts[i] = body
	}
	return parts
}

func fromParts(parts []part) [][]byte {
	bodies := make([][]byte, len(parts))
	for i, p := range parts {
		bodies[i] = p
	}
	return bodies
}
