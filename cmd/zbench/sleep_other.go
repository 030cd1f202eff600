//go:build !linux

package main

import (
	"runtime"
	"time"
)

// coarse is how much later than asked time.Sleep may return; the rest is spent
// yielding.
const coarse = 2 * time.Millisecond

type yielder struct{}

func newSleeper() sleeper { return yielder{} }

func (yielder) sleep(d time.Duration) {
	until := time.Now().Add(d)
	time.Sleep(d - coarse)
	for time.Now().Before(until) {
		runtime.Gosched()
	}
}

func (yielder) close() {}
