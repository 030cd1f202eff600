package engine

import (
	"sync"
	"time"
)

// roundTrip measures how soon the peer answers a PING. A PING says nothing by which
// its answer could be told from others, as libzmq's, so of several that wait for
// their answers only the first is measured: answers come in order.
type roundTrip struct {
	mu      sync.Mutex    // guards the fields below
	asked   time.Time     // when the PING that is measured was sent; zero for none
	unheard int           // answers to come
	last    time.Duration // 0: none was measured yet
}

// ask notes that a PING is sent.
func (r *roundTrip) ask() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.unheard == 0 {
		r.asked = time.Now()
	}
	r.unheard++
}

// hear notes that a PONG came, if one was to come.
func (r *roundTrip) hear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.unheard == 0 {
		return
	}
	r.unheard--
	if !r.asked.IsZero() {
		r.last, r.asked = max(time.Since(r.asked), 1), time.Time{}
	}
}

// RoundTrip is how long the peer took to answer the last PING that was measured; 0
// if none was.
func (e *Engine) RoundTrip() time.Duration {
	r := &e.trip
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}
