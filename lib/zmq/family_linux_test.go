package zmq_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"ztools/lib/curve"
	"ztools/lib/zmq"
)

// forEachFamily runs a test with endpoints to bind and to connect to of each
// family that comes back to this machine.
func forEachFamily(t *testing.T, test func(t *testing.T, bind, connect string)) {
	for _, f := range []struct{ name, module, bind, connect string }{
		{"vsock", "vsock_loopback", "vsock://*:5560", "vsock://@:5560"},
		{"vmci", "vsock_loopback", "vmci://*:5561", "vmci://1:5561"}, // the loopback serves either
		{"tipc", "tipc", "tipc://{5560,1,9}", "tipc://{5560,4}"},
	} {
		t.Run(f.name, func(t *testing.T) {
			if _, err := os.Stat("/sys/module/" + f.module); err != nil {
				t.Skipf("skipped: needs the kernel's module %s (make test-vm)", f.module)
			}
			test(t, f.bind, f.connect)
		})
	}
}

// All types that streams carry talk over each family.
func TestFamilyTypes(t *testing.T) {
	forEachFamily(t, func(t *testing.T, bindTo, connectTo string) {
		for _, pair := range []struct {
			a, b zmq.Type
			talk func(t *testing.T, a, b *zmq.Socket)
		}{
			{zmq.XPub, zmq.Sub, func(t *testing.T, a, b *zmq.Socket) {
				if err := b.Subscribe("x"); err != nil {
					t.Fatal(err)
				}
				expect(t, a, "\x01x")
				send(t, a, "y")
				send(t, a, "xyz")
				expect(t, b, "xyz")
			}},
			{zmq.XSub, zmq.Pub, func(t *testing.T, a, b *zmq.Socket) {
				send(t, a, "\x01")
				for got, _ := a.TryRecv(); got == nil; got, _ = a.TryRecv() { // until the subscription is there
					send(t, b, "x")
				}
			}},
			{zmq.Router, zmq.Dealer, func(t *testing.T, a, b *zmq.Socket) {
				send(t, b, "question")
				m, err := a.Recv(deadline(t))
				if err != nil || len(m) != 2 {
					t.Fatalf("%q, %v", m, err)
				}
				send(t, a, string(m[0]), "answer")
				expect(t, b, "answer")
			}},
			{zmq.Gather, zmq.Scatter, func(t *testing.T, a, b *zmq.Socket) { send(t, b, "x"); expect(t, a, "x") }},
			{zmq.Channel, zmq.Channel, func(t *testing.T, a, b *zmq.Socket) {
				send(t, b, "x")
				expect(t, a, "x")
				send(t, a, "y")
				expect(t, b, "y")
			}},
			{zmq.Server, zmq.Client, numbered},
			{zmq.Peer, zmq.Peer, func(t *testing.T, a, b *zmq.Socket) {
				id, err := b.ConnectPeer(connectTo)
				if err != nil {
					t.Fatal(err)
				}
				sendTo(t, b, id, "question")
				reply(t, a)
				expect(t, b, "answer")
			}},
			{zmq.Dish, zmq.Radio, func(t *testing.T, a, b *zmq.Socket) {
				joinGroups(t, a, "g")
				for got, _ := a.TryRecv(); got == nil; got, _ = a.TryRecv() { // until it has joined
					shout(t, b, "g", "x")
				}
			}},
			{zmq.Stream, zmq.Stream, func(t *testing.T, a, b *zmq.Socket) {
				expectConnected := func(s *zmq.Socket) string {
					m, err := s.Recv(deadline(t))
					if err != nil || len(m) != 2 || len(m[1]) > 0 {
						t.Fatalf("%q, %v", m, err)
					}
					return string(m[0])
				}
				id := expectConnected(b)
				expectConnected(a)
				send(t, b, id, "raw")
				m, err := a.Recv(deadline(t))
				if err != nil || len(m) != 2 || string(m[1]) != "raw" {
					t.Fatalf("%q, %v", m, err)
				}
			}},
		} {
			t.Run(fmt.Sprint(pair.a, " ", pair.b), func(t *testing.T) {
				c := newContext(t)
				a, b := open(t, c, pair.a), open(t, c, pair.b)
				bind(t, a, bindTo)
				if pair.a != zmq.Peer {
					connect(t, b, connectTo)
				}
				pair.talk(t, a, b)
			})
		}
	})
}

func numbered(t *testing.T, a, b *zmq.Socket) {
	send(t, b, "question")
	reply(t, a)
	expect(t, b, "answer")
}

// reply answers whoever asks.
func reply(t *testing.T, s *zmq.Socket) {
	t.Helper()
	sendTo(t, s, recvOne(t, s).RoutingID(), "answer")
}

// Options of a connection work over each family as over tcp.
func TestFamilyOptions(t *testing.T) {
	key := curve.Generate()
	client := curve.Generate()
	for name, options := range map[string][2][]any{ // of the pull and of the push
		"buffers": {
			{zmq.VMCIBufferSize, uint64(1 << 18), zmq.VMCIBufferMinSize, uint64(1 << 12), zmq.VMCIBufferMaxSize, uint64(1 << 20)},
			{zmq.VMCIBufferSize, uint64(1 << 18), zmq.VMCIConnectTimeout, 5000, zmq.ConnectTimeout, 5000},
		},
		"heartbeats": {{zmq.HeartbeatIvl, 20, zmq.HeartbeatTimeout, 60_000}, {zmq.HeartbeatIvl, 20, zmq.HeartbeatTimeout, 60_000, zmq.HeartbeatTTL, 60_000}},
		"curve": {
			{zmq.CurveServer, true, zmq.CurveSecretKey, key.Secret[:]},
			{zmq.CurveServerKey, key.Public[:], zmq.CurvePublicKey, client.Public[:], zmq.CurveSecretKey, client.Secret[:]},
		},
		"backlog and handshake": {{zmq.Backlog, 1, zmq.HandshakeIvl, 60_000}, {zmq.Immediate, true, zmq.ReconnectIvl, 10}},
	} {
		t.Run(name, func(t *testing.T) {
			forEachFamily(t, func(t *testing.T, bindTo, connectTo string) {
				c := newContext(t)
				pull, push := open(t, c, zmq.Pull, options[0]...), open(t, c, zmq.Push, options[1]...)
				connect(t, push, connectTo)
				bind(t, pull, bindTo)
				send(t, push, string(make([]byte, 1<<20)))
				expect(t, pull, string(make([]byte, 1<<20)))
			})
		})
	}
}

// A bind without a name of its own ends by the text that was given, as in libzmq, and
// by what LastEndpoint told.
func TestFamilyWildcards(t *testing.T) {
	wildcards := map[string]string{"vsock": "vsock://*:*", "vmci": "vmci://*:*", "tipc": "tipc://<*>"}
	forEachFamily(t, func(t *testing.T, bindTo, _ string) {
		scheme, _, _ := strings.Cut(bindTo, "://")
		s := open(t, newContext(t), zmq.Pull)
		bind(t, s, wildcards[scheme])
		if err := s.Unbind(s.LastEndpoint()); err != nil {
			t.Errorf("by %s: %v", s.LastEndpoint(), err)
		}
		bind(t, s, wildcards[scheme])
		if err := s.Unbind(wildcards[scheme]); (err == nil) != (scheme == "tipc") {
			t.Errorf("by the text: %v", err)
		}
	})
}

func TestFamilies(t *testing.T) {
	forEachFamily(t, func(t *testing.T, bindTo, connectTo string) {
		for _, types := range [][2]zmq.Type{{zmq.Pull, zmq.Push}, {zmq.Rep, zmq.Req}, {zmq.Pair, zmq.Pair}} {
			c := newContext(t)
			a, b := open(t, c, types[0]), open(t, c, types[1])
			server := watch(t, a)
			bind(t, a, bindTo)
			connect(t, b, connectTo)
			for _, size := range []int{0, 10, 5000, 1 << 20} {
				send(t, b, string(make([]byte, size)), "end")
				expect(t, a, string(make([]byte, size)), "end")
				if types[0] != zmq.Pull {
					send(t, a, "answer")
					expect(t, b, "answer")
				}
			}
			awaitEvent(t, server, zmq.HandshakeSucceeded)
			if err := a.Unbind(a.LastEndpoint()); err != nil {
				t.Error(err)
			}
			if err := b.Disconnect(connectTo); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestFamilyBoundTwice(t *testing.T) {
	forEachFamily(t, func(t *testing.T, bindTo, _ string) {
		c := newContext(t)
		a, b := open(t, c, zmq.Pull), open(t, c, zmq.Pull)
		bind(t, a, bindTo)
		if err := b.Bind(bindTo); bindTo[:4] != "tipc" && !errors.Is(err, zmq.EADDRINUSE) {
			t.Errorf("bound twice: %v", err)
		}
	})
}
