package engine

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The system calls here are made without a word to Go's scheduler. On a
// descriptor that does not block they last as long as the copying, yet after
// 20 µs the scheduler would take the processor from a caller it was told of,
// and start a thread that looks for other work: of 1 MiB messages that costs a
// tenth of the rate. callMax bounds what one call copies, and with that how
// long a garbage collection may have to wait for it.

const (
	callMax = 256 << 10 // bytes
	iovMax  = 64        // buffers of one call
	gathers = true      // writev writes
)

// readv fills the buffers in order with one call.
func readv(fd int, bufs [][]byte) (int, error) { return vectored(unix.SYS_READV, fd, bufs) }

// writev writes the buffers in order with one call.
func writev(fd int, bufs [][]byte) (int, error) { return vectored(unix.SYS_WRITEV, fd, bufs) }

// vectored makes one call for the first of bufs.
func vectored(trap uintptr, fd int, bufs [][]byte) (int, error) {
	var iov [iovMax]unix.Iovec
	used, room := 0, callMax
	for _, b := range bufs {
		if used == iovMax || room == 0 {
			break
		}
		if n := min(len(b), room); n > 0 {
			iov[used].Base = &b[0]
			iov[used].SetLen(n)
			used++
			room -= n
		}
	}
	for {
		n, _, errno := unix.RawSyscall(trap, uintptr(fd), uintptr(unsafe.Pointer(&iov)), uintptr(used))
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
			continue
		}
		return 0, errno
	}
}

// lowWater makes a descriptor readable only when n bytes are there, or the end
// (SO_RCVLOWAT, socket(7)). Where that fails it stays as it is.
func lowWater(fd, n int) { unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVLOWAT, n) }

// queued is how many bytes the peer has not read (SIOCOUTQ, unix(7)).
func queued(fd int) int {
	n, _ := unix.IoctlGetInt(fd, unix.SIOCOUTQ)
	return n
}
