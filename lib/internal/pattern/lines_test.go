package pattern

import (
	"bytes"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pipe"
)

// Tests of PAIR, PUSH, PULL and DEALER.

func TestPairTakesOnePeer(t *testing.T) {
	r := newRig(t, Pair)
	a := r.connect()
	b := r.connect()
	b.hungUp(true)
	a.hungUp(false)
	r.send("1|2")
	a.gets("1|2")
	b.gets()
	a.send("3", "4|5")
	a.Shut()
	c := r.connect()
	c.hungUp(true) // a is there until all it sent was read
	r.gets("3", "4|5")
	d := r.connect()
	d.hungUp(false)
	r.send("6")
	d.gets("6")
}

func TestPairBlocks(t *testing.T) {
	r := newRig(t, Pair)
	r.fails("x", errno.EAGAIN)
	a := r.connect(hwm(2))
	r.ready(Out)
	if n := r.fill("m|m"); n != 2 {
		t.Errorf("%d messages fit", n)
	}
	r.ready(0)
	a.send("x")
	r.ready(In)
	a.recv()
	r.ready(In | Out)
	a.Close()
	r.gets("x")
	r.ready(0)
	r.fails("x", errno.EAGAIN)
}

// pushers are the types that balance the load, with what comes before a
// message's body.
var pushers = []struct {
	name   string
	number int
}{{"PUSH", Push}, {"DEALER", Dealer}}

func TestLoadIsBalanced(t *testing.T) {
	for _, c := range pushers {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.number)
			a, b := r.connect(), r.connect()
			r.send("1", "2|2", "3", "4")
			a.gets("1", "3")
			b.gets("2|2", "4")
			d := r.connect() // joins behind the others
			r.send("5", "6", "7", "8")
			a.gets("5", "8")
			b.gets("6")
			d.gets("7")
		})
	}
}

func TestFullPipesAreSkipped(t *testing.T) {
	for _, c := range pushers {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.number)
			a, b := r.connect(hwm(1)), r.connect(hwm(3))
			if n := r.fill("m|m"); n != 4 {
				t.Errorf("%d messages fit, want 1+3", n)
			}
			r.ready(0)
			a.gets("m|m")
			r.ready(Out)
			r.send("n")
			a.gets("n")
			b.gets("m|m", "m|m", "m|m")
		})
	}
}

// TestPeerLeaves: pipes of peers that left are skipped from then on, and
// blocked senders are not fooled by them.
func TestPeerLeaves(t *testing.T) {
	for _, c := range pushers {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.number)
			a, b := r.connect(hwm(1)), r.connect(hwm(1))
			r.fill("m")
			a.Close()
			if err := r.tryBlind("x"); err != errno.EAGAIN {
				t.Errorf("a peer that has just left: %v", err)
			}
			r.fails("x", errno.EAGAIN)
			b.gets("m")
			r.send("y")
			b.gets("y")
			b.Close()
			r.ready(0)
			r.fails("z", errno.EAGAIN)
		})
	}
}

// TestPushDoesNotWait: the end of a peer is noticed although PUSH never reads
// what the peer has sent.
func TestPushDoesNotWait(t *testing.T) {
	r := newRig(t, Push)
	a := r.connect()
	a.send("nobody reads this")
	a.Shut()
	r.detached(a, true)
}

func TestQueuesAreFair(t *testing.T) {
	for _, number := range []int{Pull, Dealer, XSub} {
		r := newRig(t, number)
		a, b := r.connect(), r.connect()
		a.send("a1|a1", "a2", "a3")
		b.send("b1", "b2|b2")
		r.gets("a1|a1", "b1", "a2", "b2|b2", "a3")
		b.send("b3")
		r.gets("b3")
		a.send("a4")
		b.send("b4", "b5")
		a.Shut() // what was sent is still received
		b.Shut()
		first := r.recv()
		if first != "a4" && first != "b4" {
			t.Errorf("type %d: got %s", number, first)
		}
		rest := map[string][]string{"a4": {"b4", "b5"}, "b4": {"a4", "b5"}}
		r.gets(rest[first]...)
	}
}

func TestReceiverGivesCredit(t *testing.T) {
	r := newRig(t, Pull)
	a := r.connect(hwm(4))
	a.send("1", "2", "3", "4")
	if a.CheckWrite() {
		t.Fatal("no limit")
	}
	r.recv()
	if a.CheckWrite() {
		t.Error("credit before half of the queue was read")
	}
	r.recv()
	if a.Room() != 2 {
		t.Errorf("room %d, want 2", a.Room())
	}
}

// TestProbe: PROBE_ROUTER sends an empty message first, to each new peer.
func TestProbe(t *testing.T) {
	for _, number := range []int{Dealer, Req, Router} {
		r := newRig(t, number, setting{option.ProbeRouter, 1})
		r.connect().gets("")
		r.set(option.ProbeRouter, 0)
		r.connect().gets()
	}
}

func TestConflatedDealer(t *testing.T) {
	r := newRig(t, Dealer)
	mine, other := pipe.New(pipe.Config{Pool: &msg.Pool{}, Conflate: true})
	mine.Own(r)
	r.Attach(mine)
	a := &peer{other, t}
	r.send("1", "2", "3|4")
	a.gets("4")
	a.send("5", "6")
	r.gets("6")
}

// TestLargeFramesAreHandedOver: no copy on the way, with the pool's buffer.
func TestLargeFramesAreHandedOver(t *testing.T) {
	for _, c := range pushers {
		r := newRig(t, c.number)
		a := r.connect()
		in := msg.Msg{Body: bytes.Repeat([]byte("x"), msg.RefMin), Buf: &msg.Buf{}}
		if err := r.Send(&in); err != nil {
			t.Fatal(err)
		}
		var out msg.Msg
		if !a.Read(&out) || &out.Body[0] != &in.Body[0] || out.Buf != in.Buf {
			t.Errorf("%s copies", c.name)
		}
	}
}
