package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// exact sleeps exactly, as it can in fake time.
type exact struct{}

func (exact) sleep(d time.Duration) { time.Sleep(d) }

func (exact) close() {}

// A server that answers at once, but for one stall.
const (
	stall      = 100 * time.Millisecond
	stallAfter = 500 // requests
)

// stalling answers requests on a socket until it is closed.
func stalling(s *zmq.Socket) {
	var m zmq.Message
	for n := 0; s.RecvMessage(context.Background(), &m) == nil; n++ {
		if n == stallAfter {
			time.Sleep(stall)
		}
		if s.SendMessage(context.Background(), &m) != nil {
			return
		}
	}
}

// againstStall measures 1,000 requests to the server with the stall.
func againstStall(t *testing.T, measure func(*run) error, every time.Duration) sample {
	var r *run
	synctest.Test(t, func(t *testing.T) {
		z := zmq.NewContext()
		defer z.Close()
		rep, err := z.NewSocket(zmq.Rep)
		if err != nil {
			t.Fatal(err)
		}
		defer rep.Close()
		const endpoint = "inproc://stalling"
		if err := rep.Bind(endpoint); err != nil {
			t.Fatal(err)
		}
		go stalling(rep)
		c := &config{
			to: []cli.Endpoint{{Addr: endpoint}}, clients: 1, every: every, length: length{count: 1000}, log: &cli.Log{},
			show: &progress{}, newSleeper: func() sleeper { return exact{} },
		}
		r = &run{config: c, plan: plan{Size: stampSize}, z: z}
		r.ctx, r.cancel = context.WithCancelCause(t.Context())
		if err := measure(r); err != nil {
			t.Error(err)
		}
		closeAll(r.near)
		r.cancel(nil)
		r.group.Wait()
	})
	return r.sample
}

// The open loop reports what the stall did to all requests that fell into it; the
// closed loop sent none of them, and so has one slow request.
func TestLoadReportsAStallThatAClosedLoopHides(t *testing.T) {
	open := againstStall(t, openLoop, time.Millisecond)
	closed := againstStall(t, latency, 0)
	if got := open.Latency.at(99); got < stall*8/10 || got > stall {
		t.Errorf("p99 of the open loop is %v, want about %v", got, stall*9/10)
	}
	if got := open.Latency.at(95); got < stall*4/10 || got > stall*6/10 {
		t.Errorf("p95 of the open loop is %v, want about %v", got, stall/2)
	}
	if got := closed.Latency.at(99); got > time.Millisecond {
		t.Errorf("p99 of the closed loop is %v, so it sees the stall after all", got)
	}
	if got := time.Duration(closed.Latency.Max()); got < stall*99/100 {
		t.Errorf("the worst of the closed loop is %v, want %v", got, stall)
	}
	if open.Tally.Received != 1000 || open.Sent != 1000 || open.Tally.Lost+open.Tally.Duplicated+open.Tally.Reordered != 0 || open.Slip.Late != 0 {
		t.Errorf("%+v, sent %d, %+v", open.Tally, open.Sent, open.Slip)
	}
}

// lazy sleeps longer than it should, once.
type lazy struct{ left int }

func (l *lazy) sleep(d time.Duration) {
	if l.left--; l.left == 0 {
		d += 5 * time.Millisecond
	}
	time.Sleep(d)
}

func (*lazy) close() {}

// A schedule that slips says so, and goes back to its times.
func TestPaceTellsThatItSlipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		p := newPace(start, time.Millisecond, 0, 1, &lazy{left: 10})
		for range 100 {
			p.wait()
		}
		want := slip{Planned: 100, Late: 4, Worst: 5 * time.Millisecond} // by 5, 4, 3 and 2 ms; 1 ms is in time
		if p.slip != want {
			t.Errorf("%+v, want %+v", p.slip, want)
		}
		if took := time.Since(start); took != 99*time.Millisecond {
			t.Errorf("100 messages took %v", took)
		}
	})
}

// Senders take turns.
func TestPaceOfSeveral(t *testing.T) {
	start := time.Now()
	for i := range 3 {
		p := newPace(start, time.Second, i, 3, nil)
		if got, want := p.due(2).Sub(start), time.Duration(6+i)*time.Second; got != want {
			t.Errorf("message 2 of sender %d is due after %v, want %v", i, got, want)
		}
	}
}
