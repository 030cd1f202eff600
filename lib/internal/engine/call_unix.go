//go:build unix && !linux

package engine

import "golang.org/x/sys/unix"

// gathers says that writev writes nothing.
const gathers = false

// readv fills the first buffer; the next call fills the second.
func readv(fd int, bufs [][]byte) (int, error) {
	for {
		n, err := unix.Read(fd, bufs[0])
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

// writev writes nothing; net.Buffers does it.
func writev(int, [][]byte) (int, error) { return 0, unix.EAGAIN }

// lowWater does nothing: a descriptor is readable when any bytes are there.
func lowWater(int, int) {}

// queued is not known here.
func queued(int) int { return 0 }

// overflow is not known here.
func overflow(int) int { return 0 }

// hungUp reports whether the peer sends no more, once all that it sent was read.
func hungUp(fd int) bool {
	n, _, err := unix.Recvfrom(fd, make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return n == 0 && err == nil || err == unix.ECONNRESET
}
