//go:build !unix

package engine

import "net"

// link reads a connection through net.Conn; see link_unix.go for what more a
// descriptor allows.
type link struct{ conn net.Conn }

func (l *link) open(conn net.Conn) { l.conn = conn }

func (l *link) read(buf *buffer, body []byte, max int) (int, error) {
	return readPlain(l.conn, buf, body, max)
}

func (l *link) patient(bool) {}

func (l *link) descriptor() int { return -1 }

func (l *link) canTry() bool { return false }

func (l *link) tryWrite([][]byte) int { return 0 }

func (l *link) write(bufs net.Buffers) (int, error) {
	return writePlain(l.conn, bufs)
}

func (l *link) ended() bool { return false }

func (l *link) unread() bool { return false }

func (l *link) jammed() int { return 0 }

func (l *link) tryRead([]byte) int { return 0 }
