package engine

import (
	"sync/atomic"
	"time"
)

// Who answers many requests. A Recv that reads by itself often finds hundreds that came
// together. Their first answer would wake WriteLoop, for which the scheduler starts
// another thread, and that costs more than to write them all. So where a turn had many
// answers in a short time, those of the next one are left to
//
//	1 Borrow    the Recv that waits again: it writes them first
//	2 Hurry     any other wait of the socket, or its end: WriteLoop writes them
//	3 lend      the same, when ReadLoop reads again, or when its timer rings
//
// A program that takes its time in the middle of a turn, after turns that were short,
// thus delays what it has answered by a vacancy at most. The next turn is none then.

// A turn whose next one's answers are left has so many, in so short a time: less than
// it takes to have another thread write, and so many that this is what a program does.
// Make compare CELL=proxy/queue/one shows the first, and steady, which falls behind if
// a few are left, the second.
const (
	turnTime = 100 * time.Microsecond
	turnMsgs = 64
)

// turn is what happens between two reads of a borrower.
type turn struct {
	open atomic.Bool // answers may be left to its end
	left atomic.Bool // some were; who ends the turn looks at it afterwards
	// A turn had many answers in a short time since ReadLoop last looked, which then
	// looks again after a vacancy.
	ripened atomic.Bool

	// Owned by the borrower.
	began  time.Time
	before uint64 // messages the socket had sent when it began
	ripe   bool   // it had many answers in a short time
}

// leave leaves what was queued to the end of the turn; false if that is over.
func (t *turn) leave() bool {
	if !t.open.Load() {
		return false
	}
	t.left.Store(true)
	return t.open.Load() || !t.left.Swap(false)
}

// end reports whether something was left. Nothing is any more.
func (t *turn) end() bool {
	t.open.Store(false)
	return t.left.Load() && t.left.Swap(false)
}

// Hurry ends the turn and has WriteLoop write what was left.
func (e *Engine) Hurry() {
	if e.turn.end() {
		e.wake()
	}
}

// endTurn is Hurry for the borrower, who writes by itself.
func (e *Engine) endTurn() {
	t := &e.turn
	t.ripe = e.port.Pipe.Written() >= t.before+turnMsgs && time.Since(t.began) < turnTime
	if t.ripe && !t.ripened.Load() {
		t.ripened.Store(true)
	}
	if t.end() && !e.tryFlush() {
		e.wake()
	}
}

// beginTurn is called when the borrower has read.
func (e *Engine) beginTurn() {
	t := &e.turn
	t.began, t.before = time.Now(), e.port.Pipe.Written()
	t.open.Store(t.ripe && !e.loan.long.Load())
}
