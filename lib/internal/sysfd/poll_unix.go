//go:build unix

package sysfd

import "golang.org/x/sys/unix"

// pollBits are the system's names for the bits of Events.
var pollBits = [...]struct {
	ours   Events
	system int16
}{{In, unix.POLLIN}, {Out, unix.POLLOUT}, {Pri, unix.POLLPRI}}

// Poll waits until one of the descriptors is ready, for timeout milliseconds at
// most, -1 for ever, and sets Ready of all. It returns how many are ready. It
// keeps a thread of the system as long as it waits.
func Poll(fds []FD, timeout int) (int, error) {
	polled := make([]unix.PollFd, len(fds))
	for i, f := range fds {
		polled[i].Fd = int32(f.FD)
		for _, b := range pollBits {
			if f.Events&b.ours != 0 {
				polled[i].Events |= b.system
			}
		}
	}
	n, err := unix.Poll(polled, timeout)
	if err != nil && err != unix.EINTR {
		return 0, err
	}
	for i := range fds {
		fds[i].Ready = readyOf(polled[i].Revents)
	}
	return max(n, 0), nil
}

func readyOf(revents int16) (ready Events) {
	for _, b := range pollBits {
		if revents&b.system != 0 {
			ready |= b.ours
		}
		revents &^= b.system
	}
	if revents != 0 {
		ready |= Err
	}
	return ready
}
