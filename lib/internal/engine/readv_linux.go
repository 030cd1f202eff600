package engine

import "golang.org/x/sys/unix"

// readv fills the buffers in order with one call.
func readv(fd int, bufs [][]byte) (int, error) { return unix.Readv(fd, bufs) }
