package interop_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"ztools/lib/zmq"
)

// A life is a test in which one side, the mortal, is killed and started again
// while the other, the survivor, goes on.
type life struct {
	t          *testing.T
	mortal     string // in peers
	survivor   party
	mortalBind bool
	endpoint   string // a wildcard until the first bind
}

// forEachLife plays a life with us and with libzmq as the mortal, over tcp and
// ipc, bound and connected.
func forEachLife(t *testing.T, play func(l *life)) {
	for _, mortal := range []string{python, node, ownBinary} {
		for transport, endpoint := range endpoints(t, nil, ours{}) {
			for bind, name := range map[bool]string{true: "binds", false: "connects"} {
				t.Run(fmt.Sprintf("%s/%s/%s", mortal, transport, name), func(t *testing.T) {
					l := &life{t: t, mortal: mortal, mortalBind: bind, endpoint: endpoint}
					if l.survivor = newOurs(t); mortal == ownBinary {
						l.survivor = start(t, python)
					}
					play(l)
				})
			}
		}
	}
}

// join binds or connects one side.
func (l *life) join(e end, bind bool) {
	l.t.Helper()
	e.set(zmq.ReconnectIvl, 10)
	if bind {
		l.endpoint = e.bind(l.endpoint)
	} else {
		e.connect(l.endpoint)
	}
}

// survive opens the socket that lives on. It binds before, or connects after
// the mortal is born.
func (l *life) survive(kind string, options ...any) end {
	return open(l.t, l.survivor, kind, options...)
}

// born starts a process with a joined socket.
func (l *life) born(kind string, options ...any) (*process, end) {
	l.t.Helper()
	p := start(l.t, l.mortal)
	e := open(l.t, p, kind, options...)
	l.join(e, l.mortalBind)
	return p, e
}

// meet joins a survivor and the first mortal in the order that binding needs.
func (l *life) meet(survivor end, kind string, options ...any) (*process, end) {
	l.t.Helper()
	if !l.mortalBind {
		l.join(survivor, true)
	}
	p, e := l.born(kind, options...)
	if l.mortalBind {
		l.join(survivor, false)
	}
	return p, e
}

// traffic produces numbered messages in the background until its socket or its
// process ends.
func traffic(t *testing.T, e end, first int) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.Produce(first, 1<<30, 3)
	}()
	t.Cleanup(func() {
		if r, ok := e.sock.(*remote); ok {
			r.closed = true
			r.kill()
		} else {
			e.Close(0)
		}
		<-done
	})
}

// TestReceiverKilled: the sender goes on where the network left off. What was on
// its way is lost, what comes is whole, in order and comes once.
func TestReceiverKilled(t *testing.T) {
	forEachLife(t, func(l *life) {
		push := l.survive("PUSH")
		p, pull := l.meet(push, "PULL")
		traffic(l.t, push, 0)
		if runs := consume(pull, 500); !slices.Equal(runs, []run{{0, 499}}) {
			l.t.Fatalf("before: %v", runs)
		}
		p.kill()
		_, pull = l.born("PULL")
		if runs := consume(pull, 500); len(runs) != 1 || runs[0][0] < 500 {
			l.t.Fatalf("after: %v", runs)
		}
	})
}

// TestSenderKilled: the receiver gets the first part of what the first sender
// sent, and all that the second sends, each in order and once.
func TestSenderKilled(t *testing.T) {
	const second = 1 << 29
	forEachLife(t, func(l *life) {
		pull := l.survive("PULL")
		p, push := l.meet(pull, "PUSH")
		traffic(l.t, push, 0)
		if runs := consume(pull, 500); !slices.Equal(runs, []run{{0, 499}}) {
			l.t.Fatalf("before: %v", runs)
		}
		p.kill()
		_, push = l.born("PUSH")
		traffic(l.t, push, second)
		next := [2]int{500, second}
		for next[1] < second+500 {
			for _, r := range consume(pull, 100) {
				sender := min(1, r[0]/second)
				if r[0] != next[sender] {
					l.t.Fatalf("message %d of sender %d, want %d", r[0], sender, next[sender])
				}
				next[sender] = r[1] + 1
			}
		}
	})
}

func consume(e end, count int) []run {
	e.t.Helper()
	runs, err := e.Consume(count, 3)
	e.check(err, "consume")
	return runs
}

// hear receives a notice of XPUB while the subscriber is looked after: a socket
// sends its subscriptions to a new connection when it is called.
func hear(pub, sub end) string {
	pub.t.Helper()
	for limit := time.Now().Add(patience); time.Now().Before(limit); {
		settle(sub)
		if parts, err := pub.Recv(10 * time.Millisecond); !errors.Is(err, zmq.EAGAIN) {
			pub.check(err, "recv")
			return string(parts[0])
		}
	}
	pub.t.Fatal("publisher heard nothing")
	return ""
}

// TestSubscriptionsSurvive: a publisher that starts again hears the
// subscriptions again.
func TestSubscriptionsSurvive(t *testing.T) {
	forEachLife(t, func(l *life) {
		sub := l.survive("SUB")
		topics := []string{"a", "b.", ""}
		subscribe(sub, topics...)
		p, pub := l.meet(sub, "XPUB")
		for range 2 {
			var heard []string
			for range topics {
				heard = append(heard, hear(pub, sub))
			}
			slices.Sort(heard)
			if !slices.Equal(heard, []string{"\x01", "\x01a", "\x01b."}) {
				l.t.Fatalf("publisher heard %q", heard)
			}
			pub.send("anything", "at all")
			sub.expect("anything", "at all")
			sub.set(zmq.Unsubscribe, "")
			if got := hear(pub, sub); got != "\x00" {
				l.t.Fatalf("publisher heard %q", got)
			}
			pub.send("x", "not subscribed")
			pub.send("b.1", "subscribed")
			sub.expect("b.1", "subscribed")
			subscribe(sub, "")
			if got := hear(pub, sub); got != "\x01" {
				l.t.Fatalf("publisher heard %q", got)
			}
			p.kill()
			p, pub = l.born("XPUB")
		}
	})
}

// TestIdentitySurvives: a ROUTER that starts again knows its peers by their
// names again.
func TestIdentitySurvives(t *testing.T) {
	forEachLife(t, func(l *life) {
		dealer := l.survive("DEALER", zmq.RoutingID, "me", zmq.Immediate, 1)
		dealer.monitor()
		p, router := l.meet(dealer, "ROUTER")
		for range 2 {
			dealer.send("hello")
			router.expect("me", "hello")
			router.send("me", "welcome")
			dealer.expect("welcome")
			p.kill()
			dealer.await("DISCONNECTED")
			p, router = l.born("ROUTER")
		}
	})
}

// TestRefusedMessage: a message that is too long for the receiver ends the
// connection, and is not sent again over the next one.
func TestRefusedMessage(t *testing.T) {
	forEachSide(t, func(t *testing.T, a, b party) {
		pull, push := open(t, a, "PULL", zmq.MaxMsgSize, 1000), open(t, b, "PUSH", zmq.ReconnectIvl, 10)
		push.connect(pull.bind("tcp://127.0.0.1:*"))
		push.send("first")
		pull.expect("first")
		push.sendBytes([]byte("a"), make([]byte, 10<<20), []byte("z"))
		push.send("next")
		pull.expect("next")
	})
}
