package pipe

import (
	"bytes"
	"math"

	"ztools/lib/internal/msg"
)

// Whole messages pass from a pipe into a Batch and from a Batch into a pipe as they
// stand, many under one lock: who passes messages on copies what he does not look at.
// Only the frame that a ROUTER puts before each, the front, is added here or left out.

// Tally counts what was moved.
type Tally struct{ Msgs, Parts, Bytes int }

// Add adds u.
func (t *Tally) Add(u Tally) {
	t.Msgs += u.Msgs
	t.Parts += u.Parts
	t.Bytes += u.Bytes
}

// front counts the frame front, whose body is short.
func (t *Tally) front(front []byte) {
	t.Parts++
	t.Bytes += len(front) - 2
}

// Take moves messages that are there to read to b, each behind the frame front
// unless that is empty: at most n, and no more beyond so many bytes. It moves none
// if what is there is no message.
func (p *Pipe) Take(b *Batch, n, size int, front []byte) (t Tally) {
	q := p.in
	p.takeBack()
	if p.cur.Done(&p.r) && !p.refill() {
		return t
	}
	if len(front) == 0 {
		t = b.move(&p.r, &p.cur, n, size, q.pool)
	} else {
		t = b.moveBehind(front, &p.r, &p.cur, n, size, q.pool)
	}
	p.Consumed(t.Msgs)
	return t
}

// Put moves messages from the cursor of b on, at most n. If front is not empty they
// are those that stand behind that frame, which is left out. It moves none if Write
// would have to do more than append.
func (p *Pipe) Put(b *Batch, c *Cursor, n int, front []byte) (t Tally) {
	q := p.out
	q.lock()
	if q.written >= q.full {
		q.mu.Unlock()
		return t
	}
	n = int(min(uint64(n), q.full-q.written))
	if len(front) == 0 {
		t = q.w.move(b, c, n, math.MaxInt, q.pool)
	} else {
		t = q.w.moveWithout(front, b, c, n, q.pool)
	}
	if t.Msgs == 0 {
		q.mu.Unlock()
		return t
	}
	q.written += uint64(t.Msgs)
	p.wakeLocked()
	return t
}

// Puts is how many messages Put would move at most.
func (p *Pipe) Puts() int {
	q := p.out
	q.lock()
	defer q.mu.Unlock()
	if q.written >= q.full {
		return 0
	}
	return int(min(q.full-q.written, math.MaxInt))
}

// move appends messages of from.
func (b *Batch) move(from *Batch, c *Cursor, n, size int, pool *msg.Pool) (t Tally) {
	end := *c
	for t.Msgs < n && t.Bytes < size && end.pass(from, &t) {
	}
	b.addRun(from, *c, end, pool)
	b.Msgs += t.Msgs
	*c = end
	return t
}

// moveBehind is move with front before each message.
func (b *Batch) moveBehind(front []byte, from *Batch, c *Cursor, n, size int, pool *msg.Pool) (t Tally) {
	for end := *c; t.Msgs < n && t.Bytes < size && end.pass(from, &t); *c = end {
		b.addBytes(front, pool)
		t.front(front)
		b.addRun(from, *c, end, pool)
	}
	b.Msgs += t.Msgs
	return t
}

// moveWithout is move for messages with front before each, which is left out.
func (b *Batch) moveWithout(front []byte, from *Batch, c *Cursor, n int, pool *msg.Pool) (t Tally) {
	for t.Msgs < n && bytes.HasPrefix(from.Bytes[c.At:], front) {
		start := *c
		start.At += len(front)
		end := start
		if !end.pass(from, &t) {
			break
		}
		t.front(front)
		b.addRun(from, start, end, pool)
		*c = end
	}
	b.Msgs += t.Msgs
	return t
}

// addBytes appends frames as they stand.
func (b *Batch) addBytes(frames []byte, pool *msg.Pool) {
	if cap(b.Bytes)-len(b.Bytes) < len(frames) {
		b.grow(len(frames), pool)
	}
	b.Bytes = append(b.Bytes, frames...)
}

// addRun appends the frames of from between two cursors, but does not count them.
func (b *Batch) addRun(from *Batch, start, end Cursor, pool *msg.Pool) {
	shift := len(b.Bytes) - start.At
	b.addBytes(from.Bytes[start.At:end.At], pool)
	for _, e := range from.Ext[start.Ext:end.Ext] {
		e.At += shift
		b.addExt(e, pool)
	}
}

// pass moves c behind the next message and counts it; false if none is left, or if
// what comes next is no message but a routing id or a command.
func (c *Cursor) pass(b *Batch, t *Tally) bool {
	if c.Done(b) {
		return false
	}
	at, ext, parts, size := c.At, c.Ext, 0, 0
	for more := true; more; parts++ {
		flags, n, header := msg.Flags(b.Bytes[at]), int(b.Bytes[at+1]), 2
		switch {
		case flags&^(msg.More|msg.Long) != 0:
			return false
		case flags&msg.Long != 0:
			_, long, _ := msg.ConsumeHeader(b.Bytes[at:])
			n, header = int(long), msg.HeaderMax
		}
		at += header
		if n < msg.RefMin {
			at += n
		} else {
			ext++
		}
		size += n
		more = flags&msg.More != 0
	}
	c.At, c.Ext = at, ext
	t.Add(Tally{1, parts, size})
	return true
}

// Pass moves c behind the next message; false if that is none.
func (c *Cursor) Pass(b *Batch) bool { return c.pass(b, &Tally{}) }

// First is the body of the frame at c.
func (c *Cursor) First(b *Batch) []byte {
	at := *c
	var m msg.Msg
	at.Next(b, &m)
	return m.Body
}
