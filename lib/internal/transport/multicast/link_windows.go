package multicast

import (
	"syscall"

	"golang.org/x/sys/windows"

	"ztools/lib/internal/option"
)

// prepareSocket sets what must be set before bind(2): several sockets of a host
// share the port.
func prepareSocket(c syscall.RawConn, o *option.Options) error {
	var failed error
	err := c.Control(func(fd uintptr) {
		h := windows.Handle(fd)
		failed = windows.SetsockoptInt(h, windows.SOL_SOCKET, windows.SO_REUSEADDR, 1)
		if o.SndBuf >= 0 && failed == nil {
			failed = windows.SetsockoptInt(h, windows.SOL_SOCKET, windows.SO_SNDBUF, o.SndBuf)
		}
		if o.RcvBuf >= 0 && failed == nil {
			failed = windows.SetsockoptInt(h, windows.SOL_SOCKET, windows.SO_RCVBUF, o.RcvBuf)
		}
	})
	if err != nil {
		return err
	}
	return failed
}
