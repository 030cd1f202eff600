//go:build unix

package multicast

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"ztools/lib/internal/option"
)

// prepareSocket sets what must be set before bind(2): several sockets of a host
// share the port.
func prepareSocket(c syscall.RawConn, o *option.Options) error {
	options := []struct{ level, name, value int }{
		{unix.SOL_SOCKET, unix.SO_REUSEADDR, 1},
		{unix.SOL_SOCKET, unix.SO_SNDBUF, o.SndBuf},
		{unix.SOL_SOCKET, unix.SO_RCVBUF, o.RcvBuf},
	}
	options = append(options, systemOptions...)
	var failed error
	err := c.Control(func(fd uintptr) {
		for _, s := range options {
			if s.value >= 0 && failed == nil {
				failed = os.NewSyscallError("setsockopt", unix.SetsockoptInt(int(fd), s.level, s.name, s.value))
			}
		}
	})
	if err != nil {
		return err
	}
	return failed
}
