package engine

import (
	"net"
	"testing"

	"ztools/lib/internal/wire"
	"ztools/lib/internal/ztest"
)

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
