package pipe

import (
	"runtime"
	"sync/atomic"
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
// a call. The memory must be outside Go's. A Lane is lent to one queue at a time.
type Lane struct {
	Lock uint32 // 1 while somebody looks; guards the fields below, after queue.mu
	Open uint32 // 0: nothing may be appended. Only set under Lock; read at any time
	Room uint32 // so many messages may be appended
	Msgs uint32 // were appended
	Used uint32 // bytes of Bytes
	_    uint32
	// Bytes are frames of one part with bodies of less than 256 bytes, as ZMTP 3
	// has them: 0, size, body.
	Bytes [LaneSize]byte
}

func (l *Lane) lock() {
	for !atomic.CompareAndSwapUint32(&l.Lock, 0, 1) {
		runtime.Gosched() // held for some nanoseconds, unless its thread was preempted
	}
}

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
	atomic.StoreUint32(&l.Open, 0)
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
