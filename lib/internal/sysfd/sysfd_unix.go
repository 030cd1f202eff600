//go:build unix && !linux

package sysfd

import "golang.org/x/sys/unix"

// descriptor is a pipe(2): what is written to out can be read from in.
type descriptor struct{ in, out int }

func open() (descriptor, error) {
	var p [2]int
	if err := unix.Pipe(p[:]); err != nil {
		return descriptor{}, err
	}
	for _, fd := range p {
		unix.CloseOnExec(fd)
		unix.SetNonblock(fd, true)
	}
	return descriptor{p[0], p[1]}, nil
}

func (d descriptor) wait() int { return d.in }

// raise and lower cannot fail: the pipe holds one byte at most.

func (d descriptor) raise() { unix.Write(d.out, []byte{0}) }

func (d descriptor) lower() {
	var b [1]byte
	unix.Read(d.in, b[:])
}

func (d descriptor) close() {
	unix.Close(d.in)
	unix.Close(d.out)
}
