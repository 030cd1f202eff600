package zmq_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"ztools/lib/internal/ztest"
	"ztools/lib/zmq"
)

// badInput is what a stranger sends to a server behind its greeting. What holds
// the connection open costs memory as long as it does.
type badInput struct {
	name  string
	bytes string
	code  int // of the event of the end; 0: the connection stays half open
}

// The protocol error codes of zmq_socket_monitor(3) that come here.
const (
	codeUnspecified       = 0x10000000
	codeUnexpected        = 0x10000001
	codeMalformed         = 0x10000011
	codeMalformedHello    = 0x10000013
	codeMalformedInitiate = 0x10000014
	codeMetadata          = 0x10000018
	codeCryptographic     = 0x11000001
)

// forAll is the input that no mechanism takes.
var forAll = []badInput{
	{"silence", "", 0},
	{"half a command", "\x06\x00\x00\x00\x00\x00\x00\xff\xffx", 0}, // of 64 KiB, announced
	{"endless command", "\x06\x00\x00\x01\x00\x00\x00\x00\x00x", codeUnspecified},
	{"a message", "\x00\x05hello", codeUnexpected},
	{"more of a command", "\x05\x06\x05HELLO", codeMalformed},
}

// badInputs are those of each mechanism.
var badInputs = map[string][]badInput{
	"NULL": {
		{"unknown command", "\x04\x05\x04HOLA", codeUnexpected},
		{"no command", "\x04\x00", codeUnexpected},
		{"READY cut short", "\x04\x15\x05READY\x0bSocket-Type\x00\x00\x00", codeMetadata},
		{"another type", string(ztest.Ready("SUB", "")), codeMetadata},
	},
	"PLAIN": {
		{"unknown command", "\x04\x05\x04HOLA", codeUnexpected},
		{"no command", "\x04\x00", codeMalformed},
		{"HELLO cut short", "\x04\x0d\x05HELLO\x05admin\x06", codeMalformedHello},
		{"INITIATE first", "\x04\x09\x08INITIATE", codeUnexpected},
	},
	"CURVE": {
		{"unknown command", "\x04\x05\x04HOLA", codeUnexpected},
		{"no command", "\x04\x00", codeMalformed},
		{"HELLO cut short", "\x04\x08\x05HELLO\x01\x00", codeMalformedHello},
		{"HELLO for another", "\x04\xc8\x05HELLO\x01\x00" + strings.Repeat("\x00", 72) + strings.Repeat("x", 120), codeCryptographic},
		{"INITIATE first", "\x04\x09\x08INITIATE", codeUnexpected},
	},
	"GSSAPI": {
		{"unknown command", "\x04\x05\x04HOLA", codeUnexpected},
		{"no command", "\x04\x00", codeMalformed},
		{"token cut short", "\x04\x0d\x08INITIATE\x00\x00\x00\x05", codeMalformedInitiate},
		{"no token", "\x04\x11\x08INITIATE\x00\x00\x00\x04none", codeCryptographic},
	},
}

// TestBadInput: whatever strangers send, and however many of them do, the event
// says why they are let go, other peers notice nothing, and memory is that of
// connections that have begun: it stays flat while they are there, and nothing is
// left when they have gone.
func TestBadInput(t *testing.T) {
	for name, inputs := range badInputs {
		for _, input := range append(forAll[:len(forAll):len(forAll)], inputs...) {
			t.Run(name+"/"+strings.ReplaceAll(input.name, " ", "-"), func(t *testing.T) { testBadInput(t, name, input) })
		}
	}
}

// flood is how many strangers there are, and costs what each may cost, in bytes:
// two goroutines, two small buffers, an event.
const (
	flood = 40
	costs = 48 << 10
)

func testBadInput(t *testing.T, mechanism string, input badInput) {
	c := newContext(t)
	handle(t, c, zmq.Rep, status("200"))
	good := mechanisms[0]
	for _, m := range mechanisms {
		if m.name == mechanism {
			good = m
		}
	}
	pull, push := open(t, c, zmq.Pull, good.server...), open(t, c, zmq.Push, good.client...)
	join(t, pull, push, "tcp://127.0.0.1:*")
	server := pull
	if mechanism == "GSSAPI" { // the good peer has another server here: it would need a KDC
		server = open(t, c, zmq.Pull, guarded["GSSAPI"]...)
		bind(t, server, "tcp://127.0.0.1:*")
	}
	for _, text := range []string{"first", "second"} {
		send(t, push, text)
		expect(t, pull, text)
	}
	events := watch(t, server)
	goroutines, before := runtime.NumGoroutine(), memory()
	var strangers []net.Conn
	for range flood {
		strangers = append(strangers, intrude(t, server, mechanism, input.bytes))
	}
	for range flood {
		if input.code == 0 {
			break
		}
		if ev := awaitEvent(t, events, zmq.Disconnected, zmq.HandshakeSucceeded); ev.Code != input.code || ev.Err == nil || !ev.Final() {
			t.Fatalf("%v with code %#x, %v", ev.Kind, ev.Code, ev.Err)
		}
	}
	if grown := memory() - before; grown > flood*costs {
		t.Errorf("%d bytes for %d strangers", grown, flood)
	}
	send(t, push, "meanwhile")
	expect(t, pull, "meanwhile")
	for _, conn := range strangers {
		conn.Close()
	}
	expectGoroutines(t, goroutines+2) // those of the good connection come and go
	if n := server.Peers(); server == pull && n != 1 || server != pull && n != 0 {
		t.Errorf("%d peers", n)
	}
}

// memory is what the process has in use, in bytes: what would stay after a
// collection, and stacks.
func memory() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse)
}

// intrude connects a stranger that says this, and waits until the server has read
// its greeting.
func intrude(t *testing.T, server *zmq.Socket, mechanism, bytes string) net.Conn {
	t.Helper()
	kind, address := network(server.LastEndpoint())
	conn, err := net.Dial(kind, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := fmt.Fprintf(conn, "%s%s", ztest.Greeting(mechanism), bytes); err != nil && !errors.Is(err, syscall.EPIPE) {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, len(ztest.Greeting(mechanism)))); err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Fatal(err)
	}
	return conn
}
