package zmq_test

import (
	"fmt"
	"strings"
	"testing"

	"ztools/lib/internal/ztest"
	"ztools/lib/zmq"
)

// Tests of libzmq's draft socket types over every transport. Each of the
// programs here is also played against libzmq, in interop.

// recvOne receives a message of one part.
func recvOne(t *testing.T, s *zmq.Socket) *zmq.Message {
	t.Helper()
	m := &zmq.Message{}
	if err := s.RecvMessage(deadline(t), m); err != nil {
		t.Fatal(err)
	}
	if m.Len() != 1 {
		t.Fatalf("received %q", m.Parts())
	}
	return m
}

// sendTo sends text to a peer of a SERVER or PEER.
func sendTo(t *testing.T, s *zmq.Socket, id uint32, text string) {
	t.Helper()
	m := zmq.NewMessage([]byte(text))
	if err := m.SetRoutingID(id); err != nil {
		t.Fatal(err)
	}
	if err := s.SendMessage(deadline(t), m); err != nil {
		t.Fatal(err)
	}
}

// shout sends text to a group.
func shout(t *testing.T, s *zmq.Socket, group, text string) {
	t.Helper()
	m := zmq.NewMessage([]byte(text))
	if err := m.SetGroup(group); err != nil {
		t.Fatal(err)
	}
	if err := s.SendMessage(deadline(t), m); err != nil {
		t.Fatal(err)
	}
}

func joinGroups(t *testing.T, s *zmq.Socket, groups ...string) {
	t.Helper()
	for _, group := range groups {
		if err := s.Join(group); err != nil {
			t.Fatal(err)
		}
	}
}

func TestServerAnswersItsClients(t *testing.T) {
	forEachTransport(t, func(t *testing.T, endpoint string) {
		c := newContext(t)
		server := open(t, c, zmq.Server)
		bind(t, server, endpoint)
		for n := range 3 {
			client := open(t, c, zmq.Client)
			connect(t, client, server.LastEndpoint())
			send(t, client, fmt.Sprint("question ", n))
			question := recvOne(t, server)
			if got := string(question.Bytes()); got != fmt.Sprint("question ", n) || question.RoutingID() == 0 {
				t.Errorf("got %q from %d", got, question.RoutingID())
			}
			sendTo(t, server, question.RoutingID(), fmt.Sprint("answer ", n))
			if answer := recvOne(t, client); string(answer.Bytes()) != fmt.Sprint("answer ", n) || answer.RoutingID() != 0 {
				t.Errorf("got %v from %d", answer, answer.RoutingID())
			}
		}
		expectErr(t, "send to nobody", server.TrySend([]byte("x")), zmq.EHOSTUNREACH)
	})
}

// TestRadioReachesTheGroup, with a DISH that binds and one that connects, joins
// before and after the connection is there, and bodies of all sizes.
func TestRadioReachesTheGroup(t *testing.T) {
	forEachTransport(t, func(t *testing.T, endpoint string) {
		for _, dishBinds := range []bool{false, true} {
			c := newContext(t)
			radio, dish := open(t, c, zmq.Radio, zmq.SndHWM, 0), open(t, c, zmq.Dish, zmq.RcvHWM, 0) // so that nothing is dropped
			joinGroups(t, dish, "early", "gone")
			if dishBinds {
				join(t, dish, radio, endpoint)
			} else {
				join(t, radio, dish, endpoint)
			}
			joinGroups(t, dish, "late")
			if err := dish.Leave("gone"); err != nil {
				t.Fatal(err)
			}
			for group := ""; group != "late"; { // messages come through once the last join has
				shout(t, radio, "gone", "x")
				shout(t, radio, "late", "y")
				if m := (&zmq.Message{}); dish.TryRecvMessage(m) == nil {
					group = m.Group()
				}
			}
			for m := (&zmq.Message{}); dish.TryRecvMessage(m) == nil; {
				if m.Group() != "late" {
					t.Errorf("got a message of %q", m.Group())
				}
			}
			for _, size := range []int{0, 1, 255, 256, 5000, 100_000} {
				body := strings.Repeat("b", size)
				shout(t, radio, "nobody", body)
				shout(t, radio, "early", body)
				m := recvOne(t, dish)
				for m.Group() == "late" {
					m = recvOne(t, dish)
				}
				if string(m.Bytes()) != body || m.Group() != "early" {
					t.Errorf("%d bytes: got %d of %q", size, m.Size(), m.Group())
				}
			}
			radio.Close()
			dish.Close()
		}
	})
}

func TestScatterAndGather(t *testing.T) {
	forEachTransport(t, func(t *testing.T, endpoint string) {
		c := newContext(t)
		scatter, gather := open(t, c, zmq.Scatter), open(t, c, zmq.Gather)
		join(t, gather, scatter, endpoint)
		for n := range 100 {
			send(t, scatter, fmt.Sprint(n))
		}
		for n := range 100 {
			expect(t, gather, fmt.Sprint(n))
		}
	})
}

func TestChannel(t *testing.T) {
	forEachTransport(t, func(t *testing.T, endpoint string) {
		c := newContext(t)
		a, b := open(t, c, zmq.Channel), open(t, c, zmq.Channel)
		join(t, a, b, endpoint)
		send(t, b, "there")
		expect(t, a, "there")
		send(t, a, "back")
		expect(t, b, "back")
	})
}

// TestPeersAreAddressedAtOnce: ConnectPeer gives the routing id, before there is
// a connection.
func TestPeersAreAddressedAtOnce(t *testing.T) {
	forEachTransport(t, func(t *testing.T, endpoint string) {
		c := newContext(t)
		a, b, other := open(t, c, zmq.Peer), open(t, c, zmq.Peer), open(t, c, zmq.Peer)
		bind(t, a, endpoint)
		bind(t, other, "inproc://other of "+endpoint)
		if _, err := b.ConnectPeer(other.LastEndpoint()); err != nil {
			t.Fatal(err)
		}
		id, err := b.ConnectPeer(a.LastEndpoint())
		if err != nil || id == 0 {
			t.Fatalf("id %d, %v", id, err)
		}
		sendTo(t, b, id, "there")
		m := recvOne(t, a)
		sendTo(t, a, m.RoutingID(), "back")
		if m = recvOne(t, b); string(m.Bytes()) != "back" || m.RoutingID() != id {
			t.Errorf("got %v from %d, want it from %d", m, m.RoutingID(), id)
		}
		if err := b.DisconnectPeer(id); err != nil {
			t.Fatal(err)
		}
		expectErr(t, "disconnect again", b.DisconnectPeer(id), zmq.EHOSTUNREACH)
		m = zmq.NewMessage([]byte("x"))
		m.SetRoutingID(id)
		expectErr(t, "send", b.TrySendMessage(m), zmq.EHOSTUNREACH)
	})
}

// TestDisconnectedPeersAreGone: both ends learn of it.
func TestDisconnectedPeersAreGone(t *testing.T) {
	forEachTransport(t, func(t *testing.T, endpoint string) {
		c := newContext(t)
		server, client := open(t, c, zmq.Server), open(t, c, zmq.Client, zmq.ReconnectIvl, -1)
		events := client.Events(deadline(t))
		join(t, server, client, endpoint)
		send(t, client, "x")
		if err := server.DisconnectPeer(recvOne(t, server).RoutingID()); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(endpoint, "inproc") {
			expectErr(t, "send", client.TrySend([]byte("x")), zmq.EAGAIN)
			return
		}
		for e := range events {
			if e.Kind == zmq.Disconnected {
				return
			}
		}
		t.Error("the client was not told")
	})
}

// TestDraftCallsOfOtherTypes: the calls of one type are refused by the others.
func TestDraftCallsOfOtherTypes(t *testing.T) {
	c := newContext(t)
	for kind := zmq.Pair; kind <= zmq.Channel; kind++ {
		s := open(t, c, kind)
		if kind != zmq.Dish {
			expectErr(t, kind.String()+": join", s.Join("g"), zmq.ENOTSUP)
			expectErr(t, kind.String()+": leave", s.Leave("g"), zmq.ENOTSUP)
		}
		if kind != zmq.Peer {
			_, err := s.ConnectPeer("inproc://x")
			expectErr(t, kind.String()+": connect peer", err, zmq.ENOTSUP)
		}
		if kind != zmq.Peer && kind != zmq.Server {
			expectErr(t, kind.String()+": disconnect peer", s.DisconnectPeer(1), zmq.ENOTSUP)
		}
	}
	dish := open(t, c, zmq.Dish)
	joinGroups(t, dish, "g", strings.Repeat("x", 255))
	expectErr(t, "joined twice", dish.Join("g"), zmq.EINVAL)
	expectErr(t, "too long", dish.Join(strings.Repeat("x", 256)), zmq.EINVAL)
	expectErr(t, "leave unknown", dish.Leave("h"), zmq.EINVAL)
	_, err := open(t, c, zmq.Peer, zmq.Immediate, true).ConnectPeer("inproc://x")
	expectErr(t, "connect peer with IMMEDIATE", err, zmq.EFAULT)
	expectErr(t, "group of 256 bytes", new(zmq.Message).SetGroup(strings.Repeat("x", 256)), zmq.EINVAL)
	expectErr(t, "routing id 0", new(zmq.Message).SetRoutingID(0), zmq.EINVAL)
}

// TestDishRefusesOtherShapes: what a RADIO cannot have sent ends the connection.
func TestDishRefusesOtherShapes(t *testing.T) {
	shapes := map[string][]byte{
		"body without group": ztest.Frame(0, "body"),
		"three parts":        append(append(ztest.Frame(1, "g"), ztest.Frame(1, "a")...), ztest.Frame(0, "b")...),
		"long group":         append(ztest.Frame(1, strings.Repeat("g", 256)), ztest.Frame(0, "b")...),
	}
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			c := newContext(t)
			dish := open(t, c, zmq.Dish)
			joinGroups(t, dish, "g")
			bind(t, dish, "tcp://127.0.0.1:*")
			bytes := append(ztest.Greeting("NULL"), ztest.Ready("RADIO", "")...)
			if err := misbehave(dish.LastEndpoint(), string(append(bytes, shape...))); err != nil {
				t.Error(err)
			}
			if m := (&zmq.Message{}); dish.TryRecvMessage(m) == nil {
				t.Errorf("received %v", m)
			}
		})
	}
}
