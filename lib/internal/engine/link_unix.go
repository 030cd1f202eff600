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
	fd   int             // of raw, for those who wait outside Go
	tcp  bool

	// Arguments and results of the callbacks, which are made once so that a
	// read allocates nothing. rd* belongs to who reads, wr* to the writer.
	rdFn, wrFn func(fd uintptr) bool
	rdBuf      *buffer
	rdMax      int
	rdBody     []byte
	rdIov      [2][]byte
	rdN        int
	rdErr      error
	rdLow      int // bytes that wake the reader
	rdTry      bool
	wrBufs     [][]byte
	wrWait     bool
	wrN        int
	wrErr      error
}

func (l *link) open(conn net.Conn) {
	l.conn = conn
	if _, ok := conn.(transport.Framed); ok {
		return // its descriptor carries something else
	}
	if c, ok := conn.(syscall.Conn); ok {
		if raw, err := c.SyscallConn(); err == nil {
			l.raw, l.fd = raw, -1
			l.rdFn, l.wrFn = l.readReady, l.writeReady
			l.rdLow = 1
			raw.Control(func(fd uintptr) { l.fd = int(fd) }) // fails if the connection is closed already
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

// patient says whether read waits for bytes. If not, it fails with errNothing in place
// of that.
func (l *link) patient(waits bool) { l.rdTry = !waits }

// readReady is one attempt; false asks to wait until the descriptor is readable.
func (l *link) readReady(fd uintptr) bool {
	l.rdIov = [2][]byte{l.rdBody, l.rdBuf.space(l.rdMax)}
	iov := l.rdIov[:]
	if len(l.rdBody) == 0 {
		iov = iov[1:]
	}
	l.rdN, l.rdErr = readv(int(fd), iov)
	if l.rdErr == unix.EAGAIN {
		l.rdBuf.rest()
		l.wakeAt(int(fd), len(l.rdBody))
		l.rdErr = errNothing
		return l.rdTry
	}
	return true
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

// From which rest on waking is put off, and until how many bytes at most:
// BenchmarkThroughput/tcp/1048576 (lib/zmq).
const (
	lowFrom = 64 << 10
	lowMost = 256 << 10
)

// descriptor is what becomes readable when there is something to read.
func (l *link) descriptor() int { return l.fd }

// canTry reports whether the connection has a descriptor.
func (l *link) canTry() bool { return l.raw != nil }

// tryWrite writes what the kernel takes at once and returns how much that was.
func (l *link) tryWrite(bufs [][]byte) int {
	if l.raw == nil {
		return 0
	}
	n, _ := l.writev(bufs, false)
	return n
}

// write writes all of bufs, waiting as long as the kernel takes no more. It
// returns how many bytes were written.
func (l *link) write(bufs net.Buffers) (int, error) {
	if l.raw == nil || !gathers {
		return writePlain(l.conn, bufs)
	}
	sent := 0
	for len(bufs) > 0 {
		n, err := l.writev(bufs, true)
		if sent += n; err != nil {
			return sent, err
		}
		bufs = advance(bufs, n)
	}
	return sent, nil
}

// writev is one call, for which it waits if it may.
func (l *link) writev(bufs [][]byte, wait bool) (int, error) {
	l.wrBufs, l.wrWait = bufs, wait
	l.wrN, l.wrErr = 0, nil // there is no attempt if the connection was closed
	err := l.raw.Write(l.wrFn)
	l.wrBufs = nil
	if err == nil {
		err = l.wrErr
	}
	return l.wrN, err
}

// writeReady is one attempt; false asks to wait until the descriptor is
// writable.
func (l *link) writeReady(fd uintptr) bool {
	l.wrN, l.wrErr = writev(int(fd), l.wrBufs)
	return l.wrErr != unix.EAGAIN || !l.wrWait
}

// ended reports whether the peer has closed the connection, as far as the system can
// tell without a read.
func (l *link) ended() (yes bool) {
	if l.raw != nil {
		err := l.raw.Control(func(fd uintptr) { yes = hungUp(int(fd)) })
		yes = yes || err != nil
	}
	return yes
}

// unread reports whether the peer has still to read some of what was sent. For
// tcp that does not matter, since the system delivers it after the end.
func (l *link) unread() (some bool) {
	if l.raw != nil && !l.tcp {
		l.raw.Control(func(fd uintptr) { some = queued(int(fd)) > 0 })
	}
	return some
}

// jammed is how many bytes have to be read before the system takes packets of the
// peer again, if it takes none and the peer has not acknowledged everything.
func (l *link) jammed() (n int) {
	if l.raw != nil && l.tcp {
		l.raw.Control(func(fd uintptr) {
			if queued(int(fd)) > 0 {
				n = overflow(int(fd))
			}
		})
	}
	return n
}

// tryRead reads what is there into p and returns how much that was.
func (l *link) tryRead(p []byte) (n int) {
	l.raw.Read(func(fd uintptr) bool {
		for n < len(p) {
			k, err := readv(int(fd), [][]byte{p[n:]})
			if k == 0 || err != nil {
				break
			}
			n += k
		}
		return true
	})
	return n
}
