// Package interop_test proves that lib/zmq and libzmq understand each other and
// behave alike.
//
// The flow of every test:
//
//  1. A party opens sockets: ours (local_test.go), or libzmq's in a process that
//     answers to us over a pipe (peer_test.go, testdata/interop).
//  2. Sockets of both parties have one interface, sock, so a conversation is
//     written once and held between any two of them.
//  3. A scenario is a conversation of one party with itself that notes what it
//     sees; libzmq's notes and ours must be the same (scenario_test.go).
//
// Nothing sleeps: a test waits for a message, an event or an answer.
package interop_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"ztools/lib/zmq"
)

// patience bounds every wait, so that a lost message fails a test instead of
// hanging it.
const patience = 20 * time.Second

// A party opens sockets of one implementation, all in one context.
type party interface {
	open(t testing.TB, kind string) sock
	// handle answers every ZAP request with those frames until stop, which tells
	// the requests.
	handle(t testing.TB, reply [][]byte) (stop func() [][][]byte)
}

// A sock is a socket of lib/zmq or of libzmq. Errors of libzmq and of lib/zmq
// both match the zmq.Errno constants; any other error is a failure of the test.
type sock interface {
	Set(option zmq.Option, value any) error // int or string
	Get(option zmq.Option) (any, error)     // int or string
	Bind(endpoint string) (string, error)
	Connect(endpoint string) error
	Unbind(endpoint string) error
	Disconnect(endpoint string) error
	// Send and Recv block no longer than wait; 0 is ZMQ_DONTWAIT.
	Send(wait time.Duration, parts ...[]byte) error
	Recv(wait time.Duration) ([][]byte, error)
	// Flood sends the same message until EAGAIN, Drain receives until EAGAIN;
	// both at most limit times, and say how often.
	Flood(limit int, parts ...[]byte) (int, error)
	Drain(limit int) (int, error)
	// Produce sends count messages, numbered from first, of copies equal parts.
	Produce(first, count, copies int) error
	// Consume receives count messages that Produce made.
	Consume(count, copies int) ([]run, error)
	// Events is ZMQ_EVENTS.
	Events() (int, error)
	// Monitor starts zmq_socket_monitor; Watch waits for the next event whose
	// name begins so, and returns all up to it. EAGAIN: none came for so long.
	Monitor() error
	Watch(wait time.Duration, until string) ([]happening, error)
	// Close closes with LINGER set to the value, in milliseconds.
	Close(linger int) error
}

// A run is a row of consecutive message numbers, first and last.
type run [2]int

// appendRun adds a number to the runs.
func appendRun(runs []run, number int) []run {
	if n := len(runs); n > 0 && runs[n-1][1] == number-1 {
		runs[n-1][1] = number
		return runs
	}
	return append(runs, run{number, number})
}

// pattern is size bytes that both sides can make, of a period that no buffer
// size is a multiple of.
func pattern(size int) []byte {
	cycle := make([]byte, 251)
	for i := range cycle {
		cycle[i] = byte(3 + i)
	}
	return bytes.Repeat(cycle, size/len(cycle)+1)[:size]
}

// part is one message part on the way to or from a peer program.
type part []byte

func (p part) MarshalJSON() ([]byte, error) {
	if len(p) > 4096 && bytes.Equal(p, pattern(len(p))) {
		return json.Marshal(map[string]int{"pattern": len(p)})
	}
	return json.Marshal(map[string][]byte{"b64": append([]byte{}, p...)})
}

func (p *part) UnmarshalJSON(text []byte) error {
	var form struct {
		B64     []byte
		Pattern int
	}
	err := json.Unmarshal(text, &form)
	if *p = form.B64; form.Pattern > 0 {
		*p = pattern(form.Pattern)
	}
	return err
}

// errName is "ok", the name of an Errno, or the text of any other error.
func errName(err error) string {
	var number zmq.Errno
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &number):
		return number.Name()
	}
	return err.Error()
}

// An end is a sock whose calls must succeed.
type end struct {
	sock
	t testing.TB
}

// open makes a socket of p and sets options, given as name, value, ...; it is
// closed at cleanup.
func open(t testing.TB, p party, kind string, options ...any) end {
	t.Helper()
	e := end{p.open(t, kind), t}
	for i := 0; i < len(options); i += 2 {
		e.set(options[i].(zmq.Option), options[i+1])
	}
	return e
}

func (e end) check(err error, call string, args ...any) {
	if err != nil {
		e.t.Helper()
		e.t.Fatalf("%s: %s", fmt.Sprintf(call, args...), errName(err))
	}
}

func (e end) set(option zmq.Option, value any) {
	e.t.Helper()
	e.check(e.Set(option, value), "set option %d to %v", option, value)
}

func (e end) bind(endpoint string) string {
	e.t.Helper()
	bound, err := e.Bind(endpoint)
	e.check(err, "bind %s", endpoint)
	return bound
}

func (e end) connect(endpoint string) {
	e.t.Helper()
	e.check(e.Connect(endpoint), "connect %s", endpoint)
}

// send sends text parts.
func (e end) send(parts ...string) {
	e.t.Helper()
	e.sendBytes(toBytes(parts)...)
}

func (e end) sendBytes(parts ...[]byte) {
	e.t.Helper()
	e.check(e.Send(patience, parts...), "send %s", shown(parts))
}

func (e end) recv() [][]byte {
	e.t.Helper()
	parts, err := e.Recv(patience)
	e.check(err, "recv")
	return parts
}

// expect receives a message and compares it.
func (e end) expect(parts ...string) {
	e.t.Helper()
	e.expectBytes(toBytes(parts)...)
}

func (e end) expectBytes(want ...[]byte) {
	e.t.Helper()
	if got := e.recv(); !slices.EqualFunc(got, want, bytes.Equal) {
		e.t.Fatalf("received %s, want %s", shown(got), shown(want))
	}
}

// expectRuns consumes messages of one part and compares their numbers.
func (e end) expectRuns(count int, want ...run) {
	e.t.Helper()
	runs, err := e.Consume(count, 1)
	e.check(err, "consume %d", count)
	if !slices.Equal(runs, want) {
		e.t.Fatalf("received %v, want %v", runs, want)
	}
}

func (e end) monitor() {
	e.t.Helper()
	e.check(e.Monitor(), "monitor")
}

// await waits for an event.
func (e end) await(event string) []happening {
	e.t.Helper()
	seen, err := e.Watch(patience, event)
	e.check(err, "watch for %s, seen %v", event, seen)
	return seen
}

// A happening is a monitor's message of version 1.
type happening struct {
	Name     string `json:"name"`
	Value    uint32 `json:"value"`
	Endpoint string `json:"endpoint"`
}

// readHappening reads such a message.
func readHappening(parts [][]byte) happening {
	if len(parts) != 2 || len(parts[0]) != 6 {
		return happening{Name: fmt.Sprintf("not of version 1: %q", parts)}
	}
	order := binary.NativeEndian
	kind := zmq.EventKind(order.Uint16(parts[0]))
	return happening{kind.String(), order.Uint32(parts[0][2:]), string(parts[1])}
}

func (e end) produce(first, count int) {
	e.t.Helper()
	e.check(e.Produce(first, count, 1), "produce %d from %d", count, first)
}

func toBytes(texts []string) [][]byte {
	parts := make([][]byte, len(texts))
	for i, text := range texts {
		parts[i] = []byte(text)
	}
	return parts
}

// shown are parts that print as text, the long ones by length.
type shown [][]byte

func (parts shown) String() string {
	texts := make([]string, len(parts))
	for i, p := range parts {
		if len(p) > 40 {
			texts[i] = fmt.Sprintf("(%d bytes)", len(p))
		} else {
			texts[i] = fmt.Sprintf("%q", p)
		}
	}
	return fmt.Sprint(texts)
}

// shortDir is a directory whose path leaves room for an ipc name.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "z")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
