package transport

import (
	"syscall"

	"golang.org/x/sys/windows"

	"ztools/lib/internal/errno"
)

// numbers maps the system's error numbers to those of zmq.h.
var numbers = map[syscall.Errno]errno.Errno{
	windows.ERROR_FILE_NOT_FOUND:      errno.ENOENT,
	windows.ERROR_PATH_NOT_FOUND:      errno.ENOENT,
	windows.ERROR_ACCESS_DENIED:       errno.EACCES,
	windows.ERROR_TOO_MANY_OPEN_FILES: errno.EMFILE,
	windows.ERROR_NOT_SUPPORTED:       errno.ENOTSUP,
	syscall.EWINDOWS:                  errno.ENOTSUP,
	windows.WSAEINTR:                  errno.EINTR,
	windows.WSAEBADF:                  errno.EBADF,
	windows.WSAEACCES:                 errno.EACCES,
	windows.WSAEFAULT:                 errno.EFAULT,
	windows.WSAEINVAL:                 errno.EINVAL,
	windows.WSAEMFILE:                 errno.EMFILE,
	windows.WSAEWOULDBLOCK:            errno.EAGAIN,
	windows.WSAEINPROGRESS:            errno.EINPROGRESS,
	windows.WSAENOTSOCK:               errno.ENOTSOCK,
	windows.WSAEMSGSIZE:               errno.EMSGSIZE,
	windows.WSAEPROTONOSUPPORT:        errno.EPROTONOSUPPORT,
	windows.WSAEOPNOTSUPP:             errno.ENOTSUP,
	windows.WSAEAFNOSUPPORT:           errno.EAFNOSUPPORT,
	windows.WSAEADDRINUSE:             errno.EADDRINUSE,
	windows.WSAEADDRNOTAVAIL:          errno.EADDRNOTAVAIL,
	windows.WSAENETDOWN:               errno.ENETDOWN,
	windows.WSAENETUNREACH:            errno.ENETUNREACH,
	windows.WSAENETRESET:              errno.ENETRESET,
	windows.WSAECONNABORTED:           errno.ECONNABORTED,
	windows.WSAECONNRESET:             errno.ECONNRESET,
	windows.WSAENOBUFS:                errno.ENOBUFS,
	windows.WSAENOTCONN:               errno.ENOTCONN,
	windows.WSAETIMEDOUT:              errno.ETIMEDOUT,
	windows.WSAECONNREFUSED:           errno.ECONNREFUSED,
	windows.WSAENAMETOOLONG:           errno.ENAMETOOLONG,
	windows.WSAEHOSTUNREACH:           errno.EHOSTUNREACH,
}
