//go:build unix

package engine

import (
	"net"
	"testing"
)

// A connection that was closed takes nothing, whatever it took before.
func TestTryWriteAfterClose(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	var x link
	x.open(conn)
	if n, err := x.writev([][]byte{make([]byte, 100)}, true); err != nil || n == 0 && gathers {
		t.Fatalf("%d written, %v", n, err)
	}
	conn.Close()
	if n := x.tryWrite([][]byte{make([]byte, 10)}); n != 0 {
		t.Errorf("%d bytes written to a closed connection", n)
	}
}
