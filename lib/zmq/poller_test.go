package zmq_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ztools/lib/zmq"
)

// ended is a context that is done: what is ready is told, and nothing waited for.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// twins is two PAIR sockets joined by inproc.
func twins(t *testing.T) (a, b *zmq.Socket) {
	c := newContext(t)
	a, b = open(t, c, zmq.Pair), open(t, c, zmq.Pair)
	join(t, a, b, "inproc://joined")
	return a, b
}

func TestPoll(t *testing.T) {
	a, b := twins(t)
	items := []zmq.PollItem{{Socket: a, Events: zmq.PollIn}, {Socket: b, Events: zmq.PollIn | zmq.PollOut}}
	n, err := zmq.Poll(ended(), items)
	if n != 1 || err != nil || items[0].Ready != 0 || items[1].Ready != zmq.PollOut {
		t.Errorf("nothing sent: %d %v %v", n, err, items)
	}
	send(t, b, "x")
	n, err = zmq.Poll(deadline(t), items)
	if n != 2 || err != nil || items[0].Ready != zmq.PollIn {
		t.Errorf("sent: %d %v %v", n, err, items)
	}
	expect(t, a, "x")
	if n, err := zmq.Poll(ended(), items[:1]); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("received: %d %v", n, err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := zmq.Poll(deadline(t), items); !errors.Is(err, zmq.ENOTSOCK) {
		t.Errorf("closed: %v", err)
	}
}

// A message, a descriptor and the end of the time all end the same wait.
func TestPollWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := twins(t)
		items := []zmq.PollItem{{Socket: a, Events: zmq.PollIn}}
		found := make(chan int)
		go func() {
			n, _ := zmq.Poll(context.Background(), items)
			found <- n
		}()
		synctest.Wait()
		send(t, b, "x")
		if n := <-found; n != 1 {
			t.Errorf("found %d", n)
		}
		expect(t, a, "x")
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		if n, err := zmq.Poll(ctx, items); n != 0 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%d %v", n, err)
		}
	})
}

func TestPollFD(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: needs poll(2)")
	}
	a, b := twins(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	defer r.Close()
	p := zmq.NewPoller()
	defer p.Close()
	fd := int(r.Fd())
	for _, err := range []error{p.AddFD(fd, zmq.PollIn, "pipe"), p.Add(a, zmq.PollIn, "socket")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	found := make(chan any)
	wait := func() {
		ev, err := p.Wait(context.Background())
		if err != nil {
			found <- err
		}
		found <- ev.Data
	}
	go wait()
	send(t, b, "x")
	if got := <-found; got != "socket" {
		t.Errorf("found %v", got)
	}
	expect(t, a, "x")
	go wait()
	if _, err := w.Write([]byte("y")); err != nil {
		t.Fatal(err)
	}
	if got := <-found; got != "pipe" {
		t.Errorf("found %v", got)
	}
	if n, err := zmq.Poll(ended(), []zmq.PollItem{{FD: fd, Events: zmq.PollIn}}); n != 1 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	if err := p.RemoveFD(fd); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Wait(ended()); !errors.Is(err, context.Canceled) {
		t.Errorf("removed: %v", err)
	}
}

func TestPollerRefuses(t *testing.T) {
	a, b := twins(t)
	p := zmq.NewPoller()
	defer p.Close()
	if _, err := p.Wait(context.Background()); !errors.Is(err, zmq.EFAULT) {
		t.Errorf("empty: %v", err)
	}
	if err := p.Add(a, zmq.PollIn, nil); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ got, want error }{
		"twice":          {p.Add(a, zmq.PollIn, nil), zmq.EINVAL},
		"no socket":      {p.Add(nil, zmq.PollIn, nil), zmq.ENOTSOCK},
		"unknown event":  {p.Add(b, 16, nil), zmq.EINVAL},
		"modify unknown": {p.Modify(b, zmq.PollIn), zmq.EINVAL},
		"modify to 16":   {p.Modify(a, 16), zmq.EINVAL},
		"remove unknown": {p.Remove(b), zmq.EINVAL},
		"no descriptor":  {p.AddFD(-1, zmq.PollIn, nil), zmq.EBADF},
		"unknown fd":     {p.RemoveFD(0), zmq.EINVAL},
	} {
		if !errors.Is(tt.got, tt.want) {
			t.Errorf("%s: %v, want %v", name, tt.got, tt.want)
		}
	}
	if p.Len() != 1 {
		t.Errorf("%d in the poller", p.Len())
	}
}

// What one goroutine changes counts for another that waits.
func TestPollerChangesWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := twins(t)
		p := zmq.NewPoller()
		defer p.Close()
		if err := p.Add(a, zmq.PollIn, "a"); err != nil {
			t.Fatal(err)
		}
		var waits sync.WaitGroup
		for range 3 {
			waits.Go(func() {
				if ev, err := p.Wait(context.Background()); err != nil || ev.Data != "a" || ev.Events != zmq.PollOut {
					t.Errorf("%+v %v", ev, err)
				}
			})
		}
		synctest.Wait()
		if err := p.Modify(a, zmq.PollOut); err != nil {
			t.Fatal(err)
		}
		waits.Wait()
		if err := p.Modify(a, 0); err != nil {
			t.Fatal(err)
		}
		waits.Go(func() {
			var events [4]zmq.PollerEvent
			if n, err := p.WaitAll(deadline(t), events[:]); n != 1 || err != nil || events[0].Socket != b {
				t.Errorf("%d %v %+v", n, err, events[0])
			}
		})
		synctest.Wait()
		if err := p.Add(b, zmq.PollIn|zmq.PollOut, nil); err != nil {
			t.Fatal(err)
		}
		waits.Wait()
		if err := p.Remove(b); err != nil {
			t.Fatal(err)
		}
	})
}
