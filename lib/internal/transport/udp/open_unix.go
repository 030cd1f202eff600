//go:build unix

package udp

import "golang.org/x/sys/unix"

// sharePort lets several sockets of a host be bound to the port of a group.
func sharePort(fd uintptr) error {
	for _, name := range []int{unix.SO_REUSEADDR, unix.SO_REUSEPORT} {
		if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, name, 1); err != nil {
			return err
		}
	}
	return onlyJoined(fd)
}
