package zmq_test

import (
	"strings"
	"testing"

	"ztools/lib/zmq"
)

// Tests of what a connection says by itself: HELLO_MSG, DISCONNECT_MSG,
// HICCUP_MSG, ROUTER_NOTIFY.

// body is the last part of the next message.
func body(t *testing.T, s *zmq.Socket) string {
	t.Helper()
	m := &zmq.Message{}
	if err := s.RecvMessage(deadline(t), m); err != nil {
		t.Fatal(err)
	}
	return string(m.Part(m.Len() - 1))
}

// expectBodies receives messages of which only the last part matters.
func expectBodies(t *testing.T, s *zmq.Socket, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := body(t, s); got != w {
			t.Errorf("%s: got %.20q, want %.20q", s.Type(), got, w)
		}
	}
}

func silent(t *testing.T, s *zmq.Socket) {
	t.Helper()
	if parts, err := s.TryRecv(); err == nil {
		t.Errorf("%s: got %q", s.Type(), parts)
	}
}

// greeters are pairs of types of which both can send a hello, and one that does
// not.
var greeters = [][2]zmq.Type{
	{zmq.Dealer, zmq.Dealer}, {zmq.Router, zmq.Dealer}, {zmq.Server, zmq.Client}, {zmq.Peer, zmq.Peer},
}

func TestHelloComesFirst(t *testing.T) {
	large := strings.Repeat("large", 2000)
	forEachTransport(t, func(t *testing.T, endpoint string) {
		for _, types := range greeters {
			c := newContext(t)
			a := open(t, c, types[0], zmq.HelloMsg, "from the binder")
			b := open(t, c, types[1], zmq.HelloMsg, large)
			if !strings.HasSuffix(endpoint, "*") { // connect before there is something to connect to
				b.Set(zmq.ReconnectIvl, 10)
				connect(t, b, endpoint)
				if types[1] != zmq.Peer {
					send(t, b, "queued")
				}
				bind(t, a, endpoint)
			} else {
				join(t, a, b, endpoint)
				if types[1] != zmq.Peer {
					send(t, b, "queued")
				}
			}
			expectBodies(t, b, "from the binder")
			expectBodies(t, a, large)
			if types[1] != zmq.Peer {
				expectBodies(t, a, "queued")
			}
			silent(t, a)
			silent(t, b)
			a.Close()
			b.Close()
		}
	})
}

// TestHelloOfOthers: what has no such message keeps quiet.
func TestHelloOfOthers(t *testing.T) {
	forEachTransport(t, func(t *testing.T, endpoint string) {
		c := newContext(t)
		push, pull := open(t, c, zmq.Push, zmq.HelloMsg, "x", zmq.DisconnectMsg, "y"), open(t, c, zmq.Pull, zmq.HiccupMsg, "z", zmq.DisconnectMsg, "y")
		join(t, pull, push, endpoint)
		send(t, push, "first")
		expect(t, pull, "first")
		push.Close()
		silent(t, pull)
	})
}

func TestDisconnectMessage(t *testing.T) {
	forEachTransport(t, func(t *testing.T, endpoint string) {
		for _, types := range [][2]zmq.Type{{zmq.Router, zmq.Dealer}, {zmq.Server, zmq.Client}, {zmq.Peer, zmq.Peer}} {
			c := newContext(t)
			binder := open(t, c, types[0], zmq.DisconnectMsg, "gone", zmq.RcvHWM, 1)
			connector := open(t, c, types[1], zmq.HelloMsg, "here", zmq.DisconnectMsg, "not mine")
			bind(t, binder, endpoint)
			connect(t, connector, binder.LastEndpoint())
			if err := connector.WaitPeers(deadline(t), 1); err != nil {
				t.Fatal(err)
			}
			connector.Close()
			expectBodies(t, binder, "here", "gone")
			silent(t, binder)
			binder.Close()
		}
	})
}

// TestDisconnectMessageNamesThePeer: it comes from the one who left.
func TestDisconnectMessageNamesThePeer(t *testing.T) {
	forEachTransport(t, func(t *testing.T, endpoint string) {
		c := newContext(t)
		router := open(t, c, zmq.Router, zmq.DisconnectMsg, "gone")
		bind(t, router, endpoint)
		a, b := open(t, c, zmq.Dealer, zmq.RoutingID, "a"), open(t, c, zmq.Dealer, zmq.RoutingID, "b")
		for _, s := range []*zmq.Socket{a, b} {
			connect(t, s, router.LastEndpoint())
			send(t, s, "here")
			body(t, router)
		}
		if err := b.Disconnect(router.LastEndpoint()); err != nil {
			t.Fatal(err)
		}
		expect(t, router, "b", "gone")
		a.Close()
		expect(t, router, "a", "gone")
	})
}

// TestHiccupMessage: the side that has connected is told that it must again.
func TestHiccupMessage(t *testing.T) {
	for _, types := range [][2]zmq.Type{{zmq.Router, zmq.Dealer}, {zmq.Server, zmq.Client}, {zmq.Peer, zmq.Peer}} {
		t.Run(types[1].String(), func(t *testing.T) {
			c := newContext(t)
			endpoint := "ipc://" + shortDir(t) + "/s"
			binder := open(t, c, types[0], zmq.HelloMsg, "hello", zmq.HiccupMsg, "not mine")
			connector := open(t, c, types[1], zmq.HiccupMsg, "broken", zmq.ReconnectIvl, 10)
			join(t, binder, connector, endpoint)
			expectBodies(t, connector, "hello")
			binder.Close()
			expectBodies(t, connector, "broken")
			binder = open(t, c, types[0], zmq.HelloMsg, "hello again")
			bind(t, binder, endpoint)
			expectBodies(t, connector, "hello again")
			silent(t, connector)
		})
	}
}

func TestRouterNotify(t *testing.T) {
	for notify, want := range map[int][]string{0: {"x"}, 1: {"", "x"}, 2: {"x", ""}, 3: {"", "x", ""}} {
		c := newContext(t)
		router := open(t, c, zmq.Router, zmq.RouterNotify, notify)
		bind(t, router, "tcp://127.0.0.1:*")
		dealer := open(t, c, zmq.Dealer, zmq.RoutingID, "d")
		connect(t, dealer, router.LastEndpoint())
		send(t, dealer, "x")
		for _, text := range want[:len(want)-1] {
			expect(t, router, "d", text)
		}
		dealer.Close()
		expect(t, router, "d", want[len(want)-1])
		silent(t, router)
	}
}

// TestRouterNotifyOfAConnector: its peer comes and goes with each connection.
func TestRouterNotifyOfAConnector(t *testing.T) {
	c := newContext(t)
	endpoint := "ipc://" + shortDir(t) + "/s"
	router := open(t, c, zmq.Router, zmq.RouterNotify, 3, zmq.ReconnectIvl, 10, zmq.ConnectRoutingID, "peer")
	connect(t, router, endpoint)
	for range 2 {
		dealer := open(t, c, zmq.Dealer)
		bind(t, dealer, endpoint)
		expect(t, router, "peer", "")
		dealer.Close()
		expect(t, router, "peer", "")
	}
}
