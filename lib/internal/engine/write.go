package engine

import (
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"ztools/lib/internal/msg"
	"ztools/lib/internal/pipe"
	"ztools/lib/internal/transport"
	"ztools/lib/internal/wire"
)

// The way out:
//
//	1 WriteLoop   sleeps until the pipe has frames, then
//	2 fill        takes as many whole messages as fit a segment
//	3 flush       writes the segment in one call, large bodies by reference
//	4 settle      moves the pipe's cursor behind what was written
//
// A sender that waits for an answer does 2 to 4 itself without blocking
// (tryFlush) and leaves to WriteLoop what the kernel did not take.

// segmentMax is about how many bytes go into one write:
// BenchmarkThroughput/tcp/16 and /tcp/1024 (lib/zmq).
const segmentMax = 256 << 10

// segmentLong is the same for bodies by reference, of which all that a connection
// takes at once should go in one call: BenchmarkThroughput/tcp/1048576 (lib/zmq).
const segmentLong = 2 << 20

// segmentBufs is about how many buffers a segment has: as many as one call takes.
const segmentBufs = 64

// lingerRead is how long a closing connection goes on reading, so that data
// still under way from the peer does not make the kernel reset the connection
// and drop what was sent last; and how often it looks whether an ipc peer has
// read all. A libzmq that has no room for more would drop the rest as soon as the
// connection ends.
const lingerRead = 200 * time.Millisecond

// writer is the state of the way out.
type writer struct {
	mu sync.Mutex // guards the fields below; held by who writes

	broken bool // a write failed: nothing more is sent

	batch *pipe.Batch  // what the segment was taken from
	cur   *pipe.Cursor // the first frame of batch that is not written
	end   pipe.Cursor  // behind the segment's last frame
	bufs  net.Buffers  // what is left to write of the segment
	iov   [][]byte     // memory for bufs
	enc   []byte       // the segment encoded, unless frames pass as they are
	encB  *msg.Buf     // holds enc
	frame msg.Msg      // what fillEncoded is at; here, since a mechanism that is handed one would put it on the heap
	msgs  int          // whole messages in the segment
	sent  int          // bytes of the segment written so far
}

// WriteLoop sends what the socket queues until the pipe has ended, a write
// fails or the engine is stopped.
func (e *Engine) WriteLoop() {
	defer e.written.Done()
	for {
		e.out.mu.Lock()
		ended := e.drain()
		e.out.mu.Unlock()
		if ended {
			return
		}
		select {
		case <-e.port.readable:
		case <-e.done:
			return
		}
	}
}

// drain writes until nothing is left; true says that the loop is over.
func (e *Engine) drain() bool {
	w := &e.out
	for !w.broken {
		if e.ctl.some.Load() && len(w.bufs) == 0 {
			e.flushControl()
			continue
		}
		if len(w.bufs) == 0 && !e.fill() {
			if !e.port.Pipe.Ended() {
				return false
			}
			e.goodbye()
			return true
		}
		n, err := e.write()
		w.sent += n
		if err != nil {
			w.broken = true
			break
		}
		e.settle()
	}
	return true
}

// write writes the rest of the segment.
func (e *Engine) write() (int, error) {
	if c, ok := e.conn.(transport.Framed); ok {
		return c.WriteFrames(e.out.bufs)
	}
	return e.link.write(e.out.bufs)
}

// tryFlush is the eager sender's way: true if all that was queued is written.
func (e *Engine) tryFlush() bool {
	w := &e.out
	if !w.mu.TryLock() {
		return false
	}
	defer w.mu.Unlock()
	for !w.broken && !e.ctl.some.Load() {
		if len(w.bufs) == 0 && !e.fill() {
			return !e.port.Pipe.Ended()
		}
		n := e.link.tryWrite(w.bufs)
		w.sent += n
		if w.bufs = advance(w.bufs, n); len(w.bufs) > 0 {
			return false
		}
		e.settle()
	}
	return false
}

// advance is bufs without their first n bytes. It changes the first one that is
// left.
func advance(bufs net.Buffers, n int) net.Buffers {
	for len(bufs) > 0 && n >= len(bufs[0]) {
		n -= len(bufs[0])
		bufs = bufs[1:]
	}
	if n > 0 {
		bufs[0] = bufs[0][n:]
	}
	return bufs
}

// fill takes the next segment; false if nothing is queued, or if the connection has
// ended: all stays in the pipe then, for the next one.
func (e *Engine) fill() bool {
	w := &e.out
	w.batch, w.cur = e.port.Pipe.Pending()
	if w.batch == nil {
		return false
	}
	if e.unheeded() {
		w.broken = true
		return false
	}
	w.sent, w.end = 0, *w.cur
	w.bufs = w.iov[:0]
	switch {
	case e.raw:
		w.msgs = e.fillRaw()
	case e.plain && !(w.batch.Commands && e.version < wire.ZMTP31):
		w.msgs = e.fillPlain()
	default:
		if w.msgs = e.fillEncoded(); w.broken {
			return false
		}
	}
	w.iov = w.bufs
	e.port.Pipe.Consumed(w.msgs)
	return true
}

// fillPlain makes the segment from the batch's own bytes.
func (e *Engine) fillPlain() (msgs int) {
	w := &e.out
	from := w.cur.At
	if len(w.batch.Bytes)-from <= segmentMax && len(w.batch.Ext) == 0 && from == 0 {
		w.end.At = len(w.batch.Bytes)
		w.bufs = append(w.bufs, w.batch.Bytes)
		return w.batch.Msgs
	}
	limit := segmentMax
	if len(w.batch.Ext) > 0 {
		limit = segmentLong
	}
	var m msg.Msg
	for size := 0; size < limit && len(w.bufs) < segmentBufs && !w.end.Done(w.batch); {
		whole := false
		for !whole {
			start, ext := w.end.At, w.end.Ext
			w.end.Next(w.batch, &m)
			size += w.end.At - start
			if w.end.Ext > ext {
				w.bufs = append(w.bufs, w.batch.Bytes[from:w.end.At], m.Body)
				from = w.end.At
				size += len(m.Body)
			}
			whole = !m.HasMore()
		}
		msgs++
	}
	if from < w.end.At {
		w.bufs = append(w.bufs, w.batch.Bytes[from:w.end.At])
	}
	return msgs
}

// fillEncoded encodes frame by frame for a peer of an older version or behind a
// mechanism that seals. If that fails the connection is over, and the whole
// segment stays in the pipe for the next one.
func (e *Engine) fillEncoded() (msgs int) {
	w := &e.out
	w.encB = e.pool.Get(4096)
	w.enc = w.encB.B[:0]
	m := &w.frame
	defer func() { *m = msg.Msg{} }()
	for len(w.enc) < segmentMax && !w.end.Done(w.batch) {
		for whole := false; !whole; whole = !m.HasMore() {
			w.end.Next(w.batch, m)
			if m.Flags&msg.Command != 0 && e.version < wire.ZMTP31 {
				downgrade(m)
			}
			w.reserve(len(m.Body)+sealMax, e.pool)
			var err error
			if w.enc, err = e.appendFrame(w.enc, m); err != nil {
				w.release(e.pool)
				w.broken = true
				e.Stop()
				return 0
			}
		}
		msgs++
	}
	w.bufs = append(w.bufs, w.enc)
	return msgs
}

// fillRaw makes the segment from bodies alone.
func (e *Engine) fillRaw() (msgs int) {
	w := &e.out
	var m msg.Msg
	for !w.end.Done(w.batch) && len(w.bufs) < segmentBufs {
		w.end.Next(w.batch, &m)
		w.bufs = append(w.bufs, m.Body)
		if !m.HasMore() {
			msgs++
		}
	}
	return msgs
}

// downgrade turns SUBSCRIBE and CANCEL into the messages 01 and 00 that peers
// before ZMTP 3.1 expect.
func downgrade(m *msg.Msg) {
	name, topic, err := wire.ParseCommand(m.Body)
	if err != nil {
		return
	}
	first := byte(0)
	switch string(name) {
	case wire.Subscribe:
		first = 1
	case wire.Cancel:
	default:
		return // JOIN and LEAVE have no older form
	}
	m.Flags &^= msg.Command
	m.Body = append([]byte{first}, topic...)
}

// sealMax is how many bytes more than its body a frame usually takes, with its
// header and what the mechanism adds.
const sealMax = 128

// reserve makes room for n more bytes in enc.
func (w *writer) reserve(n int, pool *msg.Pool) {
	if cap(w.enc)-len(w.enc) >= n {
		return
	}
	next := pool.Get(max(2*cap(w.enc), len(w.enc)+n))
	w.enc = append(next.B[:0], w.enc...)
	pool.Put(w.encB)
	w.encB = next
}

// appendFrame appends a frame as this peer is to get it.
func (e *Engine) appendFrame(dst []byte, m *msg.Msg) ([]byte, error) {
	switch {
	case e.framing.Web():
		return e.appendWeb(dst, m)
	case e.mech != nil:
		return e.mech.Seal(dst, m)
	}
	return encode(dst, e.framing, m.Flags, m.Body), nil
}

// encode appends a frame in one of the forms.
func encode(dst []byte, f wire.Framing, flags msg.Flags, body []byte) []byte {
	switch f {
	case wire.V1:
		return wire.AppendFrameV1(dst, flags, body)
	case wire.WS:
		return wire.AppendFrameWS(dst, flags, body, false, 0)
	case wire.WSMasked:
		return wire.AppendFrameWS(dst, flags, body, true, rand.Uint32())
	}
	return wire.AppendFrameV2(dst, flags, body)
}

// settle ends a segment that was written whole.
func (e *Engine) settle() {
	w := &e.out
	for i := w.cur.Ext; i < w.end.Ext; i++ {
		e.pool.Put(w.batch.Ext[i].Buf)
		w.batch.Ext[i] = pipe.Ext{}
	}
	*w.cur = w.end
	e.port.Pipe.Sent(w.msgs)
	clear(w.iov)
	w.bufs = w.iov[:0]
	w.release(e.pool)
}

// release gives the memory of enc back.
func (w *writer) release(pool *msg.Pool) {
	pool.Put(w.encB)
	w.enc, w.encB = nil, nil
}

// abandon ends a segment that was not written whole: what was not begun stays in
// the pipe. A message of which the peer got a part is gone, as with libzmq, since
// that peer may have refused it and would do so again.
func (w *writer) abandon(e *Engine) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = true
	if w.batch == nil || len(w.bufs) == 0 {
		return
	}
	left, msgs := w.sent, 0
	cur := *w.cur
	rest := w.enc
	var m msg.Msg
	for (left > 0 || m.HasMore()) && cur.At < w.end.At {
		cur.Next(w.batch, &m)
		switch {
		case e.raw:
			left -= len(m.Body)
		case w.encB != nil:
			h, _, _ := wire.ConsumeHeader(e.framing.Reverse(), rest)
			size := h.Len + int(h.Size)
			rest = rest[size:]
			left -= size
		default:
			left -= headerLen(len(m.Body)) + len(m.Body)
		}
		if !m.HasMore() {
			msgs++
		}
	}
	e.port.Pipe.Consumed(msgs - w.msgs)
	w.end, w.msgs = cur, msgs
	e.settle()
}

func headerLen(size int) int {
	if size < 256 {
		return 2
	}
	return msg.HeaderMax
}

// flushControl writes the engine's own frames, between two messages.
func (e *Engine) flushControl() {
	b := e.ctl.take()
	switch {
	case e.framing.Web():
		b = e.webControl(b)
	case !e.plain && e.mech != nil:
		b = e.sealControl(b)
	}
	if _, err := transport.Write(e.conn, b); err != nil {
		e.out.broken = true
	}
}

// sealControl is the frames in b as the mechanism sends them. That is done here,
// as frames must be sealed in the order in which they are written.
func (e *Engine) sealControl(b []byte) (sealed []byte) {
	for len(b) > 0 {
		flags, size, n := msg.ConsumeHeader(b)
		end := n + int(size)
		m := msg.Msg{Flags: flags &^ msg.Long, Body: b[n:end]}
		b = b[end:]
		var err error
		if sealed, err = e.mech.Seal(sealed, &m); err != nil {
			e.out.broken = true
			e.Stop()
			return nil
		}
	}
	return sealed
}

// goodbye says that nothing more will come and lets ReadLoop wait a moment for
// the peer to leave too.
func (e *Engine) goodbye() {
	if e.framing.Web() {
		e.webLeave()
	}
	c, ok := e.conn.(interface{ CloseWrite() error })
	if ok {
		e.deadline.leave(lingerRead) // first: the peer may leave at once
	}
	if !ok || c.CloseWrite() != nil {
		e.Stop()
	}
}
