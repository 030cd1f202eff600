package zmq_test

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"

	"ztools/lib/zmq"
)

// joined are two sockets connected by inproc.
func joined(t *testing.T, a, b zmq.Type) (binder, connector *zmq.Socket) {
	t.Helper()
	c := newContext(t)
	binder, connector = open(t, c, a), open(t, c, b)
	ok(t, "bind", binder.Bind("inproc://joined"))
	ok(t, "connect", connector.Connect("inproc://joined"))
	return binder, connector
}

// sendParts sends a message part by part.
func sendParts(t *testing.T, s *zmq.Socket, parts ...string) {
	t.Helper()
	for i, body := range parts {
		p := zmq.Part{Body: []byte(body), More: i < len(parts)-1}
		ok(t, "send part", s.TrySendPart(&p))
	}
}

// recvPart receives a part and checks it, and what is said to follow.
func recvPart(t *testing.T, s *zmq.Socket, want string, more bool) {
	t.Helper()
	var p zmq.Part
	room := make([]byte, 4)
	if err := s.TryRecvPart(&p, room); err != nil {
		t.Fatalf("recv part %q: %v", want, err)
	}
	if string(p.Body) != want || p.More != more {
		t.Errorf("got %d bytes %.20q, more %v; want %d bytes %.20q, more %v", len(p.Body), p.Body, p.More, len(want), want, more)
	}
	if n := len(want); n > 0 && n <= len(room) && &p.Body[0] != &room[0] {
		t.Errorf("%q was not written into the room given", want)
	}
	if v, err := s.Get(zmq.RcvMore); v != more || err != nil {
		t.Errorf("RCVMORE is %v, %v", v, err)
	}
	p.Release()
}

func TestPartsMakeAMessage(t *testing.T) {
	big := string(bytes.Repeat([]byte("b"), 10_000))
	for _, message := range [][]string{{"one"}, {""}, {"a", "b"}, {"", "longer than room", big}, {big}, {big, "", big, "end"}} {
		pull, push := joined(t, zmq.Pull, zmq.Push)
		for i, body := range message[:len(message)-1] {
			sendParts(t, push, message[i:i+1]...) // each a message of its own
			recvPart(t, pull, body, false)
		}
		sendParts(t, push, message...)
		for i, body := range message {
			if in, _, err := pull.Ready(); !in || err != nil {
				t.Fatalf("not ready for part %d: %v", i, err)
			}
			recvPart(t, pull, body, i < len(message)-1)
		}
		if in, _, _ := pull.Ready(); in {
			t.Error("ready after the last part")
		}
	}
}

// A begun message is not seen by the peer, and its end tells what it is.
func TestHalfAMessageIsNotReceived(t *testing.T) {
	pull, push := joined(t, zmq.Pull, zmq.Push)
	p := zmq.Part{Body: []byte("a"), More: true}
	ok(t, "send", push.TrySendPart(&p))
	expectErr(t, "recv", pull.TryRecvPart(&p, nil), zmq.EAGAIN)
	sendParts(t, push, "b")
	recvPart(t, pull, "a", true)
	recvPart(t, pull, "b", false)
}

// The rest of a message whose peer leaves in the middle goes to nobody else.
func TestPeerLeavesInTheMiddle(t *testing.T) {
	pull, push := joined(t, zmq.Pull, zmq.Push)
	p := zmq.Part{Body: []byte("a"), More: true}
	ok(t, "send", push.TrySendPart(&p))
	ok(t, "unbind", pull.Unbind("inproc://joined"))
	ok(t, "bind again", pull.Bind("inproc://other"))
	ok(t, "connect again", push.Connect("inproc://other"))
	sendParts(t, push, "b")
	sendParts(t, push, "c")
	recvPart(t, pull, "c", false)
	expectErr(t, "recv", pull.TryRecvPart(&p, nil), zmq.EAGAIN)
}

func TestPartErrors(t *testing.T) {
	c := newContext(t)
	push, pull, req := open(t, c, zmq.Push), open(t, c, zmq.Pull), open(t, c, zmq.Req)
	router := open(t, c, zmq.Router)
	ok(t, "mandatory", router.Set(zmq.RouterMandatory, true))
	big := zmq.Part{Body: make([]byte, 10_000)}
	expectErr(t, "nobody", push.TrySendPart(&big), zmq.EAGAIN)
	expectErr(t, "nobody again", push.TrySendPart(&big), zmq.EAGAIN)
	big.Release()
	small := zmq.Part{Body: []byte("x"), More: true}
	expectErr(t, "direction", pull.TrySendPart(&small), zmq.ENOTSUP)
	expectErr(t, "direction", push.TryRecvPart(&small, nil), zmq.ENOTSUP)
	expectErr(t, "turn", req.TryRecvPart(&small, nil), zmq.EFSM)
	expectErr(t, "route", router.TrySendPart(&zmq.Part{Body: []byte("x"), More: true}), zmq.EHOSTUNREACH)
	push.Close()
	expectErr(t, "closed", push.TrySendPart(&zmq.Part{}), zmq.ENOTSOCK)
}

// ok stops the test if a call has failed.
func ok(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// A lent body that was on its way to the network, and then goes to a socket of the
// same context, is copied: nobody else holds on to it.
func TestLentBodyThatGoesElsewhere(t *testing.T) {
	c := newContext(t)
	dealer, router := open(t, c, zmq.Dealer), open(t, c, zmq.Router)
	ok(t, "hwm", dealer.Set(zmq.SndHWM, 1))
	ok(t, "linger", dealer.Set(zmq.Linger, 0)) // what fills the queue is never sent
	ok(t, "connect", dealer.Connect("ipc://@lent-body-nobody"))
	sendParts(t, dealer, "fills the queue")
	freed := 0
	body := bytes.Repeat([]byte("b"), 20_000)
	p := zmq.Part{Body: body, Free: func() { freed++ }}
	expectErr(t, "no room", dealer.TrySendPart(&p), zmq.EAGAIN)
	if freed != 0 {
		t.Fatal("freed before it was sent")
	}
	ok(t, "disconnect", dealer.Disconnect("ipc://@lent-body-nobody"))
	ok(t, "bind", router.Bind("inproc://elsewhere"))
	ok(t, "connect", dealer.Connect("inproc://elsewhere"))
	ok(t, "send again", dealer.TrySendPart(&p))
	p.Release()
	if freed != 1 {
		t.Errorf("freed %d times once it was sent", freed)
	}
	clear(body)
	var got zmq.Part
	ok(t, "recv", router.TryRecvPart(&got, nil)) // the routing id
	ok(t, "recv", router.TryRecvPart(&got, nil))
	if len(got.Body) != len(body) || got.Body[0] != 'b' {
		t.Errorf("got %d bytes %.3q", len(got.Body), got.Body)
	}
	got.Release()
}

// A lane closes when another socket connects, which then gets its share.
func TestLaneClosesForAnotherPeer(t *testing.T) {
	c := newContext(t)
	push, pull, other := open(t, c, zmq.Push), open(t, c, zmq.Pull), open(t, c, zmq.Pull)
	ok(t, "bind", push.Bind("inproc://lane"))
	ok(t, "connect", pull.Connect("inproc://lane"))
	sendParts(t, push, "wakes the reader")
	sendParts(t, push, "goes the quick way")
	lane := new(zmq.Lane)
	push.Lend(lane)
	if atomic.LoadUint32(&lane.Open) == 0 {
		t.Fatal("the lane did not open")
	}
	ok(t, "connect", other.Connect("inproc://lane"))
	if atomic.LoadUint32(&lane.Open) != 0 {
		t.Error("the lane is open, and the other peer unknown")
	}
	push.Lend(lane)
	if atomic.LoadUint32(&lane.Open) != 0 {
		t.Error("the lane opened, and the other peer is unknown")
	}
	sendParts(t, push, "a")
	sendParts(t, push, "b")
	recvPart(t, pull, "wakes the reader", false)
	recvPart(t, pull, "goes the quick way", false)
	var one, two zmq.Part
	ok(t, "the first peer's share", pull.TryRecvPart(&one, nil))
	ok(t, "the other's", other.TryRecvPart(&two, nil))
}

// nobody is a Lay's tell for those who do not ask whose the messages are.
func nobody(*zmq.Lane, *zmq.Properties) {}

// laid is a PULL with a lane in which what push sent lies, but for the first message.
func laid(t *testing.T, c *zmq.Context) (push, pull *zmq.Socket, lane *zmq.Lane) {
	t.Helper()
	push, pull = open(t, c, zmq.Push), open(t, c, zmq.Pull)
	ok(t, "bind", pull.Bind("inproc://laid"))
	ok(t, "connect", push.Connect("inproc://laid"))
	for _, text := range []string{"1", "2", "3"} {
		sendParts(t, push, text)
	}
	recvPart(t, pull, "1", false)
	lane = new(zmq.Lane)
	pull.Lay(lane, nobody)
	if atomic.LoadUint32(&lane.Open) == 0 {
		t.Fatal("the lane did not open")
	}
	return push, pull, lane
}

// A lane from which is received closes when anything happens to the socket.
func TestLayEnds(t *testing.T) {
	for name, happens := range map[string]func(t *testing.T, c *zmq.Context, push, pull *zmq.Socket){
		"another peer": func(t *testing.T, c *zmq.Context, _, _ *zmq.Socket) {
			ok(t, "connect", open(t, c, zmq.Push).Connect("inproc://laid"))
		},
		"another endpoint": func(t *testing.T, _ *zmq.Context, _, pull *zmq.Socket) {
			ok(t, "connect", pull.Connect("tcp://127.0.0.1:1"))
		},
		"receive":  func(t *testing.T, _ *zmq.Context, _, pull *zmq.Socket) { recvPart(t, pull, "2", false) },
		"close":    func(t *testing.T, _ *zmq.Context, _, pull *zmq.Socket) { ok(t, "close", pull.Close()) },
		"shutdown": func(_ *testing.T, c *zmq.Context, _, _ *zmq.Socket) { c.Shutdown() },
	} {
		t.Run(name, func(t *testing.T) {
			c := newContext(t)
			push, pull, lane := laid(t, c)
			happens(t, c, push, pull)
			if atomic.LoadUint32(&lane.Open) != 0 {
				t.Error("the lane is open")
			}
			pull.Lay(lane, nobody)
			if name != "receive" && atomic.LoadUint32(&lane.Open) != 0 {
				t.Error("the lane opened before the socket has caught up")
			}
		})
	}
}

// What lies in a lane can be received, as the socket says, and by a call as well.
func TestLaidIsToBeReceived(t *testing.T) {
	_, pull, lane := laid(t, newContext(t))
	if in, _, err := pull.Ready(); !in || err != nil {
		t.Errorf("ready: %v, %v", in, err)
	}
	if atomic.LoadUint32(&lane.Open) == 0 {
		t.Error("the question closed the lane")
	}
	recvPart(t, pull, "2", false)
	recvPart(t, pull, "3", false)
}

// Types that do more than to read have no lane.
func TestLayIsNotForAll(t *testing.T) {
	for _, types := range [][2]zmq.Type{{zmq.Pub, zmq.Sub}, {zmq.Dealer, zmq.Router}} {
		c := newContext(t)
		from, to := open(t, c, types[0]), open(t, c, types[1])
		if types[1] == zmq.Sub {
			ok(t, "subscribe", to.Set(zmq.Subscribe, ""))
		}
		ok(t, "bind", from.Bind("inproc://all"))
		ok(t, "connect", to.Connect("inproc://all"))
		ok(t, "peers", from.WaitPeers(t.Context(), 1))
		for range 3 {
			sendParts(t, from, "x")
		}
		var p zmq.Part
		ok(t, "receive", to.TryRecvPart(&p, nil))
		lane := new(zmq.Lane)
		to.Lay(lane, nobody)
		if atomic.LoadUint32(&lane.Open) != 0 {
			t.Errorf("%v has a lane", types[1])
		}
	}
}

// A lane may be lent while others send messages of many parts.
func TestLaneAmongParts(t *testing.T) {
	c := newContext(t)
	push, pull := open(t, c, zmq.Push), open(t, c, zmq.Pull)
	ok(t, "hwm", push.Set(zmq.SndHWM, 0))
	ok(t, "hwm", pull.Set(zmq.RcvHWM, 0))
	ok(t, "bind", push.Bind("inproc://among"))
	ok(t, "connect", pull.Connect("inproc://among"))
	const rounds = 1000
	var wg sync.WaitGroup
	wg.Go(func() {
		for range rounds {
			sendParts(t, push, "a", "b")
		}
	})
	wg.Go(func() {
		lane := new(zmq.Lane)
		for range rounds {
			push.Lend(lane)
		}
	})
	wg.Wait()
	for range rounds {
		recvPart(t, pull, "a", true)
		recvPart(t, pull, "b", false)
	}
}
