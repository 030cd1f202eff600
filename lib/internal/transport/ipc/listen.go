package ipc

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
)

// listener is a bound ipc endpoint.
type listener struct {
	unix    *net.UnixListener
	path    string
	dir     string       // made for a wildcard, removed by Close; or ""
	release func() error // closes the descriptor of ZMQ_USE_FD; or nil
	filter  filter
}

// Listen binds. Errors are those of Check, errno.EADDRINUSE for a path that
// is a file but no socket and for an abstract name in use, and those of
// bind(2): ENOENT where the directory does not exist, EACCES.
//
// With ZMQ_USE_FD the path is a label and no file is touched; the descriptor,
// which must listen already, then belongs to the listener. On Windows that is
// errno.ENOTSUP.
func (Transport) Listen(rest string, o *option.Options) (transport.Listener, error) {
	l := &listener{path: rest, filter: newFilter(o)}
	var err error
	if o.UseFD >= 0 {
		err = l.inherit(o.UseFD)
	} else {
		err = l.bind(o.Backlog)
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// inherit takes over the descriptor of ZMQ_USE_FD.
func (l *listener) inherit(fd int) error {
	if err := check(l.path); err != nil {
		return err
	}
	ln, release, err := transport.Inherit(fd)
	if err != nil {
		return err
	}
	unix, ok := ln.(*net.UnixListener)
	if !ok {
		ln.Close()
		return fmt.Errorf("descriptor %d is no Unix socket: %w", fd, errno.EINVAL)
	}
	l.unix, l.release = unix, release
	return nil
}

// bind makes the socket and, for a wildcard, its directory.
func (l *listener) bind(backlog int) error {
	if strings.HasPrefix(l.path, "*") {
		dir, err := os.MkdirTemp(tempDir(), "tmp")
		if err != nil {
			return transport.Wrap(err)
		}
		l.dir, l.path = dir, filepath.Join(dir, "socket")
	}
	err := l.listen(backlog)
	if err != nil && l.dir != "" {
		os.RemoveAll(l.dir)
	}
	return err
}

// tempDir is the directory for wildcards: that of the first of TMPDIR,
// TEMPDIR and TMP that names one, else the current directory.
func tempDir() string {
	for _, name := range []string{"TMPDIR", "TEMPDIR", "TMP"} {
		dir := os.Getenv(name)
		if info, err := os.Stat(dir); dir != "" && err == nil && info.IsDir() {
			return dir
		}
	}
	return "."
}

// listen makes the socket.
func (l *listener) listen(backlog int) error {
	if err := check(l.path); err != nil {
		return err
	}
	if !abstract(l.path) {
		if err := unlinkSocket(l.path); err != nil {
			return err
		}
	}
	var config net.ListenConfig
	ln, err := config.Listen(context.Background(), "unix", l.path)
	if err != nil {
		return transport.Wrap(err)
	}
	l.unix = ln.(*net.UnixListener)
	l.unix.SetUnlinkOnClose(false)
	if err := transport.SetBacklog(l.unix, backlog); err != nil {
		l.unix.Close()
		return err
	}
	return nil
}

// unlinkSocket removes the file of a socket, and no other file.
func unlinkSocket(path string) error {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return nil // bind(2) will say what is wrong, if anything is
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is a file: %w", path, errno.EADDRINUSE)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return transport.Wrap(err)
	}
	return nil
}

// Endpoint is "ipc://" and the path or "@NAME".
func (l *listener) Endpoint() string { return "ipc://" + l.path }

// Accept returns a *Conn. A peer that no filter lets in is a
// *transport.AcceptError with errno.EACCES.
func (l *listener) Accept() (net.Conn, error) {
	accepted, err := l.unix.AcceptUnix()
	if err != nil {
		return nil, transport.AcceptFailed(err)
	}
	c := newConn(accepted)
	if err := l.filter.admit(c); err != nil {
		c.Close()
		return nil, &transport.AcceptError{Err: err}
	}
	return c, nil
}

// SyscallConn is the listening socket.
func (l *listener) SyscallConn() (syscall.RawConn, error) { return l.unix.SyscallConn() }

// Close closes the listening socket and removes what a wildcard made. The
// error of a removal that fails is for the event CLOSE_FAILED.
func (l *listener) Close() error {
	err := transport.Wrap(l.unix.Close())
	if l.release != nil {
		err = errors.Join(err, l.release())
	}
	if l.dir != "" {
		err = errors.Join(err, transport.Wrap(os.Remove(l.path)), transport.Wrap(os.Remove(l.dir)))
	}
	return err
}
