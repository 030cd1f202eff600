package transport

import (
	"net"
	"syscall"

	"ztools/lib/internal/errno"
)

// SetBacklog does nothing: on Windows the first listen(2), which package net
// makes with the system's maximum, is the one that counts.
func SetBacklog(syscall.Conn, int) error { return nil }

// Inherit fails with errno.ENOTSUP: package net cannot adopt a socket on
// Windows.
func Inherit(int) (l net.Listener, release func() error, err error) {
	return nil, nil, errno.ENOTSUP
}
