package tcp

import (
	"net"
	"os"
	"syscall"
	"time"

	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
)

// moment is when in a socket's life an option is set; a set of bits.
type moment uint8

const (
	opened   moment = 1 << iota // before bind(2) or connect(2)
	accepted                    // after accept(2), which may not inherit it
	dialed                      // after connect(2)
)

// A sockopt is an option of the system with an int value.
type sockopt struct {
	when        moment
	level, name int
	// value is what the options ask for; false leaves the system's default.
	value func(*option.Options) (n int, ok bool)
	// lenient options may be refused: not every socket has them.
	lenient bool
}

// sockopts are the options that every system has; systemSockopts has the
// others. The buffers must have their size before the handshake of TCP, which
// agrees on the scale of the window.
var sockopts = []sockopt{
	{opened | accepted, syscall.IPPROTO_IP, syscall.IP_TOS, tos, true},
	{opened, syscall.SOL_SOCKET, syscall.SO_SNDBUF, sndBuf, false},
	{opened, syscall.SOL_SOCKET, syscall.SO_RCVBUF, rcvBuf, false},
}

func tos(o *option.Options) (int, bool)    { return o.TOS, o.TOS != 0 }
func sndBuf(o *option.Options) (int, bool) { return o.SndBuf, o.SndBuf >= 0 }
func rcvBuf(o *option.Options) (int, bool) { return o.RcvBuf, o.RcvBuf >= 0 }

// Prepare sets the options of a new socket, also one of UDP. It is called by
// package net between socket(2) and bind(2) or connect(2).
func Prepare(c syscall.RawConn, o *option.Options, reuse func(fd uintptr) error) error {
	return control(c, func(fd uintptr) error {
		if reuse != nil {
			if err := reuse(fd); err != nil {
				return err
			}
		}
		if o.LoopbackFastpath {
			if err := loopbackFastpath(fd); err != nil {
				return err
			}
		}
		if o.BindToDevice != "" {
			if err := bindToDevice(fd, o.BindToDevice); err != nil {
				return err
			}
		}
		return setAll(fd, opened, o)
	})
}

// tune sets the options of a connection. Package net has set TCP_NODELAY.
func tune(c *net.TCPConn, when moment, o *option.Options) error {
	err := onSocket(c, func(fd uintptr) error { return setAll(fd, when, o) })
	if err != nil {
		return err
	}
	return keepalive(c, o)
}

// keepalive sets the probes of TCP. TCP_KEEPALIVE -1 leaves all of them to
// the system; so does a value of 0 or less for each of the others, of which
// libzmq lets the connection fail at 0.
func keepalive(c *net.TCPConn, o *option.Options) error {
	if o.TCPKeepalive < 0 {
		return nil
	}
	return transport.Wrap(c.SetKeepAliveConfig(net.KeepAliveConfig{
		Enable:   o.TCPKeepalive == 1,
		Idle:     secondsOrDefault(o.TCPKeepaliveIdle),
		Interval: secondsOrDefault(o.TCPKeepaliveIntvl),
		Count:    orDefault(o.TCPKeepaliveCnt),
	}))
}

// orDefault is n, or -1, with which package net leaves an option alone.
func orDefault(n int) int {
	if n <= 0 {
		return -1
	}
	return n
}

// secondsOrDefault is orDefault as a time.
func secondsOrDefault(n int) time.Duration {
	return time.Duration(orDefault(n)) * time.Second
}

// setAll sets the options of one moment.
func setAll(fd uintptr, when moment, o *option.Options) error {
	for _, table := range [][]sockopt{sockopts, systemSockopts} {
		for _, s := range table {
			n, ok := s.value(o)
			if s.when&when == 0 || !ok {
				continue
			}
			if err := setInt(fd, s.level, s.name, n); err != nil && !s.lenient {
				return err
			}
		}
	}
	return nil
}

// onSocket runs do on the descriptor of a connection or listener.
func onSocket(c syscall.Conn, do func(fd uintptr) error) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return transport.Wrap(err)
	}
	return control(raw, do)
}

// control runs do on a descriptor. Its error, one of setsockopt(2) or
// getsockopt(2), is wrapped with its number.
func control(c syscall.RawConn, do func(fd uintptr) error) error {
	var failed error
	if err := c.Control(func(fd uintptr) { failed = do(fd) }); err != nil {
		return transport.Wrap(err)
	}
	return transport.Wrap(os.NewSyscallError("setsockopt", failed))
}
