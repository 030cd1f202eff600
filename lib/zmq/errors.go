package zmq

import (
	"errors"
	"net"
	"os"
	"syscall"

	"ztools/lib/internal/errno"
)

// Errno is an error number of zmq.h. Every error of this package is or wraps
// one, so errors.Is(err, zmq.EAGAIN) works; Errno also answers errors.Is for
// the errors of os and net that mean the same (net.ErrClosed for ENOTSOCK and
// ETERM, os.ErrDeadlineExceeded for EAGAIN). A context that ended a call is
// reported by the context's own error.
type Errno = errno.Errno

// The error numbers, with the meaning the manual pages of libzmq give them.
const (
	EAGAIN          = errno.EAGAIN          // not possible now, or a timeout option ran out
	EFSM            = errno.EFSM            // not possible in the socket's state (REQ, REP)
	ETERM           = errno.ETERM           // the context was shut down
	ENOTSOCK        = errno.ENOTSOCK        // the socket is closed
	EINVAL          = errno.EINVAL          // bad endpoint, option or value
	ENOTSUP         = errno.ENOTSUP         // the socket type cannot do that
	EHOSTUNREACH    = errno.EHOSTUNREACH    // no peer of that routing id (ROUTER_MANDATORY, STREAM)
	EADDRINUSE      = errno.EADDRINUSE      // the endpoint is bound already
	EADDRNOTAVAIL   = errno.EADDRNOTAVAIL   // the address is not of this machine
	ENODEV          = errno.ENODEV          // no such interface or host
	ENOENT          = errno.ENOENT          // no such endpoint, or the directory is missing
	EACCES          = errno.EACCES          // not permitted
	EPROTONOSUPPORT = errno.EPROTONOSUPPORT // unknown transport
	ENOCOMPATPROTO  = errno.ENOCOMPATPROTO  // the transport does not fit the socket type
	ENAMETOOLONG    = errno.ENAMETOOLONG    // ipc path too long
	EMFILE          = errno.EMFILE          // too many sockets or descriptors
	EMTHREAD        = errno.EMTHREAD        // IO_THREADS is 0
	EFAULT          = errno.EFAULT          // bad context, or nothing to wait for or to call
	EBADF           = errno.EBADF           // no descriptor
	ECONNRESET      = errno.ECONNRESET      // the peer broke the connection off
	ECONNREFUSED    = errno.ECONNREFUSED    // nobody listens
	ETIMEDOUT       = errno.ETIMEDOUT       // the peer was silent too long
	EPROTO          = errno.EPROTO          // the peer broke the protocol
	EMSGSIZE        = errno.EMSGSIZE        // a frame was larger than MAXMSGSIZE
	EPIPE           = errno.EPIPE           // the peer left during the handshake
)

// Error is a failed call, with the endpoint it was about.
type Error struct {
	Op       string // "bind", "connect", "set sndhwm", ...
	Endpoint string // "" if the call had none
	Err      error
}

// Error is "op endpoint: reason".
func (e *Error) Error() string {
	if e.Endpoint == "" {
		return e.Op + ": " + e.Err.Error()
	}
	return e.Op + " " + e.Endpoint + ": " + e.Err.Error()
}

// Unwrap is the reason.
func (e *Error) Unwrap() error { return e.Err }

// NumberOf is the error number in err, as zmq_errno(3) would give it; 0 for nil
// and EINVAL's neighbour EPROTO for an error that has none.
func NumberOf(err error) Errno {
	var n Errno
	var sys syscall.Errno
	var dns *net.DNSError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &n):
		return n
	case errors.As(err, &sys):
		return Errno(sys)
	case errors.As(err, &dns):
		return EINVAL
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ETIMEDOUT
	}
	return EPROTO
}
