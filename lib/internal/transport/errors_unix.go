//go:build unix

package transport

import (
	"syscall"

	"ztools/lib/internal/errno"
)

// numbers maps the system's error numbers to those of zmq.h.
var numbers = map[syscall.Errno]errno.Errno{
	syscall.ENOENT:          errno.ENOENT,
	syscall.EINTR:           errno.EINTR,
	syscall.EBADF:           errno.EBADF,
	syscall.EAGAIN:          errno.EAGAIN,
	syscall.ENOMEM:          errno.ENOMEM,
	syscall.EACCES:          errno.EACCES,
	syscall.EFAULT:          errno.EFAULT,
	syscall.ENODEV:          errno.ENODEV,
	syscall.ENOTDIR:         errno.ENOTDIR,
	syscall.EINVAL:          errno.EINVAL,
	syscall.EMFILE:          errno.EMFILE,
	syscall.ENFILE:          errno.EMFILE,
	syscall.EPIPE:           errno.EPIPE,
	syscall.ENAMETOOLONG:    errno.ENAMETOOLONG,
	syscall.EPROTO:          errno.EPROTO,
	syscall.ENOTSOCK:        errno.ENOTSOCK,
	syscall.EMSGSIZE:        errno.EMSGSIZE,
	syscall.EPROTONOSUPPORT: errno.EPROTONOSUPPORT,
	syscall.EOPNOTSUPP:      errno.ENOTSUP,
	syscall.EAFNOSUPPORT:    errno.EAFNOSUPPORT,
	syscall.EADDRINUSE:      errno.EADDRINUSE,
	syscall.EADDRNOTAVAIL:   errno.EADDRNOTAVAIL,
	syscall.ENETDOWN:        errno.ENETDOWN,
	syscall.ENETUNREACH:     errno.ENETUNREACH,
	syscall.ENETRESET:       errno.ENETRESET,
	syscall.ECONNABORTED:    errno.ECONNABORTED,
	syscall.ECONNRESET:      errno.ECONNRESET,
	syscall.ENOBUFS:         errno.ENOBUFS,
	syscall.ENOTCONN:        errno.ENOTCONN,
	syscall.ETIMEDOUT:       errno.ETIMEDOUT,
	syscall.ECONNREFUSED:    errno.ECONNREFUSED,
	syscall.EHOSTUNREACH:    errno.EHOSTUNREACH,
	syscall.EINPROGRESS:     errno.EINPROGRESS,
}
