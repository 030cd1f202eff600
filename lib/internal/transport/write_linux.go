package transport

import (
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Write writes all of b to a connection. Unlike the connection's own Write it
// raises no SIGPIPE if the peer is gone: in a program that is not Go's that signal
// would end the process, or surprise a handler.
func Write(c net.Conn, b []byte) (n int, err error) {
	s, ok := c.(syscall.Conn)
	if !ok {
		return c.Write(b)
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return c.Write(b) // its descriptor carries something else
	}
	var failed error
	err = raw.Write(func(fd uintptr) bool {
		for n < len(b) && failed == nil {
			var sent int
			sent, failed = unix.SendmsgN(int(fd), b[n:], nil, nil, unix.MSG_NOSIGNAL)
			switch failed {
			case nil:
				n += sent
			case unix.EINTR:
				failed = nil
			case unix.EAGAIN:
				failed = nil
				return false
			}
		}
		return true
	})
	if err == nil {
		err = os.NewSyscallError("sendmsg", failed)
	}
	return n, err
}
