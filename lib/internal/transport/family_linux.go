package transport

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A Family makes stream sockets of an address family that package net does not
// know (vsock, tipc).
type Family struct {
	Domain int // AF_VSOCK and the like
	// Name is an address as endpoints have it.
	Name func(unix.Sockaddr) string
	// Prepare sets options of a new socket; nil: none.
	Prepare func(fd int) error
}

// open makes a socket that a File waits for.
func (f *Family) open() (int, error) {
	fd, err := unix.Socket(f.Domain, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, Wrap(os.NewSyscallError("socket", err))
	}
	if f.Prepare != nil {
		if err := f.Prepare(fd); err != nil {
			unix.Close(fd)
			return -1, Wrap(os.NewSyscallError("setsockopt", err))
		}
	}
	return fd, nil
}

// Listen binds to at, unless that is nil, and listens. The endpoint is the one
// given, or the socket's own address.
func (f *Family) Listen(at unix.Sockaddr, endpoint string, backlog int) (Listener, error) {
	fd, err := f.open()
	if err != nil {
		return nil, err
	}
	if at != nil {
		err = os.NewSyscallError("bind", unix.Bind(fd, at))
	}
	if err == nil {
		err = os.NewSyscallError("listen", unix.Listen(fd, backlog))
	}
	if err != nil {
		unix.Close(fd)
		return nil, Wrap(err)
	}
	if own, err := unix.Getsockname(fd); err == nil && endpoint == "" {
		endpoint = f.Name(own)
	}
	return &familyListener{f, os.NewFile(uintptr(fd), ""), endpoint}, nil
}

// familyListener is a socket that listens.
type familyListener struct {
	*Family
	file     *os.File
	endpoint string
}

// Endpoint implements Listener.
func (l *familyListener) Endpoint() string { return l.endpoint }

// Close implements Listener.
func (l *familyListener) Close() error { return l.file.Close() }

// Accept implements Listener.
func (l *familyListener) Accept() (net.Conn, error) {
	raw, err := l.file.SyscallConn()
	if err != nil {
		return nil, AcceptFailed(net.ErrClosed)
	}
	var fd int
	var peer unix.Sockaddr
	var failed error
	err = raw.Read(func(s uintptr) bool {
		fd, peer, failed = unix.Accept4(int(s), unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		return failed != unix.EAGAIN && failed != unix.EINTR
	})
	if err != nil {
		return nil, AcceptFailed(net.ErrClosed)
	}
	if failed != nil {
		return nil, AcceptFailed(os.NewSyscallError("accept", failed))
	}
	return l.conn(os.NewFile(uintptr(fd), ""), fd, peer), nil
}

// Dial connects until ctx ends.
func (f *Family) Dial(ctx context.Context, to unix.Sockaddr) (net.Conn, error) {
	fd, err := f.open()
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "")
	if err := connect(ctx, file, to); err != nil {
		file.Close()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, Wrap(err)
	}
	return f.conn(file, fd, to), nil
}

// connect waits until the socket is connected. What ends it with the context does
// not touch the socket any more once it has returned without an error.
func connect(ctx context.Context, file *os.File, to unix.Sockaddr) error {
	stop := context.AfterFunc(ctx, func() { file.SetDeadline(time.Unix(1, 0)) })
	err := begin(file, to)
	if !stop() && err == nil {
		return context.Cause(ctx)
	}
	return err
}

// begin connects until the deadline of the file.
func begin(file *os.File, to unix.Sockaddr) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	begun := false
	err = raw.Write(func(fd uintptr) bool {
		if !begun {
			begun = true
			failed = unix.Connect(int(fd), to)
			return failed != unix.EINPROGRESS && failed != unix.EINTR
		}
		no, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
		if failed = err; no != 0 {
			failed = unix.Errno(no)
		}
		if failed == nil {
			if _, err := unix.Getpeername(int(fd)); err == unix.ENOTCONN {
				return false // woken too early
			}
		}
		return true
	})
	if err != nil {
		return err
	}
	return os.NewSyscallError("connect", failed)
}

func (f *Family) conn(file *os.File, fd int, peer unix.Sockaddr) net.Conn {
	c := &familyConn{File: file, remote: familyAddr(f.Name(peer))}
	if own, err := unix.Getsockname(fd); err == nil {
		c.local = familyAddr(f.Name(own))
	}
	return c
}

// familyConn is a connection. A File does what package net's connections do.
type familyConn struct {
	*os.File
	local, remote familyAddr
	once          sync.Once
}

// familyAddr is the endpoint of an address.
type familyAddr string

// Network implements net.Addr.
func (a familyAddr) Network() string {
	scheme, _, _ := Split(string(a))
	return scheme
}

// String implements net.Addr.
func (a familyAddr) String() string { return string(a) }

// Endpoint is the address as monitor events have it.
func (a familyAddr) Endpoint() string { return string(a) }

// LocalAddr implements net.Conn.
func (c *familyConn) LocalAddr() net.Addr { return c.local }

// RemoteAddr implements net.Conn.
func (c *familyConn) RemoteAddr() net.Addr { return c.remote }

// CloseWrite tells the peer that nothing more will come.
func (c *familyConn) CloseWrite() error { return c.shutdown(unix.SHUT_WR) }

// Close also ends what another thread has begun with the descriptor.
func (c *familyConn) Close() error {
	c.once.Do(func() { c.shutdown(unix.SHUT_RDWR) })
	return c.File.Close()
}

func (c *familyConn) shutdown(how int) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = unix.Shutdown(int(fd), how) }); err != nil {
		return err
	}
	if failed == unix.EINVAL { // of TIPC, which knows only both directions
		return errors.ErrUnsupported
	}
	return os.NewSyscallError("shutdown", failed)
}
