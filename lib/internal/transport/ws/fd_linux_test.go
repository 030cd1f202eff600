package ws

import (
	"net"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"ztools/lib/internal/option"
)

// A bind takes over a descriptor that listens, and tells its address and the
// path that was asked for.
func TestUseFD(t *testing.T) {
	made, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := made.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	fd := -1
	if err := raw.Control(func(n uintptr) { fd, err = unix.FcntlInt(n, unix.F_DUPFD_CLOEXEC, 0) }); err != nil || fd < 0 {
		t.Fatalf("no copy of the descriptor: %v", err)
	}
	made.Close()
	l, err := Transport{}.Listen("10.1.2.3:1/in", options(func(o *option.Options) { o.UseFD = fd }))
	if err != nil {
		t.Fatal(err)
	}
	if want := "ws://" + made.Addr().String() + "/in"; l.Endpoint() != want {
		t.Errorf("bound to %q, want %q", l.Endpoint(), want)
	}
	c, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(l.Endpoint(), "ws://"), "/in"))
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if a, err := l.Accept(); err != nil {
		t.Error(err)
	} else {
		a.Close()
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
