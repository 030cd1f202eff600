package pipe

import (
	"runtime"
	"sync/atomic"

	"ztools/lib/internal/msg"
)

// LaneSize is how many bytes of frames a Lane holds: the row cabi/thr/16 of make
// compare.
const LaneSize = 8 << 10

// A Lane is memory by which code outside Go appends short messages to a queue
// without a call into Go (lib/libzmq: such a call costs more than the message):
//
//	1 Lend     the queue opens the lane, if its reader is awake and there is room
//	2 append   the other side, under Lock, while Open is not 0
//	3 take     the queue takes what is there, and closes the lane: before its reader
//	           goes to sleep, and before anything else happens at its writing end
//
// So the order is kept, the limit holds, and a sleeping reader is always woken by
// a call. In the other direction a Lane is memory from which code outside Go reads:
//
//	1 Lay      the queue copies what is to be read next into the lane, and opens it
//	2 read     the other side, under Lock, while Open is not 0
//	3 follow   the queue moves its cursor behind what was read, and closes the lane
//	           before anything else is read
//
// So a message in the lane is one that was not read yet, and whatever has to be done
// besides reading it, such as an acknowledgement, is done by a call, as ever. The
// memory must be outside Go's. A Lane is lent to one queue at a time.
type Lane struct {
	Lock uint32 // 1 while somebody looks; guards the fields below, after queue.mu
	Open uint32 // 0: nothing may be appended or read. Set to 1 only under Lock; read at any time
	Room uint32 // so many messages may be appended
	Msgs uint32 // were appended or read
	Used uint32 // bytes of Bytes
	At   uint32 // bytes that were read
	// Bytes are frames of one part with bodies of less than 256 bytes, as ZMTP 3
	// has them: 0, size, body.
	Bytes [LaneSize]byte
}

// lock takes Lock, which is held for some nanoseconds, unless its thread was
// preempted.
func (l *Lane) lock() {
	for i := 1; atomic.LoadUint32(&l.Lock) != 0 || !atomic.CompareAndSwapUint32(&l.Lock, 0, 1); i++ {
		if i%laneSpins == 0 {
			runtime.Gosched()
		}
	}
}

// laneSpins is how often the lock is looked at between two calls of the scheduler:
// the row cabi/thr/16 of make compare.
const laneSpins = 64

func (l *Lane) unlock() { atomic.StoreUint32(&l.Lock, 0) }

// laneRoom is the most messages that a lane is opened for.
const laneRoom = LaneSize / 2

// Lend opens l for the outgoing queue. It does nothing if a message would have to
// do more than to be appended, or if the queue has a lane. Like Write it is a call of
// the writing end, of which there is one at a time.
func (p *Pipe) Lend(l *Lane) {
	q := p.out
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.asleep || q.staging || q.lane != nil || q.written >= q.full {
		return
	}
	l.lock()
	defer l.unlock()
	if l.Open != 0 || l.Used != 0 {
		return // it is lent to another queue
	}
	q.lane = l
	l.Room = uint32(min(q.full-q.written, laneRoom))
	atomic.StoreUint32(&l.Open, 1)
}

// Reclaim takes what is in the lane that was lent, if there is one, and closes it.
func (p *Pipe) Reclaim() {
	p.out.lock()
	p.out.mu.Unlock()
}

// lock locks the queue for the writing end. All appended before is in w then.
func (q *queue) lock() {
	q.mu.Lock()
	if q.lane != nil {
		q.takeLocked()
	}
}

// takeLocked takes what is in the lane, and closes it.
func (q *queue) takeLocked() {
	l := q.lane
	q.lane = nil
	l.lock()
	defer l.unlock()
	l.Close()
	used, msgs := l.Used, l.Msgs
	l.Used, l.Msgs = 0, 0
	if used > LaneSize { // the memory is not Go's
		return
	}
	if cap(q.w.Bytes)-len(q.w.Bytes) < int(used) {
		q.w.grow(int(used), q.pool)
	}
	q.w.Bytes = append(q.w.Bytes, l.Bytes[:used]...)
	q.w.Msgs += int(msgs)
	q.written += uint64(msgs)
}

// Close lets nothing more be appended or read without a call. It may be called at
// any time, but does not wait for who is just doing it.
func (l *Lane) Close() { atomic.StoreUint32(&l.Open, 0) }

// Lay copies the short messages that are to be read next into l, which belongs to the
// incoming queue until it is taken back. It does nothing if there are none, or if the
// queue has a lane. They are all of one connection, whose properties are told before
// the lane opens. Like Read it is a call of the reading end.
func (p *Pipe) Lay(l *Lane, tell func(*Lane, *msg.Meta)) {
	q := p.in
	if p.laid != nil || p.cur.Done(&p.r) {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	n := p.ahead()
	if n == 0 {
		return
	}
	l.lock()
	defer l.unlock()
	if l.Used != 0 {
		return // it is lent to another queue
	}
	p.laid, p.seen = l, 0
	p.cur.mistrust(&p.r)
	l.Used, l.At, l.Msgs = uint32(copy(l.Bytes[:], p.r.Bytes[p.cur.At:p.cur.At+n])), 0, 0
	tell(l, p.cur.meta)
	atomic.StoreUint32(&l.Open, 1)
}

// ahead is how many bytes the messages have that come next and may lie in a lane. The
// one whose reading is to be acknowledged may not.
func (p *Pipe) ahead() (n int) {
	if p.cur.mark != plain && int(p.cur.mark) != len(p.r.marks) {
		return 0
	}
	b, ackAt := p.r.Bytes[p.cur.At:], p.ackAt.Load()
	for read := p.read + 1; read < ackAt && n < len(b) && b[n] == 0; read++ {
		next := n + 2 + int(b[n+1])
		if next > LaneSize {
			break
		}
		n = next
	}
	return n
}

// follow moves the cursor behind what was read from the lane.
func (p *Pipe) follow() {
	p.laid.lock()
	p.followLocked()
	p.laid.unlock()
}

func (p *Pipe) followLocked() {
	l := p.laid
	at := min(int(l.At), LaneSize) // the memory is not Go's
	p.cur.At = min(p.cur.At+max(0, at-p.seen), len(p.r.Bytes))
	p.read += uint64(l.Msgs)
	p.seen, l.Msgs = at, 0
}

// takeBack closes the lane from which was read, if there is one, and follows.
func (p *Pipe) takeBack() {
	if p.laid == nil {
		return
	}
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	l := p.laid
	l.lock()
	l.Close()
	p.followLocked()
	l.Used = 0
	l.unlock()
	p.laid = nil
}
