package pattern

import (
	"encoding/binary"
	"strings"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
)

func TestReqLockStep(t *testing.T) {
	r := newRig(t, Req)
	a := r.connect()
	r.ready(Out)
	if got := r.recv(); got != "EFSM" {
		t.Errorf("recv first: %s", got)
	}
	r.send("q1|q2")
	r.ready(0)
	r.fails("x", errno.EFSM)
	r.gets()
	a.gets("|q1|q2")
	a.send("|r1|r2")
	r.ready(In)
	if got := r.recv(); got != "r1|r2" {
		t.Errorf("received %s", got)
	}
	if got := r.recv(); got != "EFSM" {
		t.Errorf("recv twice: %s", got)
	}
	r.send("q3")
	a.gets("|q3")
}

// TestReqTakesOnlyTheReply: what comes from others, without delimiter or
// without body is skipped.
func TestReqTakesOnlyTheReply(t *testing.T) {
	r := newRig(t, Req)
	a, b := r.connect(), r.connect()
	r.send("q")
	b.send("|from b", "|from|b")
	a.send("no delimiter", "no|delimiter", "", "|the reply", "|another")
	r.ready(In)
	if got := r.recv(); got != "the reply" {
		t.Errorf("received %q", got)
	}
	a.gets("|q")
}

// TestReqDropsOldInput: before a request everything is thrown away that came
// after the last reply, so that it cannot pass for the next one.
func TestReqDropsOldInput(t *testing.T) {
	r := newRig(t, Req)
	a, b := r.connect(), r.connect()
	r.send("q1")
	a.send("|r1", "|r1 again")
	b.send("|unasked")
	r.recv()
	r.send("q2")
	b.gets("|q2")
	r.gets()
	b.send("|r2")
	if got := r.recv(); got != "r2" {
		t.Errorf("received %q", got)
	}
}

func TestReqBlocks(t *testing.T) {
	r := newRig(t, Req)
	r.fails("q", errno.EAGAIN)
	r.ready(0)
	a := r.connect(hwm(1))
	a.Peer().Write(&msg.Msg{}) // full
	r.fails("q", errno.EAGAIN)
	if got := r.recv(); got != "EFSM" {
		t.Errorf("a refused request counts as sent: %s", got)
	}
	b := r.connect()
	r.send("q")
	b.gets("|q")
}

// TestReqPeerDies: the request is not sent again; once its pipe is gone a
// well-formed message from anybody is the reply.
func TestReqPeerDies(t *testing.T) {
	r := newRig(t, Req)
	a, b := r.connect(), r.connect()
	r.send("q")
	a.Close()
	r.gets()
	r.fails("x", errno.EFSM)
	b.send("malformed", "|from b")
	if got := r.recv(); got != "from b" {
		t.Errorf("received %q", got)
	}
}

func TestReqRelaxed(t *testing.T) {
	r := newRig(t, Req, setting{option.ReqRelaxed, 1})
	a, b := r.connect(), r.connect()
	r.send("q1")
	r.ready(Out)
	a.send("|late")
	r.send("q2")
	r.gets() // the reply to the first request is lost
	a.send("|too late")
	b.send("|r2")
	if got := r.recv(); got != "r2" {
		t.Errorf("received %q", got)
	}
	a.gets("|q1")
	b.gets("|q2")
}

// TestReqCorrelate: each request has an id, one more than the last; a failed
// attempt counts too. Only a reply with the id of the last request is taken.
func TestReqCorrelate(t *testing.T) {
	r := newRig(t, Req, setting{option.ReqCorrelate, 1}, setting{option.ReqRelaxed, 1})
	a := r.connect()
	number := func() uint32 {
		t.Helper()
		id, rest, _ := strings.Cut(a.recv(), "|")
		if len(id) != 4 || rest != "|q" {
			t.Fatalf("request %q|%q", id, rest)
		}
		return binary.NativeEndian.Uint32([]byte(id))
	}
	reply := func(n uint32, body string) {
		a.send(string(binary.NativeEndian.AppendUint32(nil, n)) + body)
	}
	r.send("q")
	first := number()
	r.send("q")
	if n := number(); n != first+1 {
		t.Errorf("id %d after %d", n, first)
	}
	reply(first, "||late")
	reply(first+2, "||early")
	a.send("||no id", "|no id", "12345||long", "no")
	reply(first+1, "|no delimiter|x")
	reply(first+1, "")
	reply(first+1, "||r|s")
	if got := r.recv(); got != "r|s" {
		t.Errorf("received %q", got)
	}
	a.Close()
	r.fails("q", errno.EAGAIN)
	a = r.connect()
	r.send("q")
	if n := number(); n != first+3 {
		t.Errorf("id %d after %d and a failed one", n, first+1)
	}
}

func TestReqRoundRobin(t *testing.T) {
	r := newRig(t, Req)
	a, b := r.connect(), r.connect()
	for i, p := range []*peer{a, b, a, b} {
		r.send("q")
		p.gets("|q")
		p.send("|r")
		if got := r.recv(); got != "r" {
			t.Errorf("round %d: %q", i, got)
		}
	}
}

func TestReqGuard(t *testing.T) {
	for _, c := range []struct {
		frames string // as in frames; a message more begins at each slash
		good   int    // how many frames pass
	}{
		{"|a/|b|c|", 6},
		{"1234||a/|b", 5},
		{"a", 0},
		{"", 0},
		{"a|b", 0},
		{"1234|a", 1},
		{"1234", 0},
		{"1234|", 1},
		{"1234|5678||a", 1},
		{"123||a", 0},
		{"|a/b", 2},
	} {
		var g ReqGuard
		n := 0
	check:
		for text := range strings.SplitSeq(c.frames, "/") {
			for _, m := range frames(text) {
				if !g.Check(&msg.Msg{Body: []byte("\x04PING"), Flags: msg.Command}) {
					t.Error("a command does not pass")
				}
				if !g.Check(&m) {
					break check
				}
				n++
			}
		}
		if n != c.good {
			t.Errorf("%q: %d frames pass, want %d", c.frames, n, c.good)
		}
	}
}

func TestRepLockStep(t *testing.T) {
	r := newRig(t, Rep)
	a := r.connect(id(""))
	r.ready(0)
	r.fails("x", errno.EFSM)
	a.send("|q|q")
	r.ready(In)
	if got := r.recv(); got != "q|q" {
		t.Errorf("received %q", got)
	}
	a.send("|q2")
	r.ready(Out)
	if got := r.recv(); got != "EFSM" {
		t.Errorf("recv before the reply: %s", got)
	}
	a.gets() // nothing before the reply is whole
	r.send("r|r")
	a.gets("|r|r")
	r.fails("x", errno.EFSM)
	if got := r.recv(); got != "q2" {
		t.Errorf("received %q", got)
	}
}

// TestRepEnvelope: all frames up to the first empty one come back in front of
// the reply; a message without them or without a body is skipped.
func TestRepEnvelope(t *testing.T) {
	r := newRig(t, Rep)
	a := r.connect(id("a"))
	a.send("x", "x|y", "x|", "", "hop1|hop2||q||z")
	if got := r.recv(); got != "q||z" {
		t.Errorf("received %q", got)
	}
	r.send("|r")
	a.gets("hop1|hop2|||r")
	a.send("x|y")
	r.gets()
	a.gets()
}

func TestRepIsFair(t *testing.T) {
	r := newRig(t, Rep)
	a, b := r.connect(id("a")), r.connect(id("b"))
	a.send("|a1", "|a2")
	b.send("|b1", "|b2")
	for _, want := range []string{"a1", "b1", "a2", "b2"} {
		if got := r.recv(); got != want {
			t.Errorf("received %s, want %s", got, want)
		}
		r.send("re " + want)
	}
	a.gets("|re a1", "|re a2")
	b.gets("|re b1", "|re b2")
}

// TestRepDropsReplies: when the requester is gone, or has no room for the
// reply at the time of the request, the reply is dropped and sending succeeds.
func TestRepDropsReplies(t *testing.T) {
	for _, mandatory := range []int{0, 1} {
		r := newRig(t, Rep, setting{option.RouterMandatory, mandatory})
		a, b := r.connect(id("a")), r.connect(id("b"), hwm(1))
		a.send("|q1")
		r.recv()
		a.Close()
		r.send("r1|r1")

		b.send("|q2")
		r.recv()
		r.send("r2")
		b.CheckRead() // r2 is not read
		b.send("|q3")
		r.recv()
		r.send("r3|r3")
		b.gets("|r2")
		b.send("|q4")
		r.recv()
		r.dropped(2, a, b) // r1, r3
		r.send("r4")
		b.gets("|r4")
		b.send("|q5")
		r.recv()
		b.Close()
		r.send("r5")
		r.dropped(3, a, b)
	}
}
