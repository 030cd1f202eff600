//go:build unix

package transport

import (
	"net"
	"os"
	"syscall"
)

// SetBacklog sets how many connections wait for Accept (ZMQ_BACKLOG). Package
// net asks for the system's maximum; a second listen(2) replaces that.
func SetBacklog(l syscall.Conn, n int) error {
	raw, err := l.SyscallConn()
	if err != nil {
		return Wrap(err)
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = syscall.Listen(int(fd), n) }); err != nil {
		return Wrap(err)
	}
	return Wrap(os.NewSyscallError("listen", failed))
}

// Inherit makes a listener of a descriptor that already listens
// (ZMQ_USE_FD). On success the descriptor belongs to the caller's endpoint,
// which closes it with release after the listener; on error it is untouched.
func Inherit(fd int) (l net.Listener, release func() error, err error) {
	// os.File closes its descriptor when it is collected, so it gets a copy.
	copied, err := syscall.Dup(fd)
	if err != nil {
		return nil, nil, Wrap(os.NewSyscallError("dup", err))
	}
	f := os.NewFile(uintptr(copied), "")
	defer f.Close()
	if l, err = net.FileListener(f); err != nil {
		return nil, nil, Wrap(err)
	}
	return l, func() error { return Wrap(os.NewSyscallError("close", syscall.Close(fd))) }, nil
}
