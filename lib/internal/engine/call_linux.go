package engine

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The short system calls here are made without a word to Go's scheduler. On a
// descriptor that does not block they last as long as the copying, yet after
// 20 µs the scheduler would take the processor from a caller it was told of,
// and start a thread that looks for other work. quietMax bounds what such a call
// copies, and with that how long a garbage collection may have to wait for it. Of
// longer ones the scheduler is told, and they are not cut: each further call wakes
// the peer, who takes turns with us at the connection.
// BenchmarkThroughput/tcp/1048576 and /ipc/1048576 (lib/zmq) show quietMax, and
// /tcp/8192, whose bodies travel by reference, iovMax.

const (
	quietMax = 256 << 10 // bytes
	iovMax   = 64        // buffers of one call
	gathers  = true      // writev writes
)

// readv fills the buffers in order with one call. For a single one that is one which
// copies no list: 0.1 µs.
func readv(fd int, bufs [][]byte) (int, error) {
	if len(bufs) == 1 {
		b := bufs[0]
		return call(unix.SYS_READ, fd, unsafe.Pointer(unsafe.SliceData(b)), len(b), 0, len(b) > quietMax)
	}
	var iov [iovMax]unix.Iovec
	used, long := gather(&iov, bufs)
	return call(unix.SYS_READV, fd, unsafe.Pointer(&iov), used, 0, long)
}

// writev writes the buffers in order with one call. If the peer is gone it raises
// no SIGPIPE: in a program that is not Go's that would end the process.
func writev(fd int, bufs [][]byte) (int, error) {
	if len(bufs) == 1 {
		b := bufs[0]
		n, err := call(unix.SYS_SENDTO, fd, unsafe.Pointer(unsafe.SliceData(b)), len(b), unix.MSG_NOSIGNAL, len(b) > quietMax)
		if err != unix.ENOTSOCK {
			return n, err
		}
	}
	var iov [iovMax]unix.Iovec
	used, long := gather(&iov, bufs)
	m := unix.Msghdr{Iov: &iov[0]}
	m.SetIovlen(used)
	n, err := call(unix.SYS_SENDMSG, fd, unsafe.Pointer(&m), unix.MSG_NOSIGNAL, 0, long)
	if err == unix.ENOTSOCK {
		return call(unix.SYS_WRITEV, fd, unsafe.Pointer(&iov), used, 0, long)
	}
	return n, err
}

// gather lists the first of bufs, as many as one call takes, and reports whether
// the call may be a long one.
func gather(iov *[iovMax]unix.Iovec, bufs [][]byte) (used int, long bool) {
	size := 0
	for _, b := range bufs {
		if used == iovMax {
			break
		}
		if len(b) > 0 {
			iov[used].Base = &b[0]
			iov[used].SetLen(len(b))
			used++
			size += len(b)
		}
	}
	return used, size > quietMax
}

// call makes one call until no signal interrupts it.
func call(trap uintptr, fd int, p unsafe.Pointer, arg, flags int, long bool) (int, error) {
	for {
		var n uintptr
		var errno syscall.Errno
		if long {
			n, _, errno = unix.Syscall6(trap, uintptr(fd), uintptr(p), uintptr(arg), uintptr(flags), 0, 0)
		} else {
			n, _, errno = unix.RawSyscall6(trap, uintptr(fd), uintptr(p), uintptr(arg), uintptr(flags), 0, 0)
		}
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

// overflow is how many bytes have to be read from a socket whose buffer holds more than
// it may, until it says that there is room again: the surplus and, since room for one
// packet is not worth saying, a few of loopback's (SO_MEMINFO, linux/sock_diag.h).
func overflow(fd int) int {
	const few = 256 << 10
	var mem [unix.SK_MEMINFO_VARS]uint32
	size := uint32(unsafe.Sizeof(mem))
	_, _, errno := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&mem)), uintptr(unsafe.Pointer(&size)), 0)
	held, most := int(mem[unix.SK_MEMINFO_RMEM_ALLOC]), int(mem[unix.SK_MEMINFO_RCVBUF])
	if errno != 0 || held <= most {
		return 0
	}
	return held - most + min(few, most)
}

// queued is how many bytes the peer has not read (SIOCOUTQ, unix(7)).
func queued(fd int) int {
	n, _ := unix.IoctlGetInt(fd, unix.SIOCOUTQ)
	return n
}

// hungUp reports whether the peer sends no more, or there is an error to be read.
func hungUp(fd int) bool {
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
	n, err := unix.Poll(p, 0)
	return err == nil && n > 0
}
