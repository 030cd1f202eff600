package pipe

import (
	"math"
	"sync"

	"ztools/lib/internal/msg"
)

// queue is one direction. What the writer uses for each message stands in cache
// lines of its own; what the reader uses belongs to its end (reader).
type queue struct {
	pool     *msg.Pool // constant
	conflate bool      // constant

	mu      sync.Mutex // guards the fields down to blocked
	written uint64     // messages
	full    uint64     // the value of written from which on a write needs a closer look
	w       Batch      // whole messages, not yet taken
	asleep  bool       // the reader found nothing and waits for Readable
	closed  bool       // the writer writes no more
	deaf    bool       // the reader reads no more
	nodelay bool       // the reader never reads
	told    bool       // Closed was told
	blocked bool       // the writer found no room and waits for Writable
	last    *msg.Msg   // to be appended when the writer closes, or nil
	limit   Limit
	hwm     int
	lwm     int    // (hwm+1)/2: how many messages the reader acknowledges at once
	acked   uint64 // messages the reader has acknowledged
	taken   int    // messages in the batch that the reader took
	bytes   uint64 // of the batches that the reader took
	high    int    // the most messages that it found
	lost    uint64 // messages that a newer one replaced, or whose reader left before their last part
	reader  Owner
	writer  Owner

	stage   Batch // owned by the writer: parts of an unfinished message
	staging bool  // owned by the writer
	lane    *Lane // guarded by mu: lent to the writer, or nil

	_ [cacheLine]byte
}

// cacheLine is the unit in which processors exchange memory, on most of them.
const cacheLine = 64

func newQueue(c *Config, l Limit) *queue {
	q := &queue{pool: c.Pool, conflate: c.Conflate, limit: l, asleep: true}
	if !c.Conflate {
		q.hwm = l.hwm()
	}
	q.lwm = (q.hwm + 1) / 2
	q.setFullLocked()
	return q
}

// setFullLocked keeps full in step with what decides it.
func (q *queue) setFullLocked() {
	switch {
	case q.deaf || q.closed || q.conflate:
		q.full = 0
	case q.hwm == 0:
		q.full = math.MaxUint64
	default:
		q.full = q.acked + uint64(q.hwm)
	}
}

// setAckAt places the next acknowledgement at a multiple of the low-water
// mark. Only the reader calls it.
func (p *Pipe) setAckAt() {
	if p.in.lwm == 0 {
		p.ackAt.Store(math.MaxUint64)
		return
	}
	l := uint64(p.in.lwm)
	p.ackAt.Store((p.read/l + 1) * l)
}

// dropLocked drops what the reader has not taken. What connection the next
// frames come over stays noted.
func (q *queue) dropLocked() {
	q.written -= uint64(q.w.Msgs)
	q.w.empty(q.pool)
}

// forgetLocked drops what is queued, and gives the large bodies back that the reader
// took and did not read. Only the reader calls it, and reads no more.
func (p *Pipe) forgetLocked() {
	p.in.w.Drop(p.in.pool)
	for i := int(p.cur.Ext); i < len(p.r.Ext); i++ {
		p.in.pool.Put(p.r.Ext[i].Buf)
		p.r.Ext[i] = Ext{}
	}
}

// roomLocked is how many messages fit; 0 leaves the writer noted as waiting.
func (q *queue) roomLocked() int {
	if q.deaf || q.closed {
		return 0
	}
	if q.hwm == 0 {
		return math.MaxInt
	}
	used := q.written - q.acked
	if used >= uint64(q.hwm) {
		q.blocked = true
		return 0
	}
	return q.hwm - int(used)
}

// setLimit changes the limit; p is the end that writes.
func (q *queue) setLimit(l Limit, p *Pipe) {
	q.lock()
	q.limit = l
	if q.conflate {
		q.mu.Unlock()
		return
	}
	q.hwm = l.hwm()
	q.lwm = (q.hwm + 1) / 2
	p.Limited.Store(true)
	p.peer.ackAt.Store(0) // the next read acknowledges and places the mark anew
	if laid := p.peer.laid; laid != nil {
		laid.Close()
	}
	if q.asleep && !q.nodelay {
		q.acked = q.written // the reader has read all and will not come by
	}
	q.setFullLocked()
	q.unlockRoom(p)
}

// unlockRoom unlocks q, whose room may have grown, and tells the writer if it waited
// for some; p is the end that writes.
func (q *queue) unlockRoom(p *Pipe) {
	wake := q.blocked && q.roomLocked() > 0
	if wake {
		q.blocked = false
	}
	owner := q.writer
	q.mu.Unlock()
	if wake && owner != nil {
		owner.Writable(p)
	}
}

// close ends the direction; p is the end that reads. What is queued can still
// be read.
func (q *queue) close(p *Pipe) {
	q.lock()
	q.closed = true
	q.setFullLocked()
	tell := !q.told && (q.nodelay || q.asleep && len(q.w.Bytes) == 0)
	q.told = q.told || tell
	owner := q.reader
	q.mu.Unlock()
	if tell && owner != nil {
		owner.Closed(p)
	}
}

// queued counts the messages written and not yet read.
func (q *queue) queued() int {
	q.lock()
	defer q.mu.Unlock()
	return q.w.Msgs + q.taken
}

// Discard drops all that the other end has not taken yet: subscriptions that
// will be sent afresh, or messages that nobody waits for any more. That there
// is room again is not told to Writable.
func (p *Pipe) Discard() {
	p.Rollback()
	q := p.out
	q.lock()
	q.dropLocked()
	q.mu.Unlock()
}
