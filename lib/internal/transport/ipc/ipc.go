// Package ipc is the scheme ipc:// (zmq_ipc(7)): Unix domain sockets, on
// Windows too.
//
//	ipc://PATH   a file; PATH may be relative
//	ipc://@NAME  Linux: an abstract name, which leaves no file
//	ipc://*      bind: a file in a fresh directory, both removed by Close
//
//	Listen  check -> directory for "*", or unlink an old socket -> bind -> listen(BACKLOG)
//	Accept  accept -> filters by user, group and process
//	Dial    check -> connect
//
// As in libzmq a bind to a path takes it over: if there is a socket already,
// dead or alive, its file is removed. A process that still listens there keeps
// its connections and gets no new ones, and neither side is told; use one path
// per endpoint. Unlike libzmq a file that is not a socket is never removed, the
// bind fails with errno.EADDRINUSE. Close leaves the file of an ordinary path
// where it is, for it may be another process's by then. Who may connect is a
// matter of the file's mode, which the umask decides, and of the filters.
package ipc

import (
	"context"
	"net"
	"runtime"
	"strings"
	"syscall"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
)

// Transport is the scheme ipc.
type Transport struct{}

var _ transport.Transport = Transport{}

// maxPath is the longest path in bytes: a socket's address ends in a NUL.
const maxPath = len(syscall.RawSockaddrUnix{}.Path) - 1

// Check refuses a path that does not fit a socket's address with
// errno.ENAMETOOLONG (on Linux and Windows 107 bytes fit, elsewhere 103), and
// with errno.EINVAL a NUL byte, "@" alone, and "@NAME" where there are no
// abstract names.
func (Transport) Check(rest string, _ *option.Options) error { return check(rest) }

func check(path string) error {
	switch {
	case len(path) > maxPath:
		return errno.ENAMETOOLONG
	case path == "", path == "@", strings.Contains(path, "\x00"):
		return errno.EINVAL
	case abstract(path) && runtime.GOOS != "linux":
		return errno.EINVAL
	}
	return nil
}

// abstract reports whether the path is a name without a file.
func abstract(path string) bool { return strings.HasPrefix(path, "@") }

// Aliases is empty: an ipc endpoint has one text.
func (Transport) Aliases(string, *option.Options) []string { return nil }

// Dial connects to the path. The connection is a *Conn. CONNECT_TIMEOUT is an
// option of tcp and not used.
func (Transport) Dial(ctx context.Context, rest string, _ *option.Options) (net.Conn, error) {
	if err := check(rest); err != nil {
		return nil, err
	}
	d := net.Dialer{ControlContext: func(ctx context.Context, _, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { transport.Opened(ctx, fd) })
	}}
	c, err := d.DialUnix(ctx, "unix", nil, &net.UnixAddr{Name: rest, Net: "unix"})
	if err != nil {
		return nil, transport.Wrap(err)
	}
	return newConn(c), nil
}
