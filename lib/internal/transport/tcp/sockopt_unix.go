//go:build linux || darwin || freebsd

package tcp

import (
	"net"

	"golang.org/x/sys/unix"
)

func setInt(fd uintptr, level, name, n int) error {
	return unix.SetsockoptInt(int(fd), level, name, n)
}

// ShareAddress lets a socket bind to an address that connections of this
// machine use.
func ShareAddress(fd uintptr) error {
	return setInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
}

// ownAddress is what a listener does about its address: on Unix a listening
// socket is never shared by SO_REUSEADDR, which package net sets.
func ownAddress(uintptr) error { return nil }

// loopbackFastpath exists on Windows.
func loopbackFastpath(uintptr) error { return nil }

// restoreKeepalive gives a connection the keepalive settings of the listener
// that accepted it. Package net changes them when the listener's descriptor
// came from elsewhere.
func restoreKeepalive(c *net.TCPConn, from *net.TCPListener) error {
	settings := [][2]int{
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE},
		{unix.IPPROTO_TCP, tcpKeepIdle},
		{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL},
		{unix.IPPROTO_TCP, unix.TCP_KEEPCNT},
	}
	values := make([]int, len(settings))
	err := onSocket(from, func(fd uintptr) (err error) {
		for i, s := range settings {
			if values[i], err = unix.GetsockoptInt(int(fd), s[0], s[1]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return onSocket(c, func(fd uintptr) error {
		for i, s := range settings {
			if err := setInt(fd, s[0], s[1], values[i]); err != nil {
				return err
			}
		}
		return nil
	})
}
