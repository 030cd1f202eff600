package pattern

import (
	"bytes"
	"strings"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pipe"
)

func TestRouterAddresses(t *testing.T) {
	r := newRig(t, Router)
	a, b := r.connect(id("a")), r.connect(id("b"))
	a.send("1|x", "2")
	b.send("3")
	r.ready(In | Out)
	r.gets("a|1|x", "b|3", "a|2")
	r.send("b|4", "a|5|y", "a|6")
	a.gets("5|y", "6")
	b.gets("4")
	r.ready(Out)
}

func TestRouterMetadata(t *testing.T) {
	r := newRig(t, Router)
	a := r.connect(id("a"))
	meta := &msg.Meta{}
	a.SetMeta(meta)
	a.send("x")
	for i := range 2 {
		var m msg.Msg
		if err := r.Recv(&m); err != nil || m.Meta != meta {
			t.Errorf("frame %d: %v, %v", i, m.Meta, err)
		}
	}
}

// TestRouterMakesIDs: a peer without a routing id gets five bytes, 0 and a
// number that counts up.
func TestRouterMakesIDs(t *testing.T) {
	r := newRig(t, Router)
	r.Pattern.(*router).nextID = 0xfffffffe
	taken := r.connect(id("\x00\xff\xff\xff\xff")) // by a peer that says so itself
	for _, want := range []string{"\x00\xff\xff\xff\xfe", "\x00\x00\x00\x00\x00"} {
		p := r.connect(id(""))
		p.send("x")
		r.gets(want + "|x")
		r.send(want + "|y")
		p.gets("y")
	}
	taken.gets()
}

func TestRouterDrops(t *testing.T) {
	r := newRig(t, Router)
	a := r.connect(id("a"), hwm(2))
	r.send("nobody|x|y", "|x", "a") // no such peer, no such peer, no body
	a.gets()
	for range 5 {
		r.send("a|m|m")
	}
	r.ready(Out)
	a.gets("m|m", "m|m")
	r.send("a|1")
	a.gets("1")
	r.dropped(5)
	a.Close()
	r.send("a|2|2")
	r.dropped(6)
}

func TestRouterMandatory(t *testing.T) {
	r := newRig(t, Router, setting{option.RouterMandatory, 1})
	r.ready(0)
	r.fails("a|x", errno.EHOSTUNREACH)
	r.send("a") // no body: ignored
	a := r.connect(id("a"), hwm(1))
	r.ready(Out)
	if n := r.fill("a|m"); n != 1 {
		t.Errorf("%d messages fit", n)
	}
	r.ready(0)
	r.fails("b|x", errno.EHOSTUNREACH)
	a.gets("m")
	r.ready(Out)
	r.send("a|x")
	a.Close()
	if err := r.tryBlind("a|x"); err != errno.EHOSTUNREACH {
		t.Errorf("a peer that has just left: %v", err)
	}
	r.fails("a|x", errno.EHOSTUNREACH)
	r.ready(0)
}

// TestRouterAnonymous: a pipe whose handshake is not done yet is not addressable
// until the peer has said its routing id.
func TestRouterAnonymous(t *testing.T) {
	r := newRig(t, Router, setting{option.RouterMandatory, 1})
	a := r.connect(local)
	gone := r.connect()
	r.fails("a|x", errno.EHOSTUNREACH)
	r.gets()
	id("a")(nil, a.Pipe)
	a.send("1")
	r.gets("a|1")
	r.send("a|2")
	a.gets("2")
	gone.Shut()
	r.detached(gone, true)
	if n := len(r.Pattern.(*router).anonymous); n != 0 {
		t.Errorf("%d anonymous pipes left", n)
	}
}

// TestRouterSkipsLaterIDs: after a reconnect the peer says its id again.
func TestRouterSkipsLaterIDs(t *testing.T) {
	r := newRig(t, Router)
	a := r.connect(id("a"))
	id("a")(nil, a.Pipe)
	r.ready(Out)
	a.send("1")
	id("other")(nil, a.Pipe)
	a.send("2")
	r.gets("a|1", "a|2")
}

// TestRouterIgnoresDuplicate: the connection of a newcomer with a routing id in
// use stays open, but it is never heard nor reached, and its end is noticed.
func TestRouterIgnoresDuplicate(t *testing.T) {
	for _, late := range []bool{false, true} {
		r := newRig(t, Router)
		a := r.connect(id("a"))
		var b *peer
		if late {
			b = r.connect()
			id("a")(nil, b.Pipe)
			r.catchUp()
		} else {
			b = r.connect(id("a"))
		}
		b.hungUp(false)
		b.send("ignored", "ignored")
		a.send("1")
		r.gets("a|1")
		r.send("a|2")
		a.gets("2")
		b.gets()
		b.Shut()
		r.detached(b, true)
		a.send("3")
		r.gets("a|3")
	}
}

// TestRouterHandover: the newcomer takes over; what the old peer sent and was
// not received is dropped, what was sent to it is delivered.
func TestRouterHandover(t *testing.T) {
	r := newRig(t, Router, setting{option.RouterHandover, 1})
	a := r.connect(id("a"))
	a.send("dropped")
	r.send("a|1")
	b := r.connect(id("a"))
	a.hungUp(true)
	r.send("a|2")
	b.send("3")
	r.gets("a|3")
	a.gets("1")
	b.gets("2")
	if !a.Ended() {
		t.Error("the old peer is not told")
	}
	b.send("4") // the old pipe has been detached by now
	r.gets("a|4")
}

func TestConnectRoutingID(t *testing.T) {
	for _, number := range []int{Router, Stream} {
		r := newRig(t, number, setting{option.ConnectRoutingID, "srv"})
		accepted := r.connect(id("x")) // takes no name
		a := r.connect(local)
		r.send("srv|1") // before the peer has said anything
		a.gets("1")
		if number == Router {
			id("its own")(nil, a.Pipe) // does not count
		}
		a.send("2")
		for got := r.recv(); got != "srv|2"; got = r.recv() {
			if got == "EAGAIN" {
				t.Fatal("not received")
			}
		}
		accepted.gets()
		if err := r.Set(option.ConnectRoutingID, []byte("srv")); err != errno.EADDRINUSE {
			t.Errorf("a name in use: %v", err)
		}
		if err := r.Set(option.ConnectRoutingID, []byte{}); err != errno.EINVAL {
			t.Errorf("an empty name: %v", err)
		}
		b := r.connect(local, id("y")) // the name was used up
		b.hungUp(false)
		r.send("srv|3")
		a.gets("3")
		b.gets()
	}
}

// TestConnectRoutingIDTaken: the name was free when it was chosen.
func TestConnectRoutingIDTaken(t *testing.T) {
	r := newRig(t, Router, setting{option.ConnectRoutingID, "a"})
	a := r.connect(id("a"))
	b := r.connect(local)
	b.hungUp(true)
	r.send("a|1")
	a.gets("1")
	r.connect(local, id("b")).hungUp(false)
}

// TestLongRoutingIDs: names of our own have no limit; the frame is the
// caller's.
func TestLongRoutingIDs(t *testing.T) {
	long := strings.Repeat("n", msg.RefMin)
	r := newRig(t, Router, setting{option.ConnectRoutingID, long})
	a := r.connect(local)
	a.send("1", "2")
	var first, second msg.Msg
	for _, m := range []*msg.Msg{&first, &second} {
		if err := r.Recv(m); err != nil || string(m.Body) != long {
			t.Fatalf("%d bytes, %v", len(m.Body), err)
		}
		r.Recv(&msg.Msg{})
	}
	first.Body[0] = '!'
	if !bytes.Equal(second.Body, []byte(long)) {
		t.Error("two frames share their bytes")
	}
	r.send(long + "|3")
	a.gets("3")
}

// TestRouterPeerLeavesInTheMiddle: the rest of the message is dropped.
func TestRouterPeerLeavesInTheMiddle(t *testing.T) {
	r := newRig(t, Router)
	a, b := r.connect(id("a")), r.connect(id("b"))
	for i, m := range frames("a|x|y|z") {
		if i == 2 {
			a.Close()
			r.catchUp()
		}
		if err := r.Pattern.Send(&m); err != nil {
			t.Errorf("frame %d: %v", i, err)
		}
	}
	r.dropped(1)
	r.send("b|1")
	b.gets("1")
}

// TestRouterRaw: peers have no id, and an empty frame ends a connection.
func TestRouterRaw(t *testing.T) {
	r := newRig(t, Router, setting{option.RouterRaw, 1}, setting{option.RouterRaw, 0})
	if !r.opts.Raw {
		t.Error("the connections do not know")
	}
	a := r.connect()
	a.send("GET /")
	peerID := r.recv()[:5]
	if strings.Contains(peerID, "|") { // which the rig's texts cannot hold: take another
		TestRouterRaw(t)
		return
	}
	r.send("nobody|x", peerID+"|200", peerID+"|")
	a.hungUp(true)
	a.gets("200")
	r.send(peerID + "|x") // dropped
}

func TestStream(t *testing.T) {
	r := newRig(t, Stream)
	if !r.opts.Raw {
		t.Error("the connections do not know")
	}
	a := r.connect(hwm(2))
	own := string(r.opts.RoutingID)
	if len(own) != 5 || own[0] != 0 {
		t.Fatalf("ROUTING_ID %q", own)
	}
	if strings.Contains(own, "|") { // which the rig's texts cannot hold: take another
		TestStream(t)
		return
	}
	b := r.connect()
	if other := string(r.opts.RoutingID); other == own {
		t.Error("two peers have the same id")
	}
	a.send("", "data") // a notice that it is there, then bytes
	r.ready(In | Out)
	r.gets(own+"|", own+"|data")
	r.fails("nobody|x", errno.EHOSTUNREACH)
	if n := r.fill(own + "|m"); n != 2 {
		t.Errorf("%d messages fit", n)
	}
	r.ready(Out)
	a.gets("m", "m")
	r.send(own + "|bye")
	a.send("not received any more")
	r.send(own + "|")
	a.hungUp(true)
	a.gets("bye")
	r.gets()
	r.fails(own+"|x", errno.EHOSTUNREACH)
	b.hungUp(false)
}

// TestRefusedPipesAreDetached: a socket forgets pipes that its pattern did not
// take, since their end is told.
func TestRefusedPipesAreDetached(t *testing.T) {
	r := newRig(t, Pair)
	r.connect()
	told := new(closeCount)
	mine, other := pipe.New(pipe.Config{Pool: &msg.Pool{}})
	other.Write(&msg.Msg{})
	mine.Own(told)
	r.Attach(mine)
	if *told != 1 {
		t.Errorf("told %d times", *told)
	}
}

type closeCount int

func (*closeCount) Readable(*pipe.Pipe) {}
func (*closeCount) Writable(*pipe.Pipe) {}
func (c *closeCount) Closed(*pipe.Pipe) { *c++ }
