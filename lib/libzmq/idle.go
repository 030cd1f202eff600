//go:build linux && cgo

package main

import (
	"runtime"
	"sync/atomic"

	"ztools/lib/zmq"
)

// idle counts the calls of a socket that found nothing and did not wait. A thread that
// makes one after the other keeps a processor of Go's for itself, since it is back
// before Go takes that for idle; whoever would bring what it looks for has to wait
// until it is interrupted, after 10 ms each time. So now and then all others have their
// turn.
type idle struct{ calls atomic.Uint32 }

// idleCalls is after how many that is. A turn costs as much as about as many calls.
const idleCalls = 64

// after is told how a call ended that does not wait.
func (i *idle) after(err error) {
	if err == zmq.EAGAIN && i.calls.Add(1)%idleCalls == 0 {
		runtime.Gosched()
	}
}
