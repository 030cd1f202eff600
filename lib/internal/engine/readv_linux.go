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

// lowWater makes a descriptor readable only when n bytes are there, or the end
// (SO_RCVLOWAT, socket(7)). Where that fails it stays as it is.
func lowWater(fd, n int) { unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVLOWAT, n) }
