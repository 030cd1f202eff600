package zmq

import (
	"context"
	"errors"
	"testing"
	"time"
)

// lockstep makes a REP and a REQ that have exchanged so many messages one by one
// that each Recv reads from the network by itself.
func lockstep(t *testing.T) (req, rep *Socket, endpoint string) {
	t.Helper()
	ctx := NewContext()
	t.Cleanup(func() { ctx.Close() })
	rep = newTestSocket(t, ctx, Rep)
	req = newTestSocket(t, ctx, Req)
	if err := rep.Bind("tcp://127.0.0.1:*"); err != nil {
		t.Fatal(err)
	}
	endpoint = rep.LastEndpoint()
	if err := req.Connect(endpoint); err != nil {
		t.Fatal(err)
	}
	echoed := make(chan error, 1)
	const rounds = 200
	go func() { echoed <- echo(rep, rounds) }()
	for range rounds {
		ask(t, req, "x")
	}
	if err := <-echoed; err != nil {
		t.Fatal(err)
	}
	return req, rep, endpoint
}

func newTestSocket(t *testing.T, ctx *Context, typ Type) *Socket {
	t.Helper()
	s, err := ctx.NewSocket(typ)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Set(Linger, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func echo(rep *Socket, rounds int) error {
	var m Message
	for range rounds {
		if err := rep.RecvMessage(context.Background(), &m); err != nil {
			return err
		}
		if err := rep.SendMessage(context.Background(), &m); err != nil {
			return err
		}
	}
	return nil
}

func ask(t *testing.T, req *Socket, text string) {
	t.Helper()
	if err := req.Send(context.Background(), []byte(text)); err != nil {
		t.Fatal(err)
	}
	got, err := req.Recv(context.Background())
	if err != nil || len(got) != 1 || string(got[0]) != text {
		t.Fatalf("got %q, %v, want %q", got, err, text)
	}
}

// The connection's end is noticed although nobody is in Recv.
func TestLendNoticesTheEnd(t *testing.T) {
	req, rep, _ := lockstep(t)
	ended := make(chan struct{})
	events := rep.Events(t.Context())
	go func() {
		defer close(ended)
		for ev := range events {
			if ev.Kind == Disconnected {
				return
			}
		}
	}()
	if err := req.Close(); err != nil {
		t.Fatal(err)
	}
	<-ended
}

// What arrives while nobody is in Recv is there for the next one.
func TestLendKeepsWhatArrives(t *testing.T) {
	req, rep, _ := lockstep(t)
	if err := req.Send(context.Background(), []byte("later")); err != nil {
		t.Fatal(err)
	}
	for in := false; !in; {
		var err error
		if in, _, err = rep.Ready(); err != nil {
			t.Fatal(err)
		}
	}
	if err := echo(rep, 1); err != nil {
		t.Fatal(err)
	}
	if got, err := req.Recv(context.Background()); err != nil || string(got[0]) != "later" {
		t.Fatalf("%q, %v", got, err)
	}
}

// A Recv that reads by itself is ended by Close, by Shutdown and by a message of
// another peer.
func TestLendIsInterrupted(t *testing.T) {
	endsWith(t, recvLater)
	t.Run("another peer", func(t *testing.T) {
		_, rep, endpoint := lockstep(t)
		served := make(chan error, 1)
		go func() { served <- echo(rep, 1) }()
		other := newTestSocket(t, rep.ctx, Req)
		if err := other.Connect(endpoint); err != nil {
			t.Fatal(err)
		}
		ask(t, other, "hello")
		if err := <-served; err != nil {
			t.Fatal(err)
		}
	})
	t.Run("context and timeout", func(t *testing.T) {
		_, rep, _ := lockstep(t)
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		if _, err := rep.Recv(ctx); err != context.DeadlineExceeded {
			t.Fatal(err)
		}
		if err := rep.Set(RcvTimeo, 1); err != nil {
			t.Fatal(err)
		}
		if _, err := rep.Recv(context.Background()); err != EAGAIN {
			t.Fatal(err)
		}
	})
}

// endsWith ends a wait of a socket whose peer says nothing, by Close and by Shutdown.
func endsWith(t *testing.T, later func(*testing.T, *Socket) <-chan error) {
	t.Helper()
	for name, c := range map[string]struct {
		end  func(*Socket)
		want error
	}{
		"close":    {func(s *Socket) { s.Close() }, ENOTSOCK},
		"shutdown": {func(s *Socket) { s.ctx.Shutdown() }, ETERM},
	} {
		t.Run(name, func(t *testing.T) {
			_, rep, _ := lockstep(t)
			got := later(t, rep)
			c.end(rep)
			if err := <-got; err != c.want {
				t.Fatal(err)
			}
		})
	}
}

// recvLater receives in another goroutine and reports the error.
func recvLater(_ *testing.T, s *Socket) <-chan error {
	got := make(chan error, 1)
	go func() {
		_, err := s.Recv(context.Background())
		got <- err
	}()
	return got
}

// Many round trips with pauses that let ReadLoop take the reading back.
func TestLendTakenBack(t *testing.T) {
	req, rep, _ := lockstep(t)
	done := make(chan error, 1)
	const rounds = 30
	go func() { done <- echo(rep, rounds) }()
	for i := range rounds {
		ask(t, req, "x")
		if i%3 == 0 {
			timer := time.NewTimer(12 * time.Millisecond)
			<-timer.C
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// A DEALER that sends without a pause, and so waits for room again and again, while
// another goroutine is in Recv, keeps its connection.
func TestLendWhileSending(t *testing.T) {
	ctx := NewContext()
	t.Cleanup(func() { ctx.Close() })
	dealer, router := newTestSocket(t, ctx, Dealer), newTestSocket(t, ctx, Router)
	if err := errors.Join(dealer.Set(SndHWM, 4), router.Set(RcvHWM, 4)); err != nil {
		t.Fatal(err)
	}
	events := dealer.Events(t.Context())
	if err := router.Bind("tcp://127.0.0.1:*"); err != nil {
		t.Fatal(err)
	}
	if err := dealer.Connect(router.LastEndpoint()); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		for ev := range events {
			if ev.Kind == Disconnected {
				ended <- ev.Err
				return
			}
		}
	}()
	enough := make(chan struct{})
	go func() {
		defer close(enough)
		for range 100 {
			if _, err := dealer.Recv(context.Background()); err != nil {
				return
			}
		}
	}()
	go func() { // answers now and then
		for last := time.Now(); ; {
			m, err := router.Recv(context.Background())
			if err != nil {
				return
			}
			if time.Since(last) > 7*time.Millisecond {
				last = time.Now()
				router.Send(context.Background(), m[0], []byte("answer"))
			}
		}
	}()
	for body := make([]byte, 2000); ; {
		select {
		case <-enough:
			return
		case err := <-ended:
			t.Fatalf("the connection ended: %v", err)
		default:
		}
		if err := dealer.Send(context.Background(), body); err != nil {
			t.Fatal(err)
		}
	}
}

// A Send that answers the only message there was is written by the sender; if more
// wait, the answers go out together.
func TestEager(t *testing.T) {
	ctx := NewContext()
	t.Cleanup(func() { ctx.Close() })
	a, b := newTestSocket(t, ctx, Dealer), newTestSocket(t, ctx, Dealer)
	if err := errors.Join(a.Bind("inproc://eager"), b.Connect("inproc://eager")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		waited bool
		more   int
		want   bool
	}{{false, 0, false}, {true, 0, true}, {true, 1, false}} {
		for range c.more {
			if err := a.TrySend([]byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		b.mu.Lock()
		b.waited = c.waited
		if err := b.startSendLocked(); err != nil {
			t.Fatal(err)
		}
		if got := b.eager.Load(); got != c.want || b.waited {
			t.Errorf("%+v: eager %v, still waited %v", c, got, b.waited)
		}
		b.mu.Unlock()
	}
}
