package zmq_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ztools/lib/zmq"
)

// blocked runs a call in a goroutine and returns what it will return.
func blocked(call func() error) <-chan error {
	result := make(chan error, 1)
	go func() { result <- call() }()
	return result
}

// within waits for a call to return.
func within(t *testing.T, result <-chan error) error {
	t.Helper()
	select {
	case err := <-result:
		return err
	case <-time.After(patience):
		t.Fatal("the call does not return")
		return nil
	}
}

// TestShutdownWakesBlockedCalls: blocked and later calls return ETERM, and Close
// of the context waits for the sockets.
func TestShutdownWakesBlockedCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := zmq.NewContext()
		pull, push := open(t, c, zmq.Pull), open(t, c, zmq.Push)
		receiving := blocked(func() error { _, err := pull.Recv(context.Background()); return err })
		sending := blocked(func() error { return push.Send(context.Background(), []byte("x")) })
		waiting := blocked(func() error { return push.WaitPeers(context.Background(), 1) })
		synctest.Wait()
		c.Shutdown()
		expectErr(t, "recv", <-receiving, zmq.ETERM)
		expectErr(t, "send", <-sending, zmq.ETERM)
		expectErr(t, "wait", <-waiting, zmq.ETERM)
		expectErr(t, "later recv", func() error { _, err := pull.TryRecv(); return err }(), zmq.ETERM)
		expectErr(t, "later bind", pull.Bind("inproc://x"), zmq.ETERM)
		expectErr(t, "later option", pull.Set(zmq.SndHWM, 1), zmq.ETERM)
		_, err := c.NewSocket(zmq.Pair)
		expectErr(t, "new socket", err, zmq.ETERM)
		closing := blocked(c.Close)
		synctest.Wait()
		select {
		case err := <-closing:
			t.Fatalf("context closed with open sockets: %v", err)
		default:
		}
		pull.Close()
		push.Close()
		if err := <-closing; err != nil {
			t.Fatal(err)
		}
	})
}

// TestCloseWakesBlockedCalls: calls of other goroutines return ENOTSOCK.
func TestCloseWakesBlockedCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newContext(t)
		pull, push := open(t, c, zmq.Pull), open(t, c, zmq.Push)
		receiving := blocked(func() error { _, err := pull.Recv(context.Background()); return err })
		sending := blocked(func() error { return push.Send(context.Background(), []byte("x")) })
		synctest.Wait()
		pull.Close()
		push.Close()
		expectErr(t, "recv", <-receiving, zmq.ENOTSOCK)
		expectErr(t, "send", <-sending, zmq.ENOTSOCK)
		expectErr(t, "close again", pull.Close(), zmq.ENOTSOCK)
		expectErr(t, "bind", pull.Bind("inproc://x"), zmq.ENOTSOCK)
	})
}

// TestTimeouts: RCVTIMEO and SNDTIMEO end a call with EAGAIN after that time and
// a context with its own error; a message that is there wins over both.
func TestTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newContext(t)
		pull := open(t, c, zmq.Pull, zmq.RcvTimeo, 250)
		push := open(t, c, zmq.Push, zmq.SndTimeo, 250*time.Millisecond)
		start := time.Now()
		_, err := pull.Recv(context.Background())
		expectErr(t, "recv", err, zmq.EAGAIN)
		expectErr(t, "send", push.Send(context.Background(), []byte("x")), zmq.EAGAIN)
		if took := time.Since(start); took != 500*time.Millisecond {
			t.Errorf("two calls took %v", took)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		if _, err := pull.Recv(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("recv with a context: %v", err)
		}
		if err := push.Send(ctx, []byte("x")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("send with a context: %v", err)
		}
		join(t, pull, push, "inproc://q")
		if err := push.Send(ctx, []byte("x")); err != nil {
			t.Errorf("send that need not wait: %v", err)
		}
		if _, err := pull.Recv(ctx); err != nil {
			t.Errorf("recv that need not wait: %v", err)
		}
		pull.Set(zmq.RcvTimeo, 0)
		start = time.Now()
		_, err = pull.Recv(context.Background())
		expectErr(t, "recv with 0", err, zmq.EAGAIN)
		if took := time.Since(start); took != 0 {
			t.Errorf("a call that may not wait took %v", took)
		}
	})
}

// TestSenderWaitsForRoom: a full queue blocks the sender until half of it has
// been read.
func TestSenderWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newContext(t)
		pull, push := open(t, c, zmq.Pull, zmq.RcvHWM, 2), open(t, c, zmq.Push, zmq.SndHWM, 2)
		join(t, pull, push, "inproc://q")
		for n := range 4 {
			send(t, push, fmt.Sprint(n))
		}
		sending := blocked(func() error { return push.Send(context.Background(), []byte("4")) })
		for n := range 5 {
			synctest.Wait()
			if got := len(sending); (n < 2) != (got == 0) {
				t.Fatalf("after %d messages read the sender returned: %t", n, got == 1)
			}
			expect(t, pull, fmt.Sprint(n))
		}
	})
}

// TestLingerGivesUp: a context does not wait longer than LINGER for a peer that
// never comes.
func TestLingerGivesUp(t *testing.T) {
	for _, linger := range []int{0, 50} {
		t.Run(fmt.Sprint(linger), func(t *testing.T) {
			listener, endpoint := silentServer(t)
			defer listener.Close()
			c := zmq.NewContext()
			push := open(t, c, zmq.Push, zmq.Linger, linger)
			connect(t, push, endpoint)
			send(t, push, "to nobody")
			if n := push.Unsent(); n != 1 {
				t.Errorf("%d messages unsent", n)
			}
			push.Close()
			if err := within(t, blocked(c.Close)); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// silentServer accepts nothing and says nothing.
func silentServer(t *testing.T) (net.Listener, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l, "tcp://" + l.Addr().String()
}

// TestLingerWaits: without a limit the context waits until the message is gone.
func TestLingerWaits(t *testing.T) {
	for _, kind := range []string{"tcp", "ipc"} {
		t.Run(kind, func(t *testing.T) {
			endpoint := "ipc://" + shortDir(t) + "/s"
			if kind == "tcp" {
				l, free := silentServer(t)
				l.Close()
				endpoint = free
			}
			c := zmq.NewContext()
			push := open(t, c, zmq.Push, zmq.ReconnectIvl, 10)
			connect(t, push, endpoint)
			send(t, push, "late")
			push.Close()
			closing := blocked(c.Close)
			pull := open(t, newContext(t), zmq.Pull)
			bind(t, pull, endpoint)
			expect(t, pull, "late")
			if err := within(t, closing); err != nil {
				t.Fatal(err)
			}
			if n := push.Unsent(); n != 0 {
				t.Errorf("%d messages unsent", n)
			}
		})
	}
}

// TestRebind: an address is free again as soon as Unbind or Close has returned.
func TestRebind(t *testing.T) {
	forEachTransport(t, func(t *testing.T, endpoint string) {
		c := newContext(t)
		first, second := open(t, c, zmq.Pull), open(t, c, zmq.Pull)
		bind(t, first, endpoint)
		endpoint = first.LastEndpoint()
		if !strings.HasPrefix(endpoint, "ipc") { // where a bind takes over
			expectErr(t, "second bind", second.Bind(endpoint), zmq.EADDRINUSE)
		}
		for range 20 {
			if err := first.Unbind(endpoint); err != nil {
				t.Fatal(err)
			}
			expectErr(t, "second unbind", first.Unbind(endpoint), zmq.ENOENT)
			bind(t, first, endpoint)
		}
		first.Close()
		bind(t, second, endpoint)
	})
}

// TestUnbindEndsPeers: connections made through a bind end with it.
func TestUnbindEndsPeers(t *testing.T) {
	for _, endpoint := range []string{"tcp://127.0.0.1:*", "ipc://" + shortDir(t) + "/s"} {
		c := newContext(t)
		push, pull := open(t, c, zmq.Push), open(t, c, zmq.Pull)
		events := push.Events(deadline(t))
		join(t, push, pull, endpoint)
		send(t, push, "before")
		expect(t, pull, "before")
		if err := push.Unbind(push.LastEndpoint()); err != nil {
			t.Fatal(err)
		}
		ended := false
		for e := range events {
			if ended = e.Kind == zmq.Disconnected; ended {
				break
			}
		}
		if !ended {
			t.Errorf("%s: the peer stays", endpoint)
		}
	}
}

// TestManyShortLives opens and closes connections one after the other.
func TestManyShortLives(t *testing.T) {
	forEachTransport(t, func(t *testing.T, endpoint string) {
		c := newContext(t)
		rep := open(t, c, zmq.Rep)
		bind(t, rep, endpoint)
		for n := range 50 {
			req, err := c.NewSocket(zmq.Req)
			if err != nil {
				t.Fatal(err)
			}
			connect(t, req, rep.LastEndpoint())
			send(t, req, fmt.Sprint(n))
			expect(t, rep, fmt.Sprint(n))
			send(t, rep, "answer")
			expect(t, req, "answer")
			if err := req.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
