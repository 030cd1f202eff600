package main

import (
	"sync/atomic"
	"time"
)

// gauge counts what several goroutines do, and tells when goals are reached. One
// goroutine sets goals.
type gauge struct {
	total  atomic.Int64
	next   atomic.Pointer[goal] // nil: none
	rested atomic.Int64         // when a receiver last had taken all there was, in ns since the epoch
}

// goal is a count to be reached.
type goal struct {
	count   int64
	then    *goal
	reached chan struct{}
	at      moment // valid once reached is closed
}

// moment is a count at a time.
type moment struct {
	time  time.Time
	total int64
}

// add counts n more.
func (g *gauge) add(n int64) {
	total := g.total.Add(n)
	for next := g.next.Load(); next != nil && total >= next.count; next = g.next.Load() {
		if g.next.CompareAndSwap(next, next.then) {
			next.at = moment{time.Now(), total}
			close(next.reached)
		}
	}
}

// rest counts n more, after which there is nothing to do now.
func (g *gauge) rest(n int64) {
	if n > 0 {
		g.add(n)
		g.rested.Store(time.Now().UnixNano())
	}
}

// until sets goals, in rising order, in place of those there were.
func (g *gauge) until(counts ...int64) (goals []*goal) {
	var first *goal
	for i := len(counts) - 1; i >= 0; i-- {
		first = &goal{count: counts[i], then: first, reached: make(chan struct{})}
		goals = append([]*goal{first}, goals...)
	}
	g.next.Store(first)
	g.add(0)
	return goals
}

// now is the count of this moment.
func (g *gauge) now() moment { return moment{time.Now(), g.total.Load()} }

// last is the count of this moment, and when the last message came.
func (g *gauge) last() moment {
	if at := g.rested.Load(); at > 0 {
		return moment{time.Unix(0, at), g.total.Load()}
	}
	return g.now()
}
