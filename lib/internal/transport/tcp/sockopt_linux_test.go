package tcp

import (
	"errors"
	"net"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
	"ztools/lib/internal/ztest"
)

// get reads an option of a socket back.
func get(t *testing.T, c any, level, name int) int {
	t.Helper()
	n := 0
	err := onSocket(c.(syscall.Conn), func(fd uintptr) (err error) {
		n, err = unix.GetsockoptInt(int(fd), level, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// sockoptRows are options and the values that the three kinds of sockets then
// have; -1 is not looked at. The kernel doubles the sizes of buffers.
var sockoptRows = []struct {
	name                       string
	set                        func(*option.Options)
	level, opt                 int
	listener, accepted, dialed int
}{
	{"SNDBUF", func(o *option.Options) { o.SndBuf = 30000 }, unix.SOL_SOCKET, unix.SO_SNDBUF, 60000, 60000, 60000},
	{"RCVBUF", func(o *option.Options) { o.RcvBuf = 40000 }, unix.SOL_SOCKET, unix.SO_RCVBUF, 80000, 80000, 80000},
	{"TOS", func(o *option.Options) { o.TOS = 0x28 }, unix.IPPROTO_IP, unix.IP_TOS, 0x28, 0x28, 0x28},
	{"PRIORITY", func(o *option.Options) { o.Priority = 5 }, unix.SOL_SOCKET, unix.SO_PRIORITY, 5, 5, 5},
	{"TCP_MAXRT", func(o *option.Options) { o.TCPMaxRT = 7000 }, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 0, 7000, 7000},
	{"nodelay", func(*option.Options) {}, unix.IPPROTO_TCP, unix.TCP_NODELAY, -1, 1, 1},
	{"no MPTCP", func(*option.Options) {}, unix.SOL_SOCKET, unix.SO_PROTOCOL, unix.IPPROTO_TCP, unix.IPPROTO_TCP, unix.IPPROTO_TCP},
	{"reuse", func(*option.Options) {}, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1, -1, 0},
	{"keepalive default", func(*option.Options) {}, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 0, 0, 0},
	{"keepalive on", keepaliveOn, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 0, 1, 1},
	{"keepalive off", func(o *option.Options) { keepaliveOn(o); o.TCPKeepalive = 0 }, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 0, 0, 0},
	{"keepalive count", keepaliveOn, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, -1, 3, 3},
	{"keepalive idle", keepaliveOn, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, -1, 50, 50},
	{"keepalive interval", keepaliveOn, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, -1, 20, 20},
}

func keepaliveOn(o *option.Options) {
	o.TCPKeepalive, o.TCPKeepaliveCnt, o.TCPKeepaliveIdle, o.TCPKeepaliveIntvl = 1, 3, 50, 20
}

func TestSockopts(t *testing.T) {
	for _, c := range sockoptRows {
		t.Run(c.name, func(t *testing.T) {
			o := defaults(c.set)
			l := listen(t, "127.0.0.1:*", o)
			dialed, accepted := join(t, l, address(l), o)
			for _, s := range []struct {
				name   string
				socket any
				want   int
			}{{"listener", l.(*listener).tcp, c.listener}, {"accepted", accepted, c.accepted}, {"dialed", dialed, c.dialed}} {
				if got := get(t, s.socket, c.level, c.opt); s.want >= 0 && got != s.want {
					t.Errorf("%s has %d, want %d", s.name, got, s.want)
				}
			}
		})
	}
}

func TestKeepaliveDefaults(t *testing.T) {
	plain := listen(t, "127.0.0.1:*", defaults())
	o := defaults(func(o *option.Options) { o.TCPKeepalive, o.TCPKeepaliveCnt = 1, 0 })
	dialed, _ := join(t, plain, address(plain), o)
	for _, name := range []int{unix.TCP_KEEPIDLE, unix.TCP_KEEPINTVL, unix.TCP_KEEPCNT} {
		want := get(t, plain.(*listener).tcp, unix.IPPROTO_TCP, name)
		if got := get(t, dialed, unix.IPPROTO_TCP, name); got != want {
			t.Errorf("option %d is %d, the system's default is %d", name, got, want)
		}
	}
}

func TestTrafficClass(t *testing.T) {
	needIPv6(t)
	o := defaults(ipv6, func(o *option.Options) { o.TOS = 0x28 })
	l := listen(t, "[::1]:*", o)
	dialed, accepted := join(t, l, address(l), o)
	for _, c := range []net.Conn{dialed, accepted} {
		if got := get(t, c, unix.IPPROTO_IPV6, unix.IPV6_TCLASS); got != 0x28 {
			t.Errorf("traffic class %#x", got)
		}
	}
}

// TestPrivileged has the options that may need rights: they are set, or the
// bind fails with the system's reason.
func TestPrivileged(t *testing.T) {
	for _, c := range []struct {
		name      string
		set       func(*option.Options)
		opt, want int
	}{
		{"BUSY_POLL", func(o *option.Options) { o.BusyPoll = 40 }, unix.SO_BUSY_POLL, 40},
		{"PRIORITY", func(o *option.Options) { o.Priority = 7 }, unix.SO_PRIORITY, 7},
	} {
		l, err := (Transport{}).Listen("127.0.0.1:*", defaults(c.set))
		if errors.Is(err, os.ErrPermission) {
			t.Logf("%s: %v", c.name, err)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := get(t, l.(*listener).tcp, unix.SOL_SOCKET, c.opt); got != c.want {
			t.Errorf("%s is %d, want %d", c.name, got, c.want)
		}
		l.Close()
	}
}

func TestBindToDevice(t *testing.T) {
	device := func(name string) *option.Options {
		return defaults(func(o *option.Options) { o.BindToDevice = name })
	}
	if _, err := (Transport{}).Listen("127.0.0.1:*", device("nosuch0")); err == nil {
		t.Error("a device that does not exist is accepted")
	}
	l, err := (Transport{}).Listen("127.0.0.1:*", device(loopback(t)))
	if errors.Is(err, os.ErrPermission) {
		ztest.Skip(t, "CAP_NET_RAW: "+err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	err = onSocket(l.(*listener).tcp, func(fd uintptr) error {
		got, err := unix.GetsockoptString(int(fd), unix.SOL_SOCKET, unix.SO_BINDTODEVICE)
		if got != loopback(t) {
			t.Errorf("bound to %q", got)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestBacklogAndConnectTimeout fills a backlog of none, after which Linux
// ignores attempts to connect.
func TestBacklogAndConnectTimeout(t *testing.T) {
	l := listen(t, "127.0.0.1:*", defaults(func(o *option.Options) { o.Backlog = 0 }))
	dialTo(t, address(l), defaults())
	o := defaults(func(o *option.Options) { o.ConnectTimeout = 20 })
	c, err := (Transport{}).Dial(t.Context(), address(l), o)
	if err == nil {
		c.Close()
	}
	if !errors.Is(err, errno.ETIMEDOUT) {
		t.Errorf("error %v", err)
	}
}

func TestBacklog(t *testing.T) {
	l := listen(t, "127.0.0.1:*", defaults(func(o *option.Options) { o.Backlog = 17 }))
	err := onSocket(l.(*listener).tcp, func(fd uintptr) error {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err == nil && info.Sacked != 17 { // of a listener: its backlog
			t.Errorf("backlog %d", info.Sacked)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestNoDescriptors accepts when the process has no descriptor left.
func TestNoDescriptors(t *testing.T) {
	l := listen(t, "127.0.0.1:*", defaults())
	dialTo(t, address(l), defaults())
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 1, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	_, err := l.Accept()
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	var one *transport.AcceptError
	if !errors.As(err, &one) || one.Wait <= 0 || !errors.Is(err, errno.EMFILE) {
		t.Errorf("error %v", err)
	}
	c, err := l.Accept()
	if err != nil {
		t.Fatalf("the connection is lost: %v", err)
	}
	c.Close()
}

// descriptor is a listening socket of which nobody else knows.
func descriptor(t *testing.T, network, address string) int {
	t.Helper()
	l, err := (&net.ListenConfig{KeepAlive: -1}).Listen(t.Context(), network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	raw, err := l.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	copied := -1
	raw.Control(func(fd uintptr) { copied, err = unix.Dup(int(fd)) })
	if err != nil {
		t.Fatal(err)
	}
	return copied
}

func TestUseFD(t *testing.T) {
	fd := descriptor(t, "tcp4", "127.0.0.1:0")
	for _, s := range []sockopt{
		{level: unix.SOL_SOCKET, name: unix.SO_KEEPALIVE},
		{level: unix.IPPROTO_TCP, name: unix.TCP_KEEPIDLE},
	} {
		if err := setInt(uintptr(fd), s.level, s.name, 77); err != nil {
			t.Fatal(err)
		}
	}
	o := defaults(func(o *option.Options) { o.UseFD, o.TCPMaxRT = fd, 7000 })
	l := listen(t, "10.1.2.3:1", o)
	_, accepted := join(t, l, address(l), defaults())
	for _, c := range []struct{ level, name, want int }{
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 77},
		{unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 7000},
	} {
		if got := get(t, accepted, c.level, c.name); got != c.want {
			t.Errorf("option %d is %d, want %d", c.name, got, c.want)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != unix.EBADF {
		t.Errorf("the descriptor is still open: %v", err)
	}
}

func TestUseFDErrors(t *testing.T) {
	wrong := descriptor(t, "unix", "@ztools-tcp-test-"+t.Name())
	defer unix.Close(wrong)
	for _, c := range []struct {
		rest string
		fd   int
		err  errno.Errno
	}{
		{"127.0.0.1", wrong, errno.EINVAL},
		{"127.0.0.1:*", 1 << 20, errno.EBADF},
		{"127.0.0.1:*", wrong, errno.EINVAL},
	} {
		_, err := (Transport{}).Listen(c.rest, defaults(func(o *option.Options) { o.UseFD = c.fd }))
		if !errors.Is(err, c.err) {
			t.Errorf("descriptor %d: %v, want %v", c.fd, err, c.err)
		}
	}
	if _, err := unix.FcntlInt(uintptr(wrong), unix.F_GETFD, 0); err != nil {
		t.Errorf("the caller's descriptor was closed: %v", err)
	}
}
