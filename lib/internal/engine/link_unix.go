//go:build unix

package engine

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"

	"ztools/lib/internal/transport"
)

// link reads and writes a connection through its descriptor where there is
// one: so a connection at rest holds no buffer, a large body is read straight
// to its place together with the next header, and a sender can try to write
// without blocking.
type link struct {
	conn net.Conn
	raw  syscall.RawConn // nil for a connection without a descriptor
	tcp  bool

	// Arguments and results of the callbacks, which are made once so that a
	// read allocates nothing. rd* belongs to ReadLoop, wr* to the writer.
	rdFn, wrFn func(fd uintptr) bool
	rdBuf      *buffer
	rdMax      int
	rdBody     []byte
	rdIov      [2][]byte
	rdN        int
	rdErr      error
	rdLow      int // bytes that wake the reader
	wrBufs     [][]byte
	wrN        int
}

func (l *link) open(conn net.Conn) {
	l.conn = conn
	if _, ok := conn.(transport.Framed); ok {
		return // its descriptor carries something else
	}
	if c, ok := conn.(syscall.Conn); ok {
		if raw, err := c.SyscallConn(); err == nil {
			l.raw = raw
			l.rdFn, l.wrFn = l.readReady, l.writeReady
			l.rdLow = 1
			_, l.tcp = conn.(*net.TCPConn)
		}
	}
}

// read waits for bytes and reads at most max of them behind those in buf. If
// body is not empty, it is filled first. It returns how many bytes came in all.
func (l *link) read(buf *buffer, body []byte, max int) (int, error) {
	if l.raw == nil {
		return readPlain(l.conn, buf, body, max)
	}
	l.rdBuf, l.rdBody, l.rdMax = buf, body, max
	err := l.raw.Read(l.rdFn)
	l.rdBody = nil
	if err == nil {
		err = l.rdErr
	}
	if err == nil && l.rdN == 0 {
		err = errEOF
	}
	return l.rdN, err
}

// readReady is one attempt; false asks to wait until the descriptor is readable.
func (l *link) readReady(fd uintptr) bool {
	space := l.rdBuf.space(l.rdMax)
	for {
		if len(l.rdBody) == 0 {
			l.rdN, l.rdErr = unix.Read(int(fd), space)
		} else {
			l.rdIov = [2][]byte{l.rdBody, space}
			l.rdN, l.rdErr = readv(int(fd), l.rdIov[:])
		}
		switch l.rdErr {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			l.rdN = 0
			l.rdBuf.rest()
			l.wakeAt(int(fd), len(l.rdBody))
			return false
		}
		l.rdN = max(l.rdN, 0)
		return true
	}
}

// A peer that is in the middle of a large body wakes the reader for each of its
// packets. Where rest bytes of it are missing, that is put off until many are
// there; they will come, or the connection ends.
func (l *link) wakeAt(fd, rest int) {
	low := 1
	if rest >= lowFrom && l.tcp {
		low = min(rest, lowMost)
	}
	if low != l.rdLow {
		l.rdLow = low
		lowWater(fd, low)
	}
}

// From which rest on waking is put off, and until how many bytes at most.
const (
	lowFrom = 64 << 10
	lowMost = 256 << 10
)

// canTry reports whether the connection has a descriptor.
func (l *link) canTry() bool { return l.raw != nil }

// tryWrite writes what the kernel takes at once and returns how much that was.
func (l *link) tryWrite(bufs [][]byte) int {
	if l.raw == nil {
		return 0
	}
	l.wrBufs, l.wrN = bufs, 0
	if l.raw.Write(l.wrFn) != nil {
		return 0
	}
	l.wrBufs = nil
	return l.wrN
}

func (l *link) writeReady(fd uintptr) bool {
	var n int
	var err error
	if len(l.wrBufs) == 1 {
		n, err = unix.Write(int(fd), l.wrBufs[0])
	} else {
		n, err = writev(int(fd), l.wrBufs)
	}
	if err == nil {
		l.wrN = n
	}
	return true
}
