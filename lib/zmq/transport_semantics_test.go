// Tests of what libzmq's manual promises about sockets, written once and run
// over every transport. Comparisons with libzmq itself are in interop.
package zmq_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"ztools/lib/internal/ztest"
	"ztools/lib/zmq"
)

func TestMain(m *testing.M) { ztest.Main(m) }

// patience bounds every wait, so that a lost message fails a test instead of
// hanging it.
const patience = 20 * time.Second

// forEachTransport runs a test with a free endpoint of each transport.
func forEachTransport(t *testing.T, test func(t *testing.T, endpoint string)) {
	t.Run("tcp", func(t *testing.T) { test(t, "tcp://127.0.0.1:*") })
	t.Run("ipc", func(t *testing.T) { test(t, "ipc://"+filepath.Join(shortDir(t), "s")) })
	t.Run("inproc", func(t *testing.T) { test(t, "inproc://"+t.Name()) })
	t.Run("ws", func(t *testing.T) { test(t, "ws://127.0.0.1:*") })
}

// shortDir is a directory whose path leaves room for an ipc name.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "z")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// newContext makes a context that is closed when the test ends.
func newContext(t *testing.T) *zmq.Context {
	t.Helper()
	c := zmq.NewContext()
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("context close: %v", err)
		}
	})
	return c
}

// open makes a socket with options name, value, ... that is closed when the test
// ends, without linger.
func open(t *testing.T, c *zmq.Context, kind zmq.Type, options ...any) *zmq.Socket {
	t.Helper()
	s, err := c.NewSocket(kind)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Set(zmq.Linger, 0)
		s.Close()
	})
	for i := 0; i < len(options); i += 2 {
		if err := s.Set(options[i].(zmq.Option), options[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// join binds one socket and connects the other to it.
func join(t *testing.T, binder, connector *zmq.Socket, endpoint string) {
	t.Helper()
	bind(t, binder, endpoint)
	connect(t, connector, binder.LastEndpoint())
}

func bind(t *testing.T, s *zmq.Socket, endpoint string) {
	t.Helper()
	if err := s.Bind(endpoint); err != nil {
		t.Fatal(err)
	}
}

func connect(t *testing.T, s *zmq.Socket, endpoint string) {
	t.Helper()
	if err := s.Connect(endpoint); err != nil {
		t.Fatal(err)
	}
}

// deadline is a context that ends when patience does.
func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func send(t *testing.T, s *zmq.Socket, parts ...string) {
	t.Helper()
	m := zmq.NewMessage()
	for _, p := range parts {
		m.AppendString(p)
	}
	if err := s.SendMessage(deadline(t), m); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, s *zmq.Socket, want ...string) {
	t.Helper()
	parts, err := s.Recv(deadline(t))
	if err != nil {
		t.Fatal(err)
	}
	got := make([]string, len(parts))
	for i, p := range parts {
		got[i] = string(p)
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Fatalf("received %q, want %q", got, want)
	}
}

// expectErr checks that an error is that number.
func expectErr(t *testing.T, what string, got error, want zmq.Errno) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %s", what, got, want.Name())
	}
}

// TestManySendersShareASocket: messages of many goroutines stay whole, and those
// of each keep their order.
func TestManySendersShareASocket(t *testing.T) {
	const senders, each = 8, 500
	forEachTransport(t, func(t *testing.T, endpoint string) {
		c := newContext(t)
		push, pull := open(t, c, zmq.Push), open(t, c, zmq.Pull)
		join(t, pull, push, endpoint)
		var running sync.WaitGroup
		for sender := range senders {
			running.Go(func() {
				for n := range each {
					name, number := fmt.Sprint(sender), fmt.Sprint(n)
					if err := push.Send(context.Background(), []byte(name), nil, []byte(number), []byte(name)); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		next := map[string]int{}
		for range senders * each {
			parts, err := pull.Recv(deadline(t))
			if err != nil {
				t.Fatal(err)
			}
			name := string(parts[0])
			if len(parts) != 4 || string(parts[3]) != name || string(parts[2]) != fmt.Sprint(next[name]) {
				t.Fatalf("received %q, want number %d", parts, next[name])
			}
			next[name]++
		}
		running.Wait()
	})
}

// TestManyReceiversShareASocket: each message goes to one of the goroutines, and
// whole.
func TestManyReceiversShareASocket(t *testing.T) {
	const receivers, count = 8, 4000
	forEachTransport(t, func(t *testing.T, endpoint string) {
		c := newContext(t)
		push, pull := open(t, c, zmq.Push), open(t, c, zmq.Pull)
		join(t, pull, push, endpoint)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		got := make(chan string, count)
		var running sync.WaitGroup
		for range receivers {
			running.Go(func() {
				for {
					parts, err := pull.Recv(ctx)
					if err != nil {
						if !errors.Is(err, context.Canceled) {
							t.Error(err)
						}
						return
					}
					if len(parts) != 3 || string(parts[0]) != string(parts[2]) {
						t.Errorf("torn message %q", parts)
					}
					got <- string(parts[0])
				}
			})
		}
		for n := range count {
			send(t, push, fmt.Sprint(n), "", fmt.Sprint(n))
		}
		seen := map[string]bool{}
		for range count {
			number := <-got
			if seen[number] {
				t.Fatalf("message %s came twice", number)
			}
			seen[number] = true
		}
		cancel()
		running.Wait()
	})
}

// TestBothDirectionsAtOnce: a DEALER and a ROUTER each send and receive in
// goroutines of their own, against queues of a few messages.
func TestBothDirectionsAtOnce(t *testing.T) {
	const count = 3000
	forEachTransport(t, func(t *testing.T, endpoint string) {
		c := newContext(t)
		limits := []any{zmq.SndHWM, 3, zmq.RcvHWM, 3}
		a, b := open(t, c, zmq.Dealer, limits...), open(t, c, zmq.Dealer, limits...)
		join(t, a, b, endpoint)
		var running sync.WaitGroup
		for _, s := range []*zmq.Socket{a, b} {
			running.Go(func() {
				for n := range count {
					if err := s.Send(context.Background(), []byte(fmt.Sprint(n)), []byte("tail")); err != nil {
						t.Error(err)
						return
					}
				}
			})
			running.Go(func() {
				for n := range count {
					parts, err := s.Recv(deadline(t))
					if err != nil || len(parts) != 2 || string(parts[0]) != fmt.Sprint(n) {
						t.Errorf("received %q, %v, want %d", parts, err, n)
						return
					}
				}
			})
		}
		running.Wait()
	})
}

// TestConnectBeforeBind: what was sent while nobody had bound arrives.
func TestConnectBeforeBind(t *testing.T) {
	for _, transport := range []string{"ipc", "inproc"} {
		t.Run(transport, func(t *testing.T) {
			endpoint := map[string]string{"ipc": "ipc://" + shortDir(t) + "/s", "inproc": "inproc://later"}[transport]
			c := newContext(t)
			req, rep := open(t, c, zmq.Req, zmq.ReconnectIvl, 10), open(t, c, zmq.Rep)
			connect(t, req, endpoint)
			send(t, req, "question")
			bind(t, rep, endpoint)
			expect(t, rep, "question")
			send(t, rep, "answer")
			expect(t, req, "answer")
		})
	}
}

// TestFanOut: every subscriber gets every message it asked for.
func TestFanOut(t *testing.T) {
	const subscribers, count = 10, 200
	forEachTransport(t, func(t *testing.T, endpoint string) {
		c := newContext(t)
		pub := open(t, c, zmq.Pub)
		bind(t, pub, endpoint)
		subs := make([]*zmq.Socket, subscribers)
		for i := range subs {
			subs[i] = open(t, c, zmq.Sub, zmq.Subscribe, fmt.Sprint(i%2))
			connect(t, subs[i], pub.LastEndpoint())
		}
		if err := pub.WaitPeers(deadline(t), subscribers); err != nil {
			t.Fatal(err)
		}
		for n := range count {
			send(t, pub, fmt.Sprint(n%2), fmt.Sprint(n))
		}
		for i, sub := range subs {
			for n := i % 2; n < count; n += 2 {
				expect(t, sub, fmt.Sprint(i%2), fmt.Sprint(n))
			}
		}
	})
}
