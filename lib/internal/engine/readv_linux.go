package engine

import "golang.org/x/sys/unix"

// readv fills the buffers in order with one call.
func readv(fd int, bufs [][]byte) (int, error) { return unix.Readv(fd, bufs) }

// writev writes the buffers in order with one call.
func writev(fd int, bufs [][]byte) (int, error) {
	return unix.Writev(fd, bufs[:min(len(bufs), maxIov)])
}

// maxIov is IOV_MAX, the most buffers that one call takes.
const maxIov = 1024
