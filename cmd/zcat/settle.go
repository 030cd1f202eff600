package main

import (
	"context"
	"errors"
	"time"

	"ztools/lib/cli"
)

// How the end of a run waits:
//
//	1 for the loops, which notice that the context is done
//	2 for messages that are queued and not yet sent
//
// After a signal, a time-out or a failure both together take --linger at most.
// After the end of the work they take as long as a peer is there to take the
// messages; a signal then makes it --linger, and one more ends it at once.

const (
	settleStep = 2 * time.Millisecond   // between two looks at the queues
	lastCall   = 250 * time.Millisecond // for loops to notice that waiting is over
)

// ending is the patience of the end of a run.
type ending struct {
	s       *session
	limit   <-chan time.Time
	hurried bool // limit is --linger already
}

// settle returns how many messages stay unsent.
func (s *session) settle(ended <-chan struct{}) int {
	e := &ending{s: s, limit: s.deadline}
	if cause := context.Cause(s.ctx); !errors.Is(cause, errDone) && !errors.Is(cause, errGone) {
		e.hurry()
	}
	if !e.wait(ended) && s.forced == nil {
		s.kill()
		e.limit = time.After(lastCall)
		e.wait(ended)
	}
	var absent time.Time
	for {
		unsent := s.unsent()
		if unsent == 0 || s.deserted(&absent) {
			return unsent
		}
		step := make(chan struct{})
		timer := time.AfterFunc(settleStep, func() { close(step) })
		if !e.wait(step) {
			timer.Stop()
			return s.unsent()
		}
	}
}

func (e *ending) hurry() {
	e.limit, e.hurried = time.After(e.s.linger), true
}

// wait waits for ready; false says that patience has run out.
func (e *ending) wait(ready <-chan struct{}) bool {
	for {
		select {
		case <-ready:
			return true
		default:
		}
		select {
		case <-ready:
			return true
		case <-e.limit:
			return false
		case sig := <-e.s.signals:
			if e.hurried {
				e.s.forced = cli.Signalled(sig)
				return false
			}
			e.s.log.At(0, "%v: ending within %v; once more ends at once", sig, e.s.linger)
			e.hurry()
		}
	}
}

// unsent counts queued messages. A run that has sent none may still hold
// subscriptions for a peer that has gone; nobody misses those, nor a request that
// was given up.
func (s *session) unsent() int {
	if s.kind.has(asks) {
		return 0
	}
	return min(s.out.Unsent(), int(s.sent.Load()))
}

// deserted tells whether no peer has been there for --linger.
func (s *session) deserted(absent *time.Time) bool {
	if s.out.Peers() > 0 {
		*absent = time.Time{}
		return false
	}
	if absent.IsZero() {
		*absent = time.Now()
	}
	return time.Since(*absent) >= s.linger
}
