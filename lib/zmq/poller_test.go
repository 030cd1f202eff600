package zmq_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
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

// WaitAll tells what is ready in the order of adding, as much as there is room for.
func TestPollerWaitAll(t *testing.T) {
	a, b := twins(t)
	c, d := twins(t)
	p := zmq.NewPoller()
	defer p.Close()
	for i, s := range []*zmq.Socket{a, b, c, d} {
		if err := p.Add(s, zmq.PollIn, i); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.WaitAll(ended(), nil); !errors.Is(err, zmq.EINVAL) {
		t.Errorf("no room at all: %v", err)
	}
	for _, s := range []*zmq.Socket{d, b, a} {
		send(t, s, "x")
	}
	want := []zmq.PollerEvent{
		{Socket: a, FD: -1, Events: zmq.PollIn, Data: 0}, {Socket: b, FD: -1, Events: zmq.PollIn, Data: 1}, {Socket: c, FD: -1, Events: zmq.PollIn, Data: 2},
	}
	for room := 1; room <= 4; room++ {
		events := make([]zmq.PollerEvent, room)
		n, err := p.WaitAll(ended(), events)
		if n != min(room, 3) || err != nil || !slices.Equal(events[:n], want[:n]) {
			t.Errorf("room for %d: %d, %v, %+v", room, n, err, events)
		}
	}
}

// A descriptor's events may be changed, and its errors are told unasked.
func TestPollerDescriptors(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: needs poll(2)")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	defer r.Close()
	p := zmq.NewPoller()
	defer p.Close()
	fd := int(w.Fd())
	if err := p.AddFD(fd, zmq.PollIn, "w"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Wait(ended()); !errors.Is(err, context.Canceled) {
		t.Errorf("nothing to read: %v", err)
	}
	if err := p.ModifyFD(fd, zmq.PollOut); err != nil {
		t.Fatal(err)
	}
	if ev, err := p.Wait(ended()); err != nil || ev != (zmq.PollerEvent{FD: fd, Events: zmq.PollOut, Data: "w"}) {
		t.Errorf("room to write: %+v, %v", ev, err)
	}
	if err := p.ModifyFD(int(r.Fd()), zmq.PollOut); !errors.Is(err, zmq.EINVAL) {
		t.Errorf("modify another one: %v", err)
	}
	if err := p.ModifyFD(fd, zmq.PollIn); err != nil {
		t.Fatal(err)
	}
	found := make(chan zmq.PollerEvent)
	go func() {
		ev, _ := p.Wait(context.Background())
		found <- ev
	}()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if ev := <-found; ev.Events != zmq.PollErr {
		t.Errorf("nobody reads any more: %+v", ev)
	}
}

// A socket that is closed, and a context that ends, end the waits.
func TestPollerEnds(t *testing.T) {
	for want, end := range map[zmq.Errno]func(*zmq.Context, *zmq.Socket){
		zmq.ENOTSOCK: func(_ *zmq.Context, s *zmq.Socket) { s.Close() },
		zmq.ETERM:    func(c *zmq.Context, _ *zmq.Socket) { c.Shutdown() },
	} {
		synctest.Test(t, func(t *testing.T) {
			c := newContext(t)
			s := open(t, c, zmq.Pull)
			p := zmq.NewPoller()
			defer p.Close()
			if err := p.Add(s, zmq.PollIn, nil); err != nil {
				t.Fatal(err)
			}
			waits := blocked(func() error { _, err := p.Wait(context.Background()); return err })
			synctest.Wait()
			end(c, s)
			expectErr(t, "the wait", <-waits, want)
			_, err := p.Wait(context.Background())
			expectErr(t, "the next wait", err, want)
			if err := p.Remove(s); err != nil {
				t.Error(err)
			}
		})
	}
}
