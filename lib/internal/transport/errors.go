package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"ztools/lib/internal/errno"
)

// Error is an error of the system that also is its number in zmq.h.
type Error struct {
	No  errno.Errno
	Err error
}

// Error is the system's text.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap is the number and the system's error.
func (e *Error) Unwrap() []error { return []error{e.No, e.Err} }

// Wrap gives an error its number unless it has one; nil and context.Canceled
// stay as they are.
func Wrap(err error) error {
	var no errno.Errno
	if err == nil || errors.As(err, &no) || errors.Is(err, context.Canceled) {
		return err
	}
	return &Error{Errno(err), err}
}

// Errno is the number of any error: the one it wraps, or the one that stands
// for the system's error. A number of the system that zmq.h does not have
// stays as it is; whatever has no number at all is EINVAL.
func Errno(err error) errno.Errno {
	var no errno.Errno
	var sys syscall.Errno
	switch {
	case errors.As(err, &no):
		return no
	case errors.As(err, &sys):
		if no, ok := numbers[sys]; ok {
			return no
		}
		return errno.Errno(sys)
	case errors.Is(err, net.ErrClosed):
		return errno.ENOTSOCK
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return errno.ETIMEDOUT
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errno.ECONNRESET
	}
	return errno.EINVAL
}
