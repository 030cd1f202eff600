package pipe

// Counters are what went through one direction of a pipe. They are kept where a
// lock is held anyway, once a batch where possible, so counting costs nothing.
type Counters struct {
	Messages uint64 // written
	Bytes    uint64 // of their frames in ZMTP 3 form
	Dropped  uint64 // that a newer one replaced (CONFLATE), or whose reader left before their last part
	Queued   int    // written and not yet read, as Queued says
	High     int    // the most messages that waited at once for the reader to take them
}

// Counters are those of both directions.
func (p *Pipe) Counters() (out, in Counters) { return p.out.counters(), p.in.counters() }

// Written counts the messages that the other end has written. What is in a Lane counts
// when it is taken.
func (p *Pipe) Written() uint64 {
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	return p.in.written
}

func (q *queue) counters() Counters {
	q.lock()
	defer q.mu.Unlock()
	return Counters{
		Messages: q.written,
		Bytes:    q.bytes + q.w.size(),
		Dropped:  q.lost,
		Queued:   q.w.Msgs + q.taken,
		High:     max(q.high, q.w.Msgs),
	}
}

// countLocked counts the batch that the reader is about to take.
func (q *queue) countLocked() {
	q.bytes += q.w.size()
	q.high = max(q.high, q.w.Msgs)
}

// size is the bytes of the frames.
func (b *Batch) size() (n uint64) {
	n = uint64(len(b.Bytes))
	for i := range b.Ext {
		n += uint64(len(b.Ext[i].Body))
	}
	return n
}
