package engine

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// How long the peer is waited for. Three things decide that, each changed by
// somebody else:
//
//	due          the peer must be heard by then: a PING wants an answer, or the
//	             peer's own PING has promised more within its TTL
//	interrupted  a borrower is to stop reading
//	last         goodbye was said
//
// They are kept together, and the connection's deadline for reads is always made
// from all of them, so that a change of one cannot undo another. What is due is
// watched by a timer of its own, since it also counts while nothing is read or
// while a write waits for the peer.

// deadline is that state.
type deadline struct {
	conn net.Conn

	mu          sync.Mutex  // guards the fields below
	due         time.Time   // zero: the peer owes nothing
	alarm       *time.Timer // rings at due; made when first needed
	beat        *time.Timer // sends the next PING; nil without heartbeats
	over        bool        // both timers have ended for good
	reading     bool        // a borrower reads, or is about to
	interrupted bool        // only while reading
	last        time.Time

	owed    atomic.Bool // due is set
	lapsed  atomic.Bool // due has passed
	closing atomic.Bool // last is set
}

// past is a deadline that ends a read under way.
var past = time.Unix(1, 0)

// setLocked makes the connection's deadline.
func (d *deadline) setLocked() {
	if d.interrupted || d.lapsed.Load() {
		d.conn.SetReadDeadline(past)
	} else {
		d.conn.SetReadDeadline(d.last)
	}
}

// await expects a frame from the peer within t, or earlier if it owes one already.
func (e *Engine) await(t time.Duration) {
	d := &e.deadline
	d.mu.Lock()
	defer d.mu.Unlock()
	e.awaitLocked(t)
}

func (e *Engine) awaitLocked(t time.Duration) {
	d := &e.deadline
	due := time.Now().Add(t)
	if d.over || !d.due.IsZero() && !due.Before(d.due) {
		return
	}
	d.due = due
	d.owed.Store(true)
	if d.alarm == nil {
		d.alarm = time.AfterFunc(t, e.lapse)
	} else {
		d.alarm.Reset(t)
	}
}

// heard notes that a whole frame arrived.
func (e *Engine) heard() {
	d := &e.deadline
	if !d.owed.Load() {
		return
	}
	d.mu.Lock()
	d.due = time.Time{}
	d.owed.Store(false)
	d.alarm.Stop()
	d.mu.Unlock()
}

// lapse is the alarm: it ends the reading, also one that waits for room, unless
// the peer was heard at the last moment.
func (e *Engine) lapse() {
	d := &e.deadline
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over || d.due.IsZero() || time.Now().Before(d.due) {
		return
	}
	d.lapsed.Store(true)
	d.setLocked()
	signal(e.port.writable)
}

// keepAlive begins to send a PING every interval.
func (e *Engine) keepAlive(interval time.Duration) {
	d := &e.deadline
	d.mu.Lock()
	d.beat = time.AfterFunc(interval, func() { e.pulse(interval) })
	d.mu.Unlock()
}

// pulse sends a PING and expects the peer to be heard within HEARTBEAT_TIMEOUT
// (RFC 37, zmq_setsockopt(3)), whether or not the PING can be written at once.
func (e *Engine) pulse(interval time.Duration) {
	d := &e.deadline
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over {
		return
	}
	d.beat.Reset(interval)
	timeout := time.Duration(e.opts.HeartbeatTimeout) * time.Millisecond
	if timeout < 0 {
		timeout = interval
	}
	if timeout > 0 {
		e.awaitLocked(timeout) // first: the answer may come at once
	}
	e.sendPing()
}

// endTimers ends both timers, and waits for one that has just gone off.
func (d *deadline) endTimers() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.endTimersLocked()
}

func (d *deadline) endTimersLocked() {
	d.over = true
	for _, t := range []*time.Timer{d.alarm, d.beat} {
		if t != nil {
			t.Stop()
		}
	}
}

// borrow begins a read of a borrower, which Interrupt ends.
func (d *deadline) borrow() {
	d.mu.Lock()
	d.reading = true
	d.mu.Unlock()
}

// giveBack ends a read of a borrower, and with it what Interrupt has done.
func (d *deadline) giveBack() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reading = false
	if d.interrupted {
		d.interrupted = false
		d.setLocked()
	}
}

// Interrupt ends a read under way of a borrower.
func (e *Engine) Interrupt() {
	d := &e.deadline
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.reading && !d.interrupted {
		d.interrupted = true
		d.setLocked()
	}
}

// leave lets the reading go on for t. Nothing else is expected of the peer any
// more.
func (d *deadline) leave(t time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.endTimersLocked()
	d.last = time.Now().Add(t)
	d.closing.Store(true)
	d.setLocked()
}

// lingers puts off the end of the time that goodbye gave, as long as the peer has
// not read all that was sent.
func (e *Engine) lingers(err error) bool {
	d := &e.deadline
	if !d.closing.Load() || d.lapsed.Load() || !errors.Is(err, os.ErrDeadlineExceeded) || !e.link.unread() {
		return false
	}
	d.leave(lingerRead)
	return true
}
