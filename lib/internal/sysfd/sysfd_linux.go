package sysfd

import "golang.org/x/sys/unix"

// descriptor is an eventfd(2).
type descriptor int

func open() (descriptor, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	return descriptor(fd), err
}

func (d descriptor) wait() int { return int(d) }

// raise and lower cannot fail: the counter is 0 or 1, and nobody else has it.

func (d descriptor) raise() {
	one := [8]byte{1, 1, 1, 1, 1, 1, 1, 1}
	unix.Write(int(d), one[:])
}

func (d descriptor) lower() {
	var count [8]byte
	unix.Read(int(d), count[:])
}

func (d descriptor) close() { unix.Close(int(d)) }
