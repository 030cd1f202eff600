// Package transport is the way from an endpoint's text to a byte stream, or, for
// the schemes without connections, to a carrier of messages. Each subpackage is
// one scheme; this package holds what they share.
//
//	Split       "tcp://127.0.0.1:5555" -> "tcp", "127.0.0.1:5555"
//	Transport   Listen for zmq_bind; Check and then Dial for zmq_connect
//	Listener    Accept until Close; an *AcceptError costs one connection only
//	Backoff     the pause between two dials
//	Medium      Open for both, where nobody is connected to (carrier.go)
//	Error       an operating system's error with its number in zmq.h
package transport

import (
	"context"
	"net"
	"strings"
	"syscall"
	"time"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
)

// Scheme is a Transport or a Medium. Implementations have no state: they are safe
// for use by many goroutines. Rest is always the endpoint's text behind "://".
type Scheme interface {
	// Aliases lists the other endpoints, scheme included, under which the
	// text may have been bound or connected, in the order in which zmq_unbind
	// and zmq_disconnect try them after the text itself.
	Aliases(rest string, o *option.Options) []string
}

// Transport is a scheme with connections.
type Transport interface {
	Scheme

	// Listen binds and starts to listen (zmq_bind). A host name is looked up
	// at once. The options are read and not kept. Errors wrap an errno.Errno.
	Listen(rest string, o *option.Options) (Listener, error)

	// Check tells what zmq_connect reports at once, by the text alone.
	Check(rest string, o *option.Options) error

	// Dial makes one attempt to connect, the lookup of the host name
	// included. It ends when ctx does. Errors wrap an errno.Errno, except
	// context.Canceled.
	Dial(ctx context.Context, rest string, o *option.Options) (net.Conn, error)
}

// Listener is a bound endpoint.
type Listener interface {
	// Accept waits for the next connection and applies the filters and the
	// options to it. After an *AcceptError the listener goes on; any other
	// error is final and wraps errno.ENOTSOCK after Close.
	Accept() (net.Conn, error)

	// Endpoint is the address as bound, as ZMQ_LAST_ENDPOINT has it.
	Endpoint() string

	// Close stops listening and ends a waiting Accept. Connections stay.
	Close() error
}

// AcceptError says that one connection was refused or lost before it was
// accepted (the event ACCEPT_FAILED).
type AcceptError struct {
	Err error // wraps an errno.Errno

	// Wait is how long to wait before the next Accept: not zero when the
	// system failed, for instance for want of descriptors, and not the peer.
	Wait time.Duration
}

// Error is the text of the cause.
func (e *AcceptError) Error() string { return "accept: " + e.Err.Error() }

// Unwrap is the cause.
func (e *AcceptError) Unwrap() error { return e.Err }

// acceptPause is AcceptError.Wait after a failed accept(2). The connection
// stays in the backlog, so nothing is lost by waiting.
const acceptPause = 100 * time.Millisecond

// AcceptFailed turns the error of accept(2) into that of Listener.Accept.
func AcceptFailed(err error) error {
	err = Wrap(err)
	if Errno(err) == errno.ENOTSOCK {
		return err
	}
	return &AcceptError{Err: err, Wait: acceptPause}
}

// Split cuts an endpoint into scheme and rest at the first "://". Both must
// have at least one byte, otherwise the error is errno.EINVAL. Whether the
// scheme exists is for the caller to say; schemes are case-sensitive.
func Split(endpoint string) (scheme, rest string, err error) {
	scheme, rest, found := strings.Cut(endpoint, "://")
	if !found || scheme == "" || rest == "" {
		return "", "", errno.EINVAL
	}
	return scheme, rest, nil
}

// Endpoint is the endpoint of a socket's own or remote address, as monitor
// events carry it: "tcp://127.0.0.1:5555", "tcp://[::1]:5555", "ipc://path",
// "ipc://@name", and "ipc://" for the nameless end of an ipc connection. The
// addresses of other schemes have a method that tells it.
func Endpoint(a net.Addr) string {
	switch a := a.(type) {
	case *net.TCPAddr:
		return "tcp://" + a.AddrPort().String()
	case interface{ Endpoint() string }:
		return a.Endpoint()
	case *net.UnixAddr:
		if a.Name == "@" { // as package net prints a socket without a name
			return "ipc://"
		}
		return "ipc://" + a.Name
	}
	return ""
}

// FD is the descriptor of a connection, valid as long as that is open; -1 if it
// has none.
func FD(c net.Conn) int {
	fd := -1
	if c, ok := c.(syscall.Conn); ok {
		if raw, err := c.SyscallConn(); err == nil {
			raw.Control(func(n uintptr) { fd = int(n) })
		}
	}
	return fd
}

// PeerAddress is the Peer-Address property of a connection, which ZAP also
// reports: the numeric IP address without the port, or what the connection's
// own method PeerAddress says.
func PeerAddress(c net.Conn) string {
	if p, ok := c.(interface{ PeerAddress() string }); ok {
		return p.PeerAddress()
	}
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().String()
	}
	return ""
}
