package zmq

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ztools/lib/internal/engine"
	"ztools/lib/internal/pipe"
	"ztools/lib/internal/sysfd"
)

// An inbox is how everything that is not a call of the user reaches a socket:
//
//	1 the other end of a pipe posts what happened
//	2 whoever waits in a call of the socket is woken
//	3 the next call applies what was posted, under the socket's lock
//
// Its lock is a leaf: it is taken with other locks held and takes none itself,
// so two sockets joined by inproc cannot wait for each other.
type inbox struct {
	pending atomic.Bool          // something was posted; read before taking mu
	watched atomic.Bool          // there are watchers
	lane    atomic.Pointer[Lane] // that Lay was given last

	mu       sync.Mutex // guards the fields below
	posts    []post
	spare    []post // memory for posts
	waiters  []*waiter
	free     []*waiter
	watchers []Watcher
	fd       *sysfd.Signal // the value of FD, if it was asked for
	ended    bool          // never wait again: the socket or the context has ended
}

// post is one thing that happened to a pipe.
type post struct {
	kind postKind
	pipe *pipe.Pipe
}

type postKind uint8

const (
	readable postKind = iota
	writable
	closed   // the other end has closed and all was read
	attached // a new pipe, ready to use
	hiccup   // the connection behind the pipe broke and is made again
)

// Readable, Writable and Closed make the inbox the pipe.Owner of a socket's
// ends.
func (in *inbox) Readable(p *pipe.Pipe) { in.post(readable, p) }

// Writable implements pipe.Owner.
func (in *inbox) Writable(p *pipe.Pipe) { in.post(writable, p) }

// Closed implements pipe.Owner.
func (in *inbox) Closed(p *pipe.Pipe) { in.post(closed, p) }

// post adds p and wakes all who wait.
func (in *inbox) post(kind postKind, p *pipe.Pipe) {
	in.mu.Lock()
	in.posts = append(in.posts, post{kind, p})
	in.pending.Store(true)
	in.wakeLocked()
	in.mu.Unlock()
}

// postOnce is post, unless the same is there already: a connection may break any
// number of times before the socket's next call.
func (in *inbox) postOnce(kind postKind, p *pipe.Pipe) {
	in.mu.Lock()
	there := slices.Contains(in.posts, post{kind, p})
	in.mu.Unlock()
	if !there {
		in.post(kind, p)
	}
}

// take empties the inbox. The result is valid until the next take.
func (in *inbox) take() []post {
	in.mu.Lock()
	defer in.mu.Unlock()
	posts := in.posts
	in.posts, in.spare = in.spare[:0], posts
	in.pending.Store(in.ended)
	if in.fd != nil && !in.ended {
		in.fd.Clear()
	}
	return posts
}

// wake makes all who wait look again.
func (in *inbox) wake() {
	in.mu.Lock()
	in.wakeLocked()
	in.mu.Unlock()
}

func (in *inbox) wakeLocked() {
	if l := in.lane.Load(); l != nil {
		l.Close() // the next call catches up
	}
	for i, w := range in.waiters {
		w.ready <- struct{}{}
		if w.lender != nil {
			w.lender.Interrupt()
		}
		in.waiters[i] = nil
	}
	in.waiters = in.waiters[:0]
	in.tellLocked()
}

// end makes every call look at whether the socket is still alive, from now on.
func (in *inbox) end() {
	in.mu.Lock()
	in.ended = true
	in.pending.Store(true)
	in.wakeLocked()
	in.mu.Unlock()
}

// waiter is a call that waits. Its channel holds one token, so waking never
// blocks.
type waiter struct {
	ready  chan struct{}
	lender *engine.Engine // what the call may read from while it waits, or nil
}

// enlist adds a waiter; nil if something was posted meanwhile, so that there is
// nothing to wait for. It is called with the socket's lock held, so nothing can
// happen unseen between the failed attempt and the wait.
//
// If lender is not nil, the waiter may read from it.
func (in *inbox) enlist(lender *engine.Engine) *waiter {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.posts) > 0 || in.ended {
		return nil
	}
	var w *waiter
	if n := len(in.free); n > 0 {
		w = in.free[n-1]
		in.free = in.free[:n-1]
	} else {
		w = &waiter{ready: make(chan struct{}, 1)}
	}
	w.lender = lender
	in.waiters = append(in.waiters, w)
	return w
}

// leave ends a wait: it takes w off the list if nobody woke it.
func (in *inbox) leave(w *waiter, woken bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if i := slices.Index(in.waiters, w); i >= 0 {
		in.waiters = slices.Delete(in.waiters, i, i+1)
	} else if !woken {
		<-w.ready // woken between giving up and here
	}
	w.lender = nil
	in.free = append(in.free, w)
}

// patience is how long a call is willing to wait.
type patience struct {
	ctx   context.Context
	limit int // milliseconds, -1: for ever (SNDTIMEO, RCVTIMEO)
	timer *time.Timer
	// answers says that a Recv waits whose socket may send what answers to it.
	answers bool
}

// wait waits until w is woken. It returns EAGAIN when the limit has run out
// and the context's error when that is done.
func (p *patience) wait(in *inbox, w *waiter) error {
	if w.lender != nil && w.lender.Borrow(w.ready, p.answers) {
		in.leave(w, false)
		return nil
	}
	var expired <-chan time.Time
	if p.limit >= 0 {
		if p.timer == nil {
			p.timer = time.NewTimer(time.Duration(p.limit) * time.Millisecond)
		}
		expired = p.timer.C
	}
	done := p.ctx.Done()
	if done == nil && expired == nil {
		<-w.ready
		in.leave(w, true)
		return nil
	}
	select {
	case <-w.ready:
		in.leave(w, true)
		return nil
	case <-done:
		in.leave(w, false)
		return p.ctx.Err()
	case <-expired:
		in.leave(w, false)
		return EAGAIN
	}
}

// bounded reports whether the wait may end by itself.
func (p *patience) bounded() bool { return p.limit >= 0 || p.ctx.Done() != nil }

// stop frees the timer.
func (p *patience) stop() {
	if p.timer != nil {
		p.timer.Stop()
	}
}
