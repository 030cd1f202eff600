package tcp

import (
	"net"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"ztools/lib/internal/ztest"
)

// congestion is how a socket's congestion is controlled.
func congestion(t *testing.T, c syscall.Conn) (control string) {
	t.Helper()
	err := onSocket(c, func(fd uintptr) (err error) {
		control, err = unix.GetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return control
}

// fresh is a socket of TCP that is not connected.
func fresh(t *testing.T) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

func TestUnpace(t *testing.T) {
	for _, c := range []struct{ control, had, has string }{
		{"bbr", "bbr", unpaced},
		{unpaced, "", unpaced},
	} {
		fd := uintptr(fresh(t))
		if err := setCongestion(fd, c.control); err != nil {
			ztest.Skip(t, c.control+": "+err.Error())
		}
		had := unpace(fd)
		has, err := unix.GetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION)
		if err != nil || had != c.had || has != c.has {
			t.Errorf("%s: %q was told, and it is %q now, %v", c.control, had, has, err)
		}
	}
}

// TestWithinUnpaced looks at both ends of connections within the machine.
func TestWithinUnpaced(t *testing.T) {
	fd := uintptr(fresh(t))
	unpace(fd)
	want, err := unix.GetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"127.0.0.1:*", "*:*"} {
		l := listen(t, at, defaults())
		dialed, accepted := join(t, l, "127.0.0.1:"+port(l), defaults())
		for _, c := range []net.Conn{dialed, accepted} {
			if got := congestion(t, c.(syscall.Conn)); got != want {
				t.Errorf("listening to %s: %s, want %s", at, got, want)
			}
		}
	}
}

// ends is a connection between two addresses.
type ends struct {
	net.Conn
	from, to string
}

func (e ends) LocalAddr() net.Addr  { return addr(e.from) }
func (e ends) RemoteAddr() net.Addr { return addr(e.to) }

func addr(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 1} }

func TestWithin(t *testing.T) {
	for _, c := range []struct {
		ends string
		want bool
	}{
		{"127.0.0.1 127.0.0.1", true},
		{"127.0.0.1 127.0.0.2", true},
		{"::1 ::1", true},
		{"::ffff:127.0.0.1 ::ffff:127.0.0.1", true},
		{"10.0.0.5 10.0.0.5", true},
		{"10.0.0.5 10.0.0.6", false},
		{"fe80::1 fe80::2", false},
	} {
		from, to, _ := strings.Cut(c.ends, " ")
		if got := within(ends{nil, from, to}); got != c.want {
			t.Errorf("%s: %v", c.ends, got)
		}
	}
}
