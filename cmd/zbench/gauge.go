package main

import (
	"sync/atomic"
	"time"
)

// gauge counts what several goroutines do, and tells when a goal is reached. One
// goroutine sets goals.
type gauge struct {
	total   atomic.Int64
	goal    atomic.Int64 // 0: none
	reached chan struct{}
	at      moment       // when the goal was reached; valid once reached is closed
	rested  atomic.Int64 // when a receiver last had taken all there was, in ns since the epoch
}

// moment is a count at a time.
type moment struct {
	time  time.Time
	total int64
}

// add counts n more.
func (g *gauge) add(n int64) {
	total := g.total.Add(n)
	goal := g.goal.Load()
	if goal > 0 && total >= goal && g.goal.CompareAndSwap(goal, 0) {
		g.at = moment{time.Now(), total}
		close(g.reached)
	}
}

// rest counts n more, after which there is nothing to do now.
func (g *gauge) rest(n int64) {
	if n > 0 {
		g.add(n)
		g.rested.Store(time.Now().UnixNano())
	}
}

// until sets a goal; the channel is closed when it is reached.
func (g *gauge) until(goal int64) <-chan struct{} {
	g.reached = make(chan struct{})
	g.goal.Store(max(goal, 1))
	g.add(0)
	return g.reached
}

// now is the count of this moment.
func (g *gauge) now() moment { return moment{time.Now(), g.total.Load()} }
