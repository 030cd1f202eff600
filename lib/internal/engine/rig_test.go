package engine

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pipe"
	"ztools/lib/internal/security"
	"ztools/lib/internal/wire"
	"ztools/lib/internal/ztest"
)

// rig is a port in the hands of a test, which plays the socket behind it and
// the peer in front of it.
type rig struct {
	pool  msg.Pool
	opts  option.Options
	port  *Port
	sock  *pipe.Pipe // the socket's end
	eager atomic.Bool
	lend  atomic.Bool

	writers  atomic.Int32  // how often WriteLoop was started
	aborted  atomic.Bool   // Abort was called
	readable chan struct{} // the socket was told that it may read
	fetch    func()        // what it does then at once, or nil
}

// newRig makes a rig for a DEALER whose options edit has changed.
func newRig(edit func(o *option.Options)) *rig {
	r := &rig{opts: option.Defaults(5), readable: make(chan struct{}, 1)}
	if edit != nil {
		edit(&r.opts)
	}
	sock, mine := pipe.New(pipe.Config{
		Pool: &r.pool,
		AtoB: pipe.Limit{Snd: r.opts.SndHWM, Rcv: pipe.NoBoost},
		BtoA: pipe.Limit{Snd: pipe.NoBoost, Rcv: r.opts.RcvHWM},
	})
	r.sock = sock
	sock.Own(r)
	r.port = NewPort(mine, &r.eager, &r.lend, r)
	return r
}

func (r *rig) Write(e *Engine) {
	r.writers.Add(1)
	go e.WriteLoop()
}

func (r *rig) Abort() { r.aborted.Store(true) }

func (r *rig) Readable(*pipe.Pipe) {
	signal(r.readable)
	if r.fetch != nil {
		r.fetch()
	}
}

func (r *rig) Writable(*pipe.Pipe) {}
func (r *rig) Closed(*pipe.Pipe)   {}

// connect makes the engine for a connection and runs its loops.
func (r *rig) connect(c Config) *running {
	c.Options, c.Pool = &r.opts, &r.pool
	e := New(c, r.port)
	l := &running{e, make(chan error, 1)}
	e.Start()
	go func() { l.over <- e.ReadLoop() }()
	return l
}

// running is an engine whose loops run.
type running struct {
	*Engine
	over chan error
}

// wait waits for the end of the connection and returns why it ended.
func (l *running) wait() error {
	err := <-l.over
	l.Stop()
	l.Detach()
	return err
}

// end ends the connection.
func (l *running) end() error {
	l.Stop()
	return l.wait()
}

// message is the bodies of one message's frames.
type message []string

// send writes messages as the socket would.
func (r *rig) send(t testing.TB, messages ...message) {
	t.Helper()
	for _, m := range messages {
		for i, body := range m {
			f := msg.Msg{Body: []byte(body)}
			if i < len(m)-1 {
				f.Flags = msg.More
			}
			if !r.sock.Write(&f) {
				t.Fatalf("no room for part %d of %d", i, len(m))
			}
		}
	}
}

// command writes a ZMTP command as the socket would.
func (r *rig) command(t testing.TB, name, data string) {
	t.Helper()
	if !r.sock.Write(&msg.Msg{Flags: msg.Command, Body: wire.AppendCommand(nil, name, data)}) {
		t.Fatalf("no room for %s", name)
	}
}

// recv waits for a message and reads it. Commands begin with "cmd:".
func (r *rig) recv() (m message) {
	for {
		var f msg.Msg
		for !r.sock.Read(&f) {
			<-r.readable
		}
		m = append(m, text(&f))
		if !f.HasMore() {
			return m
		}
	}
}

// received reads all messages that are there.
func (r *rig) received() (all []message) {
	for r.sock.CheckRead() {
		all = append(all, r.recv())
	}
	return all
}

func text(f *msg.Msg) string {
	if f.Flags&msg.Command != 0 {
		return "cmd:" + string(f.Body)
	}
	return string(f.Body)
}

// kind is a way in which a peer and this side may have agreed to talk.
type kind struct {
	name   string
	result func() *Result
	frame  func(flags byte, body string) []byte // as the peer writes and reads it
}

var kinds = []kind{
	{"3.1", agreed(wire.ZMTP31), ztest.Frame[string]},
	{"3.0", agreed(wire.ZMTP30), ztest.Frame[string]},
	{"2.0", agreed(wire.ZMTP20), ztest.Frame[string]},
	{"1.0", agreed(wire.ZMTP10), frameV1},
	{"sealed", func() *Result { return &Result{Version: wire.ZMTP31, Mechanism: &sealer{}} }, sealedFrame},
	{"raw", func() *Result { return nil }, func(_ byte, body string) []byte { return []byte(body) }},
}

// framed are the kinds that know where a frame ends.
var framed = kinds[:len(kinds)-1]

// receiving are the ways in which bytes may come that know where a frame ends.
var receiving = append(slices.Clip(framed),
	kind{"ws server", overWS(wire.WSMasked), func(flags byte, body string) []byte {
		return wire.AppendFrameWS(nil, msg.Flags(flags), []byte(body), true, 0x12345678)
	}},
	kind{"ws client", overWS(wire.WS), func(flags byte, body string) []byte {
		return wire.AppendFrameWS(nil, msg.Flags(flags), []byte(body), false, 0)
	}},
)

// sending are the ways in which bytes may go, as the peer reads them.
var sending = append(slices.Clip(kinds), kind{"ws server", overWS(wire.WSMasked), func(flags byte, body string) []byte {
	return wire.AppendFrameWS(nil, msg.Flags(flags), []byte(body), false, 0)
}})

func overWS(f wire.Framing) func() *Result {
	return func() *Result { return &Result{Version: wire.ZMTP30, Web: f} }
}

func agreed(v wire.Version) func() *Result { return func() *Result { return &Result{Version: v} } }

// encode is messages as they stand on the wire.
func (k *kind) encode(messages ...message) (b []byte) {
	for _, m := range messages {
		for i, body := range m {
			flags := byte(1)
			if i == len(m)-1 {
				flags = 0
			}
			b = append(b, k.frame(flags, body)...)
		}
	}
	return b
}

// frameV1 is a frame of ZMTP 1.0 (RFC 13).
func frameV1(flags byte, body string) []byte {
	if len(body)+1 < 255 {
		return append([]byte{byte(len(body) + 1), flags}, body...)
	}
	b := binary.BigEndian.AppendUint64([]byte{255}, uint64(len(body)+1))
	return append(append(b, flags), body...)
}

// sealer is a mechanism that turns bodies over and puts a counter in front, so
// that a frame sealed out of turn is noticed.
type sealer struct {
	security.Mechanism
	out, in byte
}

func (s *sealer) Transparent() bool { return false }

func (s *sealer) Seal(dst []byte, m *msg.Msg) ([]byte, error) {
	s.out++
	body := append([]byte{s.out}, m.Body...)
	slices.Reverse(body[1:])
	return wire.AppendFrameV2(dst, m.Flags, body), nil
}

func (s *sealer) Open(m *msg.Msg) error {
	if s.in++; len(m.Body) == 0 || m.Body[0] != s.in {
		return wire.Violation(wire.Cryptographic, "frame out of turn")
	}
	m.Body = slices.Clone(m.Body[1:])
	slices.Reverse(m.Body)
	return nil
}

// sealedFrame is a frame as sealer makes it, with a counter of 0; countFrames
// fills it in.
func sealedFrame(flags byte, body string) []byte {
	b := []byte(body)
	slices.Reverse(b)
	return ztest.Frame(flags, append([]byte{0}, b...))
}

// countFrames puts the counters of sealer into sealed frames, of which the last
// may be cut.
func countFrames(b []byte) []byte {
	b = slices.Clone(b)
	count := byte(0)
	for rest := b; len(rest) > 2; {
		n, size := 2, int(rest[1])
		if rest[0]&2 != 0 {
			if len(rest) < 10 {
				break
			}
			n, size = 9, int(binary.BigEndian.Uint64(rest[1:]))
		}
		count++
		rest[n] = count
		rest = rest[min(n+size, len(rest)):]
	}
	return b
}

// wire is messages as they stand on a new connection.
func (k *kind) wire(messages ...message) []byte {
	b := k.encode(messages...)
	if k.name == "sealed" {
		b = countFrames(b)
	}
	return b
}

// script is a connection that the test has decided about before: how it answers
// reads, and after how many bytes writes fail.
type script struct {
	mu     sync.Mutex // guards the fields below
	moved  *sync.Cond
	pieces [][]byte // what each Read gives, then
	hold   bool     // reads wait for the end instead of meeting it
	limit  int      // bytes that may be written; then the connection breaks
	got    []byte   // was written
	closed bool
}

// unlimited is a limit that no test reaches.
const unlimited = 1 << 40

func newScript(limit int, pieces ...[]byte) *script {
	s := &script{limit: limit, pieces: pieces}
	s.moved = sync.NewCond(&s.mu)
	return s
}

func (s *script) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.pieces) == 0 && s.hold && !s.closed {
		s.moved.Wait()
	}
	if len(s.pieces) == 0 {
		return 0, io.EOF
	}
	n := copy(b, s.pieces[0])
	if s.pieces[0] = s.pieces[0][n:]; len(s.pieces[0]) == 0 {
		s.pieces = s.pieces[1:]
	}
	return n, nil
}

var errCut = errors.New("cut")

func (s *script) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(len(b), s.limit-len(s.got))
	s.got = append(s.got, b[:n]...)
	var err error
	if n < len(b) {
		s.closed, err = true, errCut
	}
	s.moved.Broadcast()
	return n, err
}

func (s *script) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.moved.Broadcast()
	return nil
}

// written waits until n bytes were written or the connection has ended and
// returns all.
func (s *script) written(n int) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.got) < n && !s.closed {
		s.moved.Wait()
	}
	return slices.Clone(s.got)
}

func (s *script) LocalAddr() net.Addr              { return &net.UnixAddr{} }
func (s *script) RemoteAddr() net.Addr             { return &net.UnixAddr{} }
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

// loopback is the two ends of a TCP connection.
func loopback(t testing.TB) (net.Conn, *ztest.Peer) {
	t.Helper()
	l := ztest.Listen(t, "tcp", "127.0.0.1:0")
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, l.Peer()
}

// body is n bytes that differ from place to place.
func body(n int) string {
	return strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz", n/36+1)[:n]
}

// commands are those that a PUB takes, if it does.
func commands(taken bool) []string {
	if !taken {
		return nil
	}
	return []string{wire.Subscribe, wire.Cancel}
}
