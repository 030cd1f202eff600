package pipe

import "ztools/lib/internal/msg"

// What follows is called by who reads from an end, of which there is one at a time.

// CheckRead reports whether a frame is there to read. If not, Readable will be
// told when one is, or Closed if none will come.
func (p *Pipe) CheckRead() bool {
	if p.laid != nil {
		p.follow()
	}
	return !p.cur.Done(&p.r) || p.refill()
}

// Peek reads the next frame without taking it. Its body is valid until the
// next call on this end.
func (p *Pipe) Peek(m *msg.Msg) bool {
	if !p.CheckRead() {
		return false
	}
	c := p.cur
	c.Next(&p.r, m)
	return true
}

// Read takes the next frame. A body below msg.RefMin is valid until the next
// call on this end; a larger one belongs to the caller.
func (p *Pipe) Read(m *msg.Msg) bool {
	if !p.cur.nextSmall(&p.r, m) && !p.readRare(m) {
		return false
	}
	if m.Flags&(msg.More|msg.Identity) == 0 {
		p.read++
		if p.read >= p.ackAt.Load() {
			p.ack()
		}
	}
	return true
}

// ReadShort is Read for the commonest message, one part shorter than msg.RefMin, of
// what was taken already. false if it did nothing.
func (p *Pipe) ReadShort() (body []byte, meta *msg.Meta, ok bool) {
	body, ok = p.cur.nextShort(&p.r)
	if !ok {
		return nil, nil, false
	}
	p.read++
	if p.read >= p.ackAt.Load() {
		p.ack()
	}
	return body, p.cur.meta, true
}

// readRare is Read when more is needed than to move the cursor.
func (p *Pipe) readRare(m *msg.Msg) bool {
	p.takeBack()
	if p.cur.Done(&p.r) && !p.refill() {
		return false
	}
	p.cur.Next(&p.r, m)
	return true
}

// Skip takes the next frame and drops it.
func (p *Pipe) Skip() bool {
	var m msg.Msg
	if !p.Read(&m) {
		return false
	}
	p.in.pool.Put(m.Buf)
	return true
}

// Touch reads a little of what Read needs first, so that it is in the processor's
// cache by then.
func (p *Pipe) Touch() int { return p.cur.At }

// TouchWindow is Touch for what Open needs after that, the lines of the next frames.
func (p *Pipe) TouchWindow() (sum int) {
	if p.cur.Done(&p.r) {
		return 0
	}
	b := p.r.Bytes[p.cur.At:]
	for at := 0; at < min(len(b), windowFrames+cacheLine); at += cacheLine {
		sum += int(b[at])
	}
	return sum
}

// refill swaps an exhausted batch for all that was written meanwhile.
func (p *Pipe) refill() bool {
	q := p.in
	p.takeBack()
	meta := p.cur.meta
	if n := len(p.r.marks); n > 0 {
		meta = p.r.marks[n-1].meta
	}
	q.mu.Lock()
	if q.lane != nil && len(q.w.Bytes) == 0 {
		q.takeLocked()
	}
	if len(q.w.Bytes) == 0 {
		q.asleep = true
		q.taken = 0
		p.r.release(q.pool)
		q.w.releaseBytes(q.pool)
		p.cur = Cursor{meta: meta}
		p.tellEmptyLocked()
		return false
	}
	q.countLocked()
	p.r.Reset()
	p.r, q.w = q.w, p.r
	q.taken = p.r.Msgs
	p.cur = Cursor{meta: meta}
	q.asleep = false
	q.mu.Unlock()
	return true
}

// tellEmptyLocked unlocks the incoming queue, in which nothing is left to read,
// and tells the end of it, or a writer that still waits: one whose limit was
// lowered below what the reader would acknowledge next.
func (p *Pipe) tellEmptyLocked() {
	q := p.in
	closed, blocked := q.closed && !q.told, q.blocked && !q.closed
	reader, writer := q.reader, q.writer
	q.told = q.told || closed
	if blocked {
		q.blocked = false
		q.acked = max(q.acked, p.read)
		q.setFullLocked()
	}
	q.mu.Unlock()
	if closed && reader != nil {
		reader.Closed(p)
	}
	if blocked && writer != nil {
		writer.Writable(p.peer)
	}
}

// ack gives the writer credit up to the last multiple of the low-water mark, as
// libzmq does.
func (p *Pipe) ack() {
	q := p.in
	q.mu.Lock()
	q.acked = max(q.acked, p.read-p.read%uint64(max(q.lwm, 1)))
	q.setFullLocked()
	p.setAckAt()
	q.unlockRoom(p.peer)
}

// Pending gives a connection the frames to send: what is left of the batch it
// took before, else all that was written since. The cursor and the batch are
// the caller's until the next call; Consumed moves on. It returns nil when
// there is nothing, after which Readable will be told.
func (p *Pipe) Pending() (*Batch, *Cursor) {
	if p.cur.Done(&p.r) && !p.refill() {
		return nil, nil
	}
	return &p.r, &p.cur
}

// Consumed says that the reader that uses Pending has moved its cursor over n
// messages.
func (p *Pipe) Consumed(n int) {
	p.read += uint64(n)
	if p.read >= p.ackAt.Load() {
		p.ack()
	}
}

// Sent says that n messages that were consumed have been handed on for good.
func (p *Pipe) Sent(n int) { p.sent.Add(uint64(n)) }

// Unsent counts the messages that the other end has written and that Sent has
// not been told of.
func (p *Pipe) Unsent() int {
	p.in.lock()
	defer p.in.mu.Unlock()
	return int(p.in.written - p.sent.Load())
}
