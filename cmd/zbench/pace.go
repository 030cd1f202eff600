package main

import (
	"sync/atomic"
	"time"
)

// slipLimit is how late a message of an open loop may leave before the schedule
// counts as slipped.
const slipLimit = time.Millisecond

// slip is how well a schedule was kept.
type slip struct {
	Planned int64         `json:"planned"`
	Late    int64         `json:"late"` // by more than slipLimit
	Worst   time.Duration `json:"worst_ns"`
}

func (s *slip) add(o slip) {
	s.Planned += o.Planned
	s.Late += o.Late
	s.Worst = max(s.Worst, o.Worst)
}

// sleeper waits for a moment more exactly than time.Sleep, where the system can.
type sleeper interface {
	sleep(time.Duration)
	close()
}

// pace is a fixed schedule: message n is due at start + n·every, whatever became
// of those before it. It belongs to one goroutine.
type pace struct {
	start time.Time
	every time.Duration
	sleep sleeper
	next  int64
	late  time.Duration // of the last message
	slip  slip
}

// newPace is the schedule of sender i of n, which take turns.
func newPace(start time.Time, every time.Duration, i, n int, s sleeper) *pace {
	return &pace{start: start.Add(every * time.Duration(i)), every: every * time.Duration(n), sleep: s}
}

// wait waits until the next message is due, and notes how late it is.
func (p *pace) wait() {
	due := p.due(p.next)
	p.next++
	if d := time.Until(due); d > 0 {
		p.sleep.sleep(d)
	}
	p.late = max(0, time.Since(due))
	p.slip.Planned++
	if p.late > slipLimit {
		p.slip.Late++
	}
	p.slip.Worst = max(p.slip.Worst, p.late)
}

// due is when message n should leave.
func (p *pace) due(n int64) time.Time { return p.start.Add(time.Duration(n) * p.every) }

// await is wait that looks at stop now and then; false if it is set.
func (p *pace) await(stop *atomic.Bool) bool {
	for !stop.Load() {
		d := time.Until(p.due(p.next))
		if d <= longestNap {
			p.wait()
			return true
		}
		p.sleep.sleep(longestNap)
	}
	return false
}
