package zmq_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"ztools/lib/zmq"
)

// A subscriber that stops reading costs only its own messages: the others get all,
// its queues grow no further than their limits, and the counters add up.
func TestProxyStoppedSubscriber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, "inproc://front", forwarder, zmq.SndHWM, 10, zmq.RcvHWM, 10).start()
		stuck := open(t, r.context, zmq.Sub, zmq.RcvHWM, 10)
		connect(t, stuck, "inproc://back")
		for _, s := range []*zmq.Socket{stuck, r.right} {
			if err := s.Subscribe(""); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Back.WaitPeers(deadline(t), 2); err != nil {
			t.Fatal(err)
		}
		if err := r.left.WaitPeers(deadline(t), 1); err != nil {
			t.Fatal(err)
		}
		const messages = 300
		for i := range messages {
			send(t, r.left, fmt.Sprint(i))
			expect(t, r.right, fmt.Sprint(i))
		}
		synctest.Wait()
		stats := r.Back.Stats()
		waiting := stuck.Stats().Received.Queued
		if stats.Sent.Messages+stats.Dropped != 2*messages || waiting > 20 || stats.Dropped != uint64(messages-waiting) {
			t.Errorf("%d sent, %d dropped, %d wait", stats.Sent.Messages, stats.Dropped, waiting)
		}
		r.stop()
		if got := r.Stats().BackSent.Messages; got != messages {
			t.Errorf("%d messages passed on", got)
		}
	})
}

// A worker that leaves with requests in flight takes these along, and nothing else.
func TestProxyWorkerLeaves(t *testing.T) {
	r := newRig(t, "tcp://127.0.0.1:*", [4]zmq.Type{zmq.Dealer, zmq.Router, zmq.Dealer, zmq.Router}).start()
	left := r.Back.Events(deadline(t))
	for i := range 5 {
		send(t, r.left, fmt.Sprint(i))
		if _, err := r.right.Recv(deadline(t)); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.right.Close(); err != nil { // five requests without an answer
		t.Fatal(err)
	}
	for ev := range left {
		if ev.Kind == zmq.Disconnected {
			break
		}
	}
	worker := open(t, r.context, zmq.Rep)
	connect(t, worker, r.Back.LastEndpoint())
	send(t, r.left, "", "again")
	expect(t, worker, "again")
	send(t, worker, "done")
	expect(t, r.left, "", "done")
	r.stop()
	if got := r.Stats(); got.FrontReceived.Messages != 6 || got.BackSent.Messages != 6 || got.FrontSent.Messages != 1 {
		t.Errorf("%+v", got)
	}
}

// A proxy that goes and comes back: subscriptions and flow come again by themselves.
func TestProxyComesBack(t *testing.T) {
	c := newContext(t)
	front, back := "ipc://"+shortDir(t)+"/f", "ipc://"+shortDir(t)+"/b"
	pub, sub := open(t, c, zmq.Pub, zmq.ReconnectIvl, 5), open(t, c, zmq.Sub, zmq.ReconnectIvl, 5)
	connect(t, pub, front)
	connect(t, sub, back)
	if err := sub.Subscribe("x"); err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		z := zmq.NewContext()
		f, b := open(t, z, zmq.XSub), open(t, z, zmq.XPub)
		bind(t, f, front)
		bind(t, b, back)
		p := zmq.NewProxy(f, b)
		done := blocked(func() error { return p.Run(context.Background()) })
		text := fmt.Sprint("x", round)
		got := blocked(func() error { // a socket that nobody calls subscribes to nothing again, as in libzmq
			parts, err := sub.Recv(deadline(t))
			if err == nil && string(parts[0]) != text {
				err = fmt.Errorf("received %q, want %q", parts, text)
			}
			return err
		})
		if err := b.WaitPeers(deadline(t), 1); err != nil {
			t.Fatal(err)
		}
		if err := pub.WaitPeers(deadline(t), 1); err != nil {
			t.Fatal(err)
		}
		send(t, pub, text)
		if err := within(t, got); err != nil {
			t.Fatal(err)
		}
		p.Terminate()
		if err := within(t, done); err != nil {
			t.Fatal(err)
		}
		for _, s := range []*zmq.Socket{f, b} {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
