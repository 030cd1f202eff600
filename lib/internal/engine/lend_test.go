package engine

import (
	"errors"
	"io"
	"net"
	"runtime"
	"testing"

	"ztools/lib/internal/wire"
	"ztools/lib/internal/ztest"
)

// Interrupt ends the read of a borrower and nothing else: whoever reads next finds
// the connection as it was.
func TestInterruptEndsOneRead(t *testing.T) {
	conn, peer := loopback(t)
	r := newRig(nil)
	e := New(Config{Conn: conn, Result: &Result{Version: wire.ZMTP31}, Options: &r.opts, Pool: &r.pool}, r.port)
	e.loan.back, e.loan.vacant = make(chan struct{}, 1), true // as after ReadLoop's lend
	e.in.buf.pool, e.in.max = e.pool, bufferSize
	borrowed := make(chan bool)
	go func() { borrowed <- e.Borrow(nil) }()
	for !e.borrowing() {
		runtime.Gosched()
	}
	e.Interrupt()
	if !<-borrowed {
		t.Error("nothing was borrowed")
	}
	e.Interrupt() // too late to matter
	peer.Write(ztest.Frame(0, "hello"))
	peer.Close()
	if err := e.ReadLoop(); !errors.Is(err, io.EOF) {
		t.Errorf("ended with %v", err)
	}
	if got := r.received(); len(got) != 1 || got[0][0] != "hello" {
		t.Errorf("received %q", got)
	}
	e.Stop()
	e.Detach()
}

func (e *Engine) borrowing() bool {
	e.deadline.mu.Lock()
	defer e.deadline.mu.Unlock()
	return e.deadline.reading
}

// A part of a message is nothing that the socket would come to fetch: the reading
// must not be left to it then.
func TestNothingIsLentInTheMiddleOfAMessage(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	peer, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(nil)
	r.lend.Store(true)
	e := r.connect(Config{Conn: conn, Result: &Result{Version: wire.ZMTP31}})
	if _, err := peer.Write(ztest.Frame(1, "first")); err != nil {
		t.Fatal(err)
	}
	r.lend.Store(false)
	if _, err := peer.Write(ztest.Frame(0, "second")); err != nil {
		t.Fatal(err)
	}
	if got := r.recv(); len(got) != 2 || got[0] != "first" || got[1] != "second" {
		t.Errorf("got %q", got)
	}
	if err := e.end(); err == nil {
		t.Error("the connection ended in order")
	}
	if e.loan.back != nil {
		t.Error("the reading was lent in the middle of a message")
	}
}
