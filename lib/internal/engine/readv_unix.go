//go:build unix && !linux

package engine

import "golang.org/x/sys/unix"

// readv fills the first buffer; the next call fills the second.
func readv(fd int, bufs [][]byte) (int, error) { return unix.Read(fd, bufs[0]) }

// writev writes nothing; WriteLoop does it.
func writev(int, [][]byte) (int, error) { return 0, nil }

// lowWater does nothing: a descriptor is readable when any bytes are there.
func lowWater(int, int) {}
