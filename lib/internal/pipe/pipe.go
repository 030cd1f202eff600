// Package pipe is the hand-over point between goroutines: between a socket and
// a connection, or between two sockets of one process (inproc).
//
//	socket A                                             socket B or connection
//	   Pipe ── out ──► queue (bytes, HWM, credit) ──► in ── Pipe
//	   Pipe ◄── in ─── queue                     ◄── out ── Pipe
//
// A queue has one writer and one reader at a time. The writer appends frames
// under the queue's lock; the reader takes everything written so far in one
// swap and then reads it without a lock. Parts of a message are staged by the
// writer and appear together with the last part, so a reader never sees half a
// message and taking back a begun one (Rollback) is free.
//
// The high-water mark counts as libzmq's pipe.cpp does: whole messages, written
// less acknowledged; the reader acknowledges each time it has read another
// (hwm+1)/2.
//
// Lock order: a socket's lock may be held while a queue's is taken, never the
// other way round. An Owner is called with no queue lock held, but possibly
// with the caller's socket lock: it must only take leaf locks of its own.
package pipe

import (
	"sync/atomic"

	"ztools/lib/internal/msg"
)

// An Owner sits at one end of a pipe and is told when its end changed. Each
// change is told once: Readable after a read that found nothing, Writable after
// a write that found no room, Closed when the other end has closed and all it
// wrote has been read.
type Owner interface {
	Readable(*Pipe)
	Writable(*Pipe)
	Closed(*Pipe)
}

// Config is what a pipe is made from. Limits are in messages, 0 is unlimited.
type Config struct {
	Pool *msg.Pool
	// AtoB and BtoA limit the two directions.
	AtoB, BtoA Limit
	// Conflate keeps only the newest frame in either direction.
	Conflate bool
}

// Limit is the limit of one direction. For inproc both ends queue, so the sum
// counts and 0 on either side is no limit; over a network only one end does and
// the other is NoBoost.
type Limit struct{ Snd, Rcv int }

// NoBoost says that the other end of a queue has no limit of its own to add.
const NoBoost = -1

func (l Limit) hwm() int {
	switch {
	case l.Snd == 0 || l.Rcv == 0:
		return 0
	case l.Snd < 0:
		return l.Rcv
	case l.Rcv < 0:
		return l.Snd
	}
	return l.Snd + l.Rcv
}

// Pipe is one end of a two-way connection.
type Pipe struct {
	reader // first: see there

	in, out *queue
	peer    *Pipe

	// The fields below belong to the holder of the end (for a socket: to its
	// pattern, under the socket's lock). The pipe does not look at them.

	Index     [3]int      // places in the holder's lists
	RoutingID string      // ROUTER, REP, STREAM: the peer's id
	ID        uint32      // SERVER, PEER: the peer's id
	Local     bool        // the connection was made by connect, not by bind
	All       bool        // nobody can subscribe over it (udp, pgm, norm): it gets every message
	Tag       any         // the holder's own
	Lent      atomic.Bool // the holder gives each buffer back, so the other end may write memory that is lent
	Conn      uint64      // inproc: the number of the connection at this end
	Dropped   uint64      // messages for the peer that found no room
	Turn      uint64      // of the distributor: the message that was counted last
	Credit    int         // of the distributor: so many messages at least find room, unless Limited
	Limited   atomic.Bool // somebody, perhaps at the other end, has changed the limit of what is written here
}

// reader is what an end knows of its reading, and owns. To read a short message
// only the first 64 bytes are needed, down to the memory of r: the thousandth peer
// whose turn it is comes from a cache far away (BenchmarkPullRecvMany of pattern).
type reader struct {
	read  uint64        // messages
	ackAt atomic.Uint64 // the value of read at which the reader acknowledges; set by all
	cur   Cursor
	r     Batch // what was taken of the incoming queue

	laid *Lane         // set under the queue's lock: where it reads, or nil
	seen int           // bytes of laid before the cursor
	sent atomic.Uint64 // messages that were handed on
}

// New makes a pipe and returns its two ends.
func New(c Config) (a, b *Pipe) {
	ab, ba := newQueue(&c, c.AtoB), newQueue(&c, c.BtoA)
	a = &Pipe{in: ba, out: ab, Index: [3]int{-1, -1, -1}}
	b = &Pipe{in: ab, out: ba, Index: [3]int{-1, -1, -1}}
	a.peer, b.peer = b, a
	a.setAckAt()
	b.setAckAt()
	return a, b
}

// Own makes o the owner of this end from now on. The new owner finds out by
// CheckRead and CheckWrite what happened before.
func (p *Pipe) Own(o Owner) {
	p.in.lock()
	p.in.reader = o
	p.in.mu.Unlock()
	p.out.lock()
	p.out.writer = o
	p.out.mu.Unlock()
}

// Peer is the other end.
func (p *Pipe) Peer() *Pipe { return p.peer }

// SetLimits changes the limits of both directions while messages flow; what is
// queued stays.
func (p *Pipe) SetLimits(out, in Limit) {
	p.out.setLimit(out, p)
	p.in.setLimit(in, p.peer)
}

// Limits are the limits in force.
func (p *Pipe) Limits() (out, in Limit) {
	p.out.lock()
	out = p.out.limit
	p.out.mu.Unlock()
	p.in.lock()
	in = p.in.limit
	p.in.mu.Unlock()
	return out, in
}

// CheckWrite reports whether a message may be written now. If not, Writable
// will be told when one may.
func (p *Pipe) CheckWrite() bool {
	q := p.out
	q.lock()
	ok := q.roomLocked() > 0
	q.mu.Unlock()
	return ok
}

// Room is how many messages may be written now, at most the largest int. If it
// is 0, Writable will be told when that changes.
func (p *Pipe) Room() int {
	q := p.out
	q.lock()
	defer q.mu.Unlock()
	return q.roomLocked()
}

// Write appends one frame. It returns false, and has done nothing, if the
// queue is full or the other end is gone; only the first frame of a message
// can be refused. The last frame of a message makes the message visible. On
// success a body of msg.RefMin bytes and more belongs to the pipe.
func (p *Pipe) Write(m *msg.Msg) bool {
	q := p.out
	if m.Flags&msg.More != 0 || q.staging {
		return p.writePart(m)
	}
	q.lock()
	if q.written >= q.full {
		return p.writeRareLocked(m)
	}
	if m.Flags != 0 || len(m.Body) >= msg.RefMin || !q.w.addShort(m.Body) {
		q.w.Add(m, q.pool)
	}
	if m.Flags&msg.Identity == 0 {
		q.written++
	}
	if !q.asleep {
		q.mu.Unlock()
		return true
	}
	p.wakeLocked()
	return true
}

// Push appends a message of one part for which there need not be room: what the
// connection itself has to tell.
func (p *Pipe) Push(m *msg.Msg) {
	q := p.out
	q.lock()
	if q.deaf || q.closed {
		q.mu.Unlock()
		return
	}
	if q.conflate {
		q.dropLocked()
	}
	q.w.Add(m, q.pool)
	q.written++
	p.wakeLocked()
}

// SetLast has m follow all that the other end writes, once that has closed. m is
// a message of one part.
func (p *Pipe) SetLast(m *msg.Msg) {
	p.in.lock()
	p.in.last = m
	p.in.mu.Unlock()
}

// writeRareLocked is Write when something other than appending has to happen.
// It unlocks.
func (p *Pipe) writeRareLocked(m *msg.Msg) bool {
	q := p.out
	if q.conflate && !q.deaf && !q.closed {
		q.lost += uint64(q.w.Msgs)
		q.dropLocked()
		q.w.Add(m, q.pool)
		q.written += uint64(q.w.Msgs)
		p.wakeLocked()
		return true
	}
	q.roomLocked() // notes that the writer waits
	q.mu.Unlock()
	return false
}

// writePart stages a frame of a multipart message.
func (p *Pipe) writePart(m *msg.Msg) bool {
	q := p.out
	if !q.staging {
		if !p.CheckWrite() {
			return false
		}
		q.staging = true
	}
	if q.conflate { // no multipart: each part replaces the one before
		q.stage.Drop(q.pool)
	}
	q.stage.Add(m, q.pool)
	if m.Flags&msg.More != 0 {
		return true
	}
	q.staging = false
	q.lock()
	if q.deaf || q.closed {
		q.lost++ // the peer left in the middle
		q.mu.Unlock()
		q.stage.Drop(q.pool)
		return true
	}
	if q.conflate {
		q.dropLocked()
	}
	q.w.splice(&q.stage, q.pool)
	q.written += uint64(q.stage.Msgs)
	quiet := q.asleep // then a writer of few messages keeps no memory
	p.wakeLocked()
	if quiet || len(q.stage.Bytes) > 4096 {
		q.stage.release(q.pool)
	} else {
		q.stage.Reset()
	}
	return true
}

// WriteRun appends msgs whole messages that stand in run as ZMTP 3 frames, all
// with bodies below msg.RefMin and none a command. The caller has asked Room.
func (p *Pipe) WriteRun(run []byte, msgs int) {
	q := p.out
	q.lock()
	if q.deaf || q.closed {
		q.mu.Unlock()
		return
	}
	if q.conflate {
		q.mu.Unlock()
		for from, c := (Batch{Bytes: run}), (Cursor{}); !c.Done(&from); {
			var m msg.Msg
			c.Next(&from, &m)
			p.Write(&m)
		}
		return
	}
	if cap(q.w.Bytes)-len(q.w.Bytes) < len(run) {
		q.w.grow(len(run), q.pool)
	}
	q.w.Bytes = append(q.w.Bytes, run...)
	q.w.Msgs += msgs
	q.written += uint64(msgs)
	p.wakeLocked()
}

// SetMeta says that the messages written from here on came over another
// connection.
func (p *Pipe) SetMeta(meta *msg.Meta) {
	q := p.out
	q.lock()
	q.w.setMeta(meta)
	q.mu.Unlock()
}

// wakeLocked unlocks the queue and tells a reader that found nothing.
func (p *Pipe) wakeLocked() {
	q := p.out
	wake := q.asleep
	q.asleep = false
	owner := q.reader
	q.mu.Unlock()
	if wake && owner != nil {
		owner.Readable(p.peer)
	}
}

// Rollback takes back the frames of a message whose last part was not written.
func (p *Pipe) Rollback() {
	q := p.out
	if q.staging {
		q.staging = false
		q.stage.Drop(q.pool)
	}
}

// Shut ends the outgoing direction: what was written can still be read, and
// then the other end is told Closed.
func (p *Pipe) Shut() {
	p.Rollback()
	p.out.lock()
	last := p.out.last
	p.out.last = nil
	p.out.mu.Unlock()
	if last != nil {
		p.Push(last)
	}
	p.out.close(p.peer)
}

// Close ends both directions for this end. What it wrote can still be read by
// the other end, what it has not read is dropped. The owner of this end is told
// nothing more. It must be called by the end's reader, or with the reader
// stopped.
func (p *Pipe) Close() {
	p.Own(nil)
	p.Shut()
	q := p.in
	p.takeBack()
	q.lock()
	q.deaf = true
	q.setFullLocked()
	p.forgetLocked()
	wake := q.blocked
	q.blocked = false
	owner := q.writer
	q.mu.Unlock()
	if wake && owner != nil {
		owner.Writable(p.peer) // it finds that the other end is gone
	}
}

// Hangup makes the other end's writes go nowhere from now on and ends this
// end's own, but lets this end go on reading what is queued: how a connection
// is ended that may still linger.
func (p *Pipe) Hangup() {
	q := p.in
	q.close(p)
	q.lock()
	wake := q.blocked
	q.blocked = false
	owner := q.writer
	q.mu.Unlock()
	if wake && owner != nil {
		owner.Writable(p.peer) // it finds that nobody takes more
	}
	p.Shut()
}

// Ended reports whether the other end has closed and all it wrote was read.
func (p *Pipe) Ended() bool {
	if !p.cur.Done(&p.r) {
		return false
	}
	q := p.in
	q.lock()
	defer q.mu.Unlock()
	return q.closed && len(q.w.Bytes) == 0
}

// Gone reports whether the other end no longer reads.
func (p *Pipe) Gone() bool {
	p.out.lock()
	defer p.out.mu.Unlock()
	return p.out.deaf || p.out.closed
}

// NoDelay drops the incoming direction: this end never reads, so Closed is told
// as soon as the other end closes (PUSH, PUB).
func (p *Pipe) NoDelay() {
	q := p.in
	q.lock()
	q.nodelay = true
	q.asleep = true
	closed := q.closed
	q.mu.Unlock()
	if closed {
		q.close(p)
	}
}

// Queued counts the messages of each direction that were written and not yet
// read. Those that the reader took as one batch count until it has read all of
// them and looks for more.
func (p *Pipe) Queued() (out, in int) {
	return p.out.queued(), p.in.queued()
}
