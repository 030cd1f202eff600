package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"ztools/lib/internal/errno"
)

var splits = []struct{ endpoint, scheme, rest string }{
	{"tcp://127.0.0.1:5555", "tcp", "127.0.0.1:5555"},
	{"ipc:///tmp/x", "ipc", "/tmp/x"},
	{"TCP://x", "TCP", "x"},
	{"inproc://a://b", "inproc", "a://b"},
	{"://", "", ""},
	{"tcp://", "", ""},
	{"://x", "", ""},
	{"tcp:/x", "", ""},
	{"tcp", "", ""},
	{"", "", ""},
}

func TestSplit(t *testing.T) {
	for _, s := range splits {
		scheme, rest, err := Split(s.endpoint)
		if scheme != s.scheme || rest != s.rest || (err == nil) != (s.scheme != "") {
			t.Errorf("Split(%q) = %q, %q, %v", s.endpoint, scheme, rest, err)
		}
		if err != nil && !errors.Is(err, errno.EINVAL) {
			t.Errorf("Split(%q): %v is not EINVAL", s.endpoint, err)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, s := range splits {
		f.Add(s.endpoint)
	}
	f.Fuzz(func(t *testing.T, endpoint string) {
		scheme, rest, err := Split(endpoint)
		if err != nil {
			return
		}
		if scheme+"://"+rest != endpoint || scheme == "" || rest == "" || strings.Contains(scheme, "://") {
			t.Errorf("Split(%q) = %q, %q", endpoint, scheme, rest)
		}
	})
}

func TestEndpointAndPeerAddress(t *testing.T) {
	for _, c := range []struct {
		addr           net.Addr
		endpoint, peer string
	}{
		{&net.TCPAddr{IP: net.IP{127, 0, 0, 1}, Port: 1}, "tcp://127.0.0.1:1", "127.0.0.1"},
		{&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, "tcp://[::ffff:127.0.0.1]:1", "::ffff:127.0.0.1"},
		{&net.TCPAddr{IP: net.IPv6loopback, Port: 1}, "tcp://[::1]:1", "::1"},
		{&net.TCPAddr{IP: net.ParseIP("fe80::1"), Port: 1, Zone: "lo"}, "tcp://[fe80::1%lo]:1", "fe80::1%lo"},
		{&net.UnixAddr{Name: "/tmp/x"}, "ipc:///tmp/x", ""},
		{&net.UnixAddr{Name: "@x"}, "ipc://@x", ""},
		{&net.UnixAddr{Name: "@"}, "ipc://", ""},
		{&net.UDPAddr{}, "", ""},
	} {
		if got := Endpoint(c.addr); got != c.endpoint {
			t.Errorf("Endpoint(%v) = %q, want %q", c.addr, got, c.endpoint)
		}
		if got := PeerAddress(fakeConn{remote: c.addr}); got != c.peer {
			t.Errorf("PeerAddress(%v) = %q, want %q", c.addr, got, c.peer)
		}
	}
	if got := PeerAddress(selfDescribed{}); got != "me" {
		t.Errorf("PeerAddress of a connection that knows it = %q", got)
	}
}

type fakeConn struct {
	net.Conn
	remote net.Addr
}

func (c fakeConn) RemoteAddr() net.Addr { return c.remote }

type selfDescribed struct{ net.Conn }

func (selfDescribed) PeerAddress() string { return "me" }

func TestErrno(t *testing.T) {
	for _, c := range []struct {
		err  error
		want errno.Errno
	}{
		{errno.ETERM, errno.ETERM},
		{fmt.Errorf("x: %w", errno.ENODEV), errno.ENODEV},
		{&net.OpError{Op: "read", Err: net.ErrClosed}, errno.ENOTSOCK},
		{context.DeadlineExceeded, errno.ETIMEDOUT},
		{os.ErrDeadlineExceeded, errno.ETIMEDOUT},
		{io.EOF, errno.ECONNRESET},
		{io.ErrUnexpectedEOF, errno.ECONNRESET},
		{errors.New("x"), errno.EINVAL},
		{syscall.Errno(4000), 4000},
	} {
		if got := Errno(c.err); got != c.want {
			t.Errorf("Errno(%v) = %v, want %v", c.err, got, c.want)
		}
	}
	for sys, want := range numbers {
		if got := Errno(&net.OpError{Op: "x", Err: os.NewSyscallError("x", sys)}); got != want {
			t.Errorf("Errno(%v) = %v, want %v", sys, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, same := range []error{nil, errno.EINVAL, context.Canceled, fmt.Errorf("x: %w", errno.EINVAL)} {
		if got := Wrap(same); got != same {
			t.Errorf("Wrap(%v) = %v", same, got)
		}
	}
	_, opening := os.Open(t.TempDir() + "/absent")
	err := Wrap(opening)
	if !errors.Is(err, errno.ENOENT) || !errors.Is(err, os.ErrNotExist) || err.Error() != opening.Error() {
		t.Errorf("Wrap(%v) = %v", opening, err)
	}
}

func TestAcceptFailed(t *testing.T) {
	var one *AcceptError
	if err := AcceptFailed(net.ErrClosed); errors.As(err, &one) || !errors.Is(err, errno.ENOTSOCK) {
		t.Errorf("closed: %v", err)
	}
	if err := AcceptFailed(io.EOF); !errors.As(err, &one) || one.Wait <= 0 || !errors.Is(err, errno.ECONNRESET) {
		t.Errorf("failure of the system: %v", err)
	}
}
