package zmq_test

import (
	"errors"
	"testing"

	"ztools/lib/zmq"
)

// What was sent, received, dropped, and what waits.
func TestStats(t *testing.T) {
	c := newContext(t)
	pub, sub := open(t, c, zmq.Pub, zmq.SndHWM, 3), open(t, c, zmq.Sub, zmq.RcvHWM, 3)
	join(t, pub, sub, "inproc://stats")
	if err := sub.Subscribe("a"); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		send(t, pub, "a", "bc")
		send(t, pub, "b")
	}
	expect(t, sub, "a", "bc")
	got := pub.Stats()
	want := zmq.PeerFlows{Sent: zmq.Flow{Messages: 6, Bytes: 6 * 7, Queued: 6, High: 6}, Dropped: 4}
	want.Received = got.Received
	if got.PeerFlows != want || len(got.Peers) != 1 || got.Peers[0].PeerFlows != want {
		t.Errorf("publisher %+v, want %+v", got, want)
	}
	if got.Received.Messages != 1 || got.Received.Queued != 0 {
		t.Errorf("publisher received %+v, want one subscription", got.Received)
	}
	if got := sub.Stats(); got.Received != want.Sent || len(got.Peers) != 1 || !got.Peers[0].Connected {
		t.Errorf("subscriber %+v", got)
	}
	if err := sub.Close(); err != nil {
		t.Fatal(err)
	}
	send(t, pub, "a")
	got = pub.Stats()
	if got.Sent.Messages != 6 || got.Dropped != 4 || len(got.Peers) != 0 {
		t.Errorf("the subscriber has left: %+v", got)
	}
}

// Who a peer is, over a network.
func TestStatsOfPeers(t *testing.T) {
	c := newContext(t)
	router, dealer := open(t, c, zmq.Router), open(t, c, zmq.Dealer, zmq.RoutingID, "me")
	join(t, router, dealer, "tcp://127.0.0.1:*")
	send(t, dealer, "x")
	expect(t, router, "me", "x")
	send(t, router, "nobody", "y")
	stats := router.Stats()
	if len(stats.Peers) != 1 || stats.Dropped != 1 {
		t.Fatalf("%+v", stats)
	}
	p := stats.Peers[0]
	if p.SocketType != "DEALER" || string(p.RoutingID) != "me" || p.Endpoint != router.LastEndpoint() || p.Remote == "" ||
		p.Received.Messages != 1 || p.Received.Bytes < 3 {
		t.Errorf("%+v", p)
	}
}

// Each end of inproc has a number of its own and the name that joined it.
func TestStatsOfPeersInproc(t *testing.T) {
	const name = "inproc://numbers"
	c := newContext(t)
	early, pull, late := open(t, c, zmq.Push), open(t, c, zmq.Pull), open(t, c, zmq.Push)
	connect(t, early, name)
	bind(t, pull, name)
	connect(t, late, name)
	send(t, early, "x")
	expect(t, pull, "x")
	send(t, late, "x")
	expect(t, pull, "x")
	numbers := map[uint64]bool{}
	for _, s := range []*zmq.Socket{early, pull, late} {
		for _, p := range s.Stats().Peers {
			if p.Endpoint != name || p.Conn == 0 || numbers[p.Conn] {
				t.Errorf("%+v", p)
			}
			numbers[p.Conn] = true
		}
	}
	if len(numbers) != 4 {
		t.Errorf("%d ends", len(numbers))
	}
}

// A peer that is expected is listed, also where nothing can be queued for it.
func TestStatsOfExpectedPeers(t *testing.T) {
	for _, immediate := range []int{0, 1} {
		c := newContext(t)
		push := open(t, c, zmq.Push, zmq.Immediate, immediate, zmq.ReconnectIvl, 1)
		events := push.Events(deadline(t))
		connect(t, push, freeAddress(t))
		retries := 0
		for ev := range events {
			if ev.Kind != zmq.ConnectRetried {
				continue
			}
			if retries++; retries == 2 {
				break
			}
		}
		peers := push.Stats().Peers
		if len(peers) != 1 || peers[0].Connected || peers[0].Retries < 2 || !errors.Is(peers[0].Err, zmq.ECONNREFUSED) || peers[0].Endpoint != push.LastEndpoint() {
			t.Errorf("IMMEDIATE %d: %+v", immediate, peers)
		}
	}
}

// Stats, and events of pipes, may be asked for while connections come and go.
func TestStatsWhileReconnecting(t *testing.T) {
	c := newContext(t)
	pull, push := open(t, c, zmq.Pull, zmq.RcvTimeo, 20), open(t, c, zmq.Push, zmq.ReconnectIvl, 1)
	bind(t, pull, "tcp://127.0.0.1:*")
	endpoint := pull.LastEndpoint()
	if err := push.MonitorVersioned("inproc://pipes", zmq.PipesStats, 2, zmq.Pub); err != nil {
		t.Fatal(err)
	}
	connect(t, push, endpoint)
	over := make(chan struct{})
	asked := blocked(func() error {
		for {
			select {
			case <-over:
				return nil
			default:
				for _, p := range push.Stats().Peers {
					if p.Endpoint != endpoint {
						return errors.New(p.Endpoint)
					}
				}
				if err := push.MonitorPipes(); err != nil {
					return err
				}
			}
		}
	})
	for range 50 {
		for got := false; !got; { // what went to the connection before is lost
			send(t, push, "x")
			_, err := pull.Recv(deadline(t))
			got = err == nil
		}
		if err := pull.Unbind(endpoint); err != nil {
			t.Fatal(err)
		}
		bind(t, pull, endpoint)
	}
	close(over)
	if err := within(t, asked); err != nil {
		t.Error(err)
	}
}
