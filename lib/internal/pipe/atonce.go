package pipe

import "ztools/lib/internal/msg"

// Unlike all others, the calls of this file may be made while others use this end: by
// who has one peer and does not want a lock but the queue's. They return false, and
// have done nothing, if Write would have to do more than append.

// WriteShort appends a message of one part that is shorter than msg.RefMin. It is what
// most messages are sent by, so the usual case makes no call.
func (p *Pipe) WriteShort(body []byte) bool {
	q := p.out
	q.mu.Lock()
	if q.lane != nil {
		q.takeLocked()
	}
	if q.written >= q.full || !q.w.addShort(body) && !q.w.addLonger(body) {
		q.mu.Unlock()
		return false
	}
	q.written++
	if !q.asleep {
		q.mu.Unlock()
		return true
	}
	p.wakeLocked()
	return true
}

// WriteParts is WriteShort for a message of several parts, all of them short.
func (p *Pipe) WriteParts(parts []msg.Part) bool {
	q := p.out
	q.lock()
	if q.written >= q.full || !q.w.addParts(parts) {
		q.mu.Unlock()
		return false
	}
	q.written++
	p.wakeLocked()
	return true
}

// WriteLarge is WriteShort for a message of one part of msg.RefMin bytes and
// more, which belongs to the pipe on success. buf is the pool's buffer that holds
// it, or nil.
func (p *Pipe) WriteLarge(body []byte, buf *msg.Buf) bool {
	q := p.out
	q.lock()
	if q.written >= q.full {
		q.mu.Unlock()
		return false
	}
	q.w.Add(&msg.Msg{Body: body, Buf: buf}, q.pool)
	q.written++
	p.wakeLocked()
	return true
}
