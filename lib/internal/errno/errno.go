// Package errno holds the error numbers of zmq.h and their texts.
//
// Every failure of the library is, or wraps, one Errno, so a Go program asks
// with errors.Is and a C program reads the number that libzmq would have set.
package errno

import (
	"context"
	"io"
	"net"
	"os"
)

// Errno is an error number as zmq_errno(3) reports it. The values are those of
// Linux for codes the system has, and of zmq.h (ZMQ_HAUSNUMERO + n) for
// ZeroMQ's own.
type Errno int

// hausnumero is ZMQ_HAUSNUMERO of zmq.h, the base of ZeroMQ's own numbers.
const hausnumero = 156384712

// The numbers that the library returns.
const (
	ENOENT          Errno = 2
	EINTR           Errno = 4
	EBADF           Errno = 9
	EAGAIN          Errno = 11
	ENOMEM          Errno = 12
	EACCES          Errno = 13
	EFAULT          Errno = 14
	ENODEV          Errno = 19
	ENOTDIR         Errno = 20
	EINVAL          Errno = 22
	EMFILE          Errno = 24
	EPIPE           Errno = 32
	ENAMETOOLONG    Errno = 36
	EPROTO          Errno = 71
	ENOTSOCK        Errno = 88
	EMSGSIZE        Errno = 90
	EPROTONOSUPPORT Errno = 93
	ENOTSUP         Errno = 95
	EAFNOSUPPORT    Errno = 97
	EADDRINUSE      Errno = 98
	EADDRNOTAVAIL   Errno = 99
	ENETDOWN        Errno = 100
	ENETUNREACH     Errno = 101
	ENETRESET       Errno = 102
	ECONNABORTED    Errno = 103
	ECONNRESET      Errno = 104
	ENOBUFS         Errno = 105
	ENOTCONN        Errno = 107
	ETIMEDOUT       Errno = 110
	ECONNREFUSED    Errno = 111
	EHOSTUNREACH    Errno = 113
	EINPROGRESS     Errno = 115

	EFSM           Errno = hausnumero + 51
	ENOCOMPATPROTO Errno = hausnumero + 52
	ETERM          Errno = hausnumero + 53
	EMTHREAD       Errno = hausnumero + 54
)

// table is the name and the text of each number.
var table = map[Errno]struct{ name, text string }{
	ENOENT:          {"ENOENT", "no such endpoint or file"},
	EINTR:           {"EINTR", "interrupted call"},
	EBADF:           {"EBADF", "bad file descriptor"},
	EAGAIN:          {"EAGAIN", "resource temporarily unavailable"},
	ENOMEM:          {"ENOMEM", "cannot allocate memory"},
	EACCES:          {"EACCES", "permission denied"},
	EFAULT:          {"EFAULT", "bad address"},
	ENODEV:          {"ENODEV", "no such device"},
	ENOTDIR:         {"ENOTDIR", "not a directory"},
	EINVAL:          {"EINVAL", "invalid argument"},
	EMFILE:          {"EMFILE", "too many open sockets"},
	EPIPE:           {"EPIPE", "broken pipe"},
	ENAMETOOLONG:    {"ENAMETOOLONG", "file name too long"},
	EPROTO:          {"EPROTO", "protocol error"},
	ENOTSOCK:        {"ENOTSOCK", "socket is closed"},
	EMSGSIZE:        {"EMSGSIZE", "message too long"},
	EPROTONOSUPPORT: {"EPROTONOSUPPORT", "protocol not supported"},
	ENOTSUP:         {"ENOTSUP", "operation not supported"},
	EAFNOSUPPORT:    {"EAFNOSUPPORT", "address family not supported"},
	EADDRINUSE:      {"EADDRINUSE", "address already in use"},
	EADDRNOTAVAIL:   {"EADDRNOTAVAIL", "cannot assign requested address"},
	ENETDOWN:        {"ENETDOWN", "network is down"},
	ENETUNREACH:     {"ENETUNREACH", "network is unreachable"},
	ENETRESET:       {"ENETRESET", "network dropped connection on reset"},
	ECONNABORTED:    {"ECONNABORTED", "connection aborted"},
	ECONNRESET:      {"ECONNRESET", "connection reset by peer"},
	ENOBUFS:         {"ENOBUFS", "no buffer space available"},
	ENOTCONN:        {"ENOTCONN", "not connected"},
	ETIMEDOUT:       {"ETIMEDOUT", "connection timed out"},
	ECONNREFUSED:    {"ECONNREFUSED", "connection refused"},
	EHOSTUNREACH:    {"EHOSTUNREACH", "host unreachable"},
	EINPROGRESS:     {"EINPROGRESS", "operation in progress"},
	EFSM:            {"EFSM", "operation cannot be accomplished in current state"},
	ENOCOMPATPROTO:  {"ENOCOMPATPROTO", "the protocol is not compatible with the socket type"},
	ETERM:           {"ETERM", "context was terminated"},
	EMTHREAD:        {"EMTHREAD", "no thread available"},
}

// alike lists, per number, the errors of the standard library that mean the
// same, for errors.Is.
var alike = map[Errno][]error{
	ENOENT:    {os.ErrNotExist},
	EACCES:    {os.ErrPermission},
	EAGAIN:    {os.ErrDeadlineExceeded},
	ETIMEDOUT: {os.ErrDeadlineExceeded, context.DeadlineExceeded},
	ENOTSOCK:  {net.ErrClosed, os.ErrClosed},
	ETERM:     {net.ErrClosed},
	EINVAL:    {os.ErrInvalid},
	EPIPE:     {io.ErrClosedPipe},
}

// Error is the text, lower case.
func (e Errno) Error() string {
	if row, ok := table[e]; ok {
		return row.text
	}
	return "unknown error"
}

// Name is the symbol in errno.h or zmq.h, such as "EAGAIN".
func (e Errno) Name() string {
	if row, ok := table[e]; ok {
		return row.name
	}
	return "E?"
}

// Is answers errors.Is for the errors of os, net, io and context that mean the
// same as e.
func (e Errno) Is(target error) bool {
	for _, err := range alike[e] {
		if err == target {
			return true
		}
	}
	return false
}

// Timeout reports whether the call gave up waiting, as net.Error has it.
func (e Errno) Timeout() bool { return e == EAGAIN || e == ETIMEDOUT }

// Temporary reports whether the same call may succeed later.
func (e Errno) Temporary() bool { return e == EAGAIN || e == EINTR }
