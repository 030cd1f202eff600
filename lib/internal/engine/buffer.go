package engine

import (
	"errors"
	"io"
	"net"

	"ztools/lib/internal/msg"
)

// bufferSize is how much is read at once: BenchmarkThroughput/tcp/16 (lib/zmq), and
// the row idle of make compare.
const bufferSize = 128 << 10

// errEOF says that the peer closed the connection.
var errEOF error = io.EOF

// buffer holds bytes that were read and not yet decoded. It owns memory only
// while it holds bytes or while a read is under way.
type buffer struct {
	pool *msg.Pool
	mem  *msg.Buf
	r, w int // the undecoded bytes are mem.B[r:w]
}

// bytes are the undecoded bytes.
func (b *buffer) bytes() []byte {
	if b.mem == nil {
		return nil
	}
	return b.mem.B[b.r:b.w]
}

// space is where at most max further bytes go. There is always some: what is
// undecoded is less than a frame of msg.RefMin bytes.
func (b *buffer) space(max int) []byte {
	if need := min(b.w-b.r+max, bufferSize); b.mem == nil || len(b.mem.B) < need {
		b.move(need)
	}
	if b.r > 0 {
		b.w = copy(b.mem.B, b.mem.B[b.r:b.w])
		b.r = 0
	}
	return b.mem.B[b.w:min(b.w+max, len(b.mem.B))]
}

// move moves the undecoded bytes to memory of at least size bytes.
func (b *buffer) move(size int) {
	next := b.pool.Get(size)
	b.r, b.w = 0, copy(next.B, b.bytes())
	b.pool.Put(b.mem)
	b.mem = next
}

// shrink gives memory back that is much more than the bytes in it need, before they
// have to wait.
func (b *buffer) shrink() {
	if b.mem != nil && b.w-b.r < shrinkMax && len(b.mem.B) > shrinkMax {
		b.move(shrinkMax)
	}
}

// shrinkMax is the size of the smallest buffers.
const shrinkMax = 4 << 10

// rest gives the memory back if no bytes are in it.
func (b *buffer) rest() {
	if b.r == b.w && b.mem != nil {
		b.pool.Put(b.mem)
		b.mem, b.r, b.w = nil, 0, 0
	}
}

// load puts bytes in that were read before the buffer was there.
func (b *buffer) load(p []byte) {
	if len(p) == 0 {
		return
	}
	b.mem = b.pool.Get(max(bufferSize, len(p)))
	b.w = copy(b.mem.B, p)
}

// readPlain is link.read for a connection without a descriptor.
func readPlain(conn net.Conn, buf *buffer, body []byte, max int) (int, error) {
	p := body
	if len(p) == 0 {
		p = buf.space(max)
	}
	n, err := conn.Read(p)
	if n > 0 {
		return n, nil
	}
	if err == nil {
		err = errors.New("read returned nothing")
	}
	return 0, err
}

// writePlain is link.write for a connection without a descriptor.
func writePlain(conn net.Conn, bufs net.Buffers) (int, error) {
	n, err := bufs.WriteTo(conn)
	return int(n), err
}
