package engine_test

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ztools/lib/internal/ztest"
)

// With -update the flows in testdata are recorded afresh from the libzmq that
// Python's zmq module brings along.
var update = flag.Bool("update", false, "record testdata/flows from libzmq")

const flowDir = "../../../testdata/flows"

// recordedPairs are the client and the server of each flow, as record.py takes
// them: all pairs of the stable types.
var recordedPairs = [][2]string{
	{"PAIR", "PAIR"},
	{"PUB", "SUB"}, {"SUB", "PUB"}, {"PUB", "XSUB"}, {"XSUB", "XPUB"}, {"SUB", "XPUB"},
	{"PUSH", "PULL"},
	{"REQ", "REP"}, {"REQ", "ROUTER"}, {"DEALER", "REP"},
	{"DEALER", "DEALER"}, {"DEALER:client", "ROUTER"}, {"ROUTER:client", "ROUTER:server"},
}

// TestRecordPairs records two libzmq sockets through a relay.
func TestRecordPairs(t *testing.T) {
	if !*update {
		t.Skip("recording needs -update and a libzmq")
	}
	for _, p := range recordedPairs {
		flow := &ztest.Flow{Client: end(p[0]), Server: end(p[1])}
		flow.About = fmt.Sprintf("%s connects to %s, both %s", flow.Client.Type, flow.Server.Type, libzmqVersion(t))
		cmd, in, out := startRecorder(t, "pair", p[0], p[1])
		relay := ztest.Listen(t, "tcp", "127.0.0.1:0")
		server := "127.0.0.1:" + readLine(t, out)
		_, port, _ := net.SplitHostPort(relay.Addr().String())
		fmt.Fprintln(in, port)
		record(t, flow, relay.Peer(), ztest.Dial(t, "tcp", server))
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		flow.Write(t, filepath.Join(flowDir, strings.ToLower(flow.Client.Type+"_"+flow.Server.Type)+".flow"))
	}
}

// record passes bytes on until both sides are done.
func record(t *testing.T, f *ztest.Flow, client, server net.Conn) {
	var mu sync.Mutex // guards f
	var done sync.WaitGroup
	pass := func(from, to net.Conn, fromClient bool) {
		var b [64 << 10]byte
		for {
			n, err := from.Read(b[:])
			if err != nil {
				to.Close()
				return
			}
			mu.Lock()
			f.Add(fromClient, b[:n])
			mu.Unlock()
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
	}
	done.Go(func() { pass(client, server, true) })
	done.Go(func() { pass(server, client, false) })
	done.Wait()
}

// A rawVersion is how a peer of some age speaks.
type rawVersion struct {
	name     string
	greeting []string // sent piece by piece
	frame    func(flags byte, body string) []byte
	command  bool // subscribes with a command
	silent   bool // does not subscribe at all
	ready    bool // has READY in place of an identity frame
}

// quiet is how long libzmq says nothing before it is taken to be waiting.
const quiet = 200 * time.Millisecond

var rawVersions = []rawVersion{
	{name: "1.0", greeting: []string{"04 00 'raw'"}, frame: frameV1, silent: true},
	{name: "1.0 with a long identity frame", greeting: []string{"ff 00*7 04 00", "'raw'"}, frame: frameV1, silent: true},
	{name: "1.0 with a greeting", greeting: []string{"ff 00*7 04 7f", "00", "05", "04 00 'raw'"}, frame: frameV1},
	{name: "2.0", greeting: []string{"ff 00*7 04 7f", "01", "05", "00 03 'raw'"}, frame: ztest.Frame[string]},
	{name: "3.0", greeting: []string{"ff 00*7 04 7f", "03", "00 'NULL' 00*48"}, frame: ztest.Frame[string], ready: true},
	{name: "3.1", greeting: []string{"ff 00*7 04 7f", "03", "01 'NULL' 00*48"}, frame: ztest.Frame[string], ready: true, command: true},
	{name: "4.7", greeting: []string{"ff 00*7 04 7f", "04", "07 'NULL' 00*48"}, frame: ztest.Frame[string], ready: true, command: true},
}

func frameV1(flags byte, body string) []byte {
	return append([]byte{byte(len(body) + 1), flags}, body...)
}

// script is what the peer sends to a socket of that type, step by step.
func (v *rawVersion) script(server string) [][]byte {
	var steps [][]byte
	for _, g := range v.greeting {
		steps = append(steps, ztest.Bytes(g))
	}
	if v.ready {
		steps = append(steps, ztest.Ready(map[string]string{"ROUTER": "DEALER", "DEALER": "ROUTER", "PUB": "SUB", "SUB": "PUB"}[server], "raw"))
	}
	switch {
	case server != "PUB":
		message := append(v.frame(1, "weather"), v.frame(0, "sunny")...)
		return append(steps, message)
	case v.command:
		return append(steps, ztest.Frame(4, "\x09SUBSCRIBEweather"))
	case !v.silent:
		return append(steps, v.frame(0, "\x01weather"))
	}
	return steps
}

// TestRecordVersions records what libzmq says to peers of all ages.
func TestRecordVersions(t *testing.T) {
	if !*update {
		t.Skip("recording needs -update and a libzmq")
	}
	for _, v := range rawVersions {
		for _, server := range []string{"ROUTER", "DEALER:lib", "PUB", "SUB"} {
			flow := &ztest.Flow{Client: ztest.End{Type: "raw"}, Server: end(server)}
			flow.About = fmt.Sprintf("a peer of ZMTP %s, made by hand, connects to %s of %s", v.name, flow.Server.Type, libzmqVersion(t))
			cmd, in, out := startRecorder(t, "answer", server)
			peer := ztest.Dial(t, "tcp", "127.0.0.1:"+readLine(t, out))
			hear(t, flow, peer)
			for _, step := range v.script(flow.Server.Type) {
				peer.Send(step)
				flow.Add(true, step)
				hear(t, flow, peer)
			}
			fmt.Fprintln(in)
			hear(t, flow, peer)
			in.Close()
			if err := cmd.Wait(); err != nil {
				t.Fatal(err)
			}
			name := strings.NewReplacer(" with a ", "_", " ", "_").Replace(v.name)
			flow.Write(t, filepath.Join(flowDir, "raw_"+name+"_"+strings.ToLower(flow.Server.Type)+".flow"))
		}
	}
}

// hear adds what the server says until it is quiet.
func hear(t *testing.T, f *ztest.Flow, peer net.Conn) {
	var b [4096]byte
	for {
		peer.SetReadDeadline(time.Now().Add(quiet))
		n, err := peer.Read(b[:])
		f.Add(false, b[:n])
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return
		case err != nil:
			t.Fatal(err)
		}
	}
}

func end(spec string) ztest.End {
	name, id, _ := strings.Cut(spec, ":")
	return ztest.End{Type: name, ID: id}
}

func startRecorder(t *testing.T, args ...string) (*exec.Cmd, io.WriteCloser, *bufio.Reader) {
	t.Helper()
	cmd := exec.Command(python(), append([]string{filepath.Join(flowDir, "record.py")}, args...)...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, in, bufio.NewReader(out)
}

// python is the interpreter for which Debian installs python3-zmq.
func python() string {
	if _, err := os.Stat("/usr/bin/python3"); err == nil {
		return "/usr/bin/python3"
	}
	return "python3"
}

func libzmqVersion(t *testing.T) string {
	t.Helper()
	out, err := exec.Command(python(), "-c", "import zmq; print(zmq.zmq_version())").Output()
	if err != nil {
		t.Fatal(err)
	}
	return "libzmq " + strings.TrimSpace(string(out))
}

func readLine(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	line, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}
