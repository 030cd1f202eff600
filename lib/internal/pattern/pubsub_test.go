package pattern

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pipe"
)

// TestPubMatches: the first frame against prefixes, each peer gets one copy at
// most, both forms of subscription count.
func TestPubMatches(t *testing.T) {
	for _, number := range []int{Pub, XPub} {
		r := newRig(t, number)
		a, b, all := r.connect(), r.connect(), r.connect()
		r.send("a1") // nobody has subscribed yet
		a.command("+a", "+a1", "+a")
		b.send("\x01b", "\x01a2")
		all.command("+")
		r.send("a1|b", "a2", "b", "c|a", "")
		a.gets("a1|b", "a2")
		b.gets("a2", "b")
		all.gets("a1|b", "a2", "b", "c|a", "")
		a.command("-a") // subscribed twice, counts once
		b.send("\x00a2", "\x00nothing")
		r.send("a1", "a2", "b")
		a.gets("a1")
		b.gets("b")
	}
}

// TestPubDropsAtHighWater: a slow peer misses whole messages, the others none.
func TestPubDropsAtHighWater(t *testing.T) {
	r := newRig(t, Pub)
	slow, fast := r.connect(hwm(2)), r.connect(hwm(100))
	slow.command("+")
	fast.command("+")
	for i := range 4 {
		r.send(fmt.Sprintf("%d|x", i))
	}
	r.ready(Out)
	r.dropped(2, slow, fast)
	slow.gets("0|x", "1|x")
	fast.gets("0|x", "1|x", "2|x", "3|x")
	r.send("4|x")
	slow.gets("4|x")
	fast.gets("4|x")
}

func TestPubPeerLeaves(t *testing.T) {
	r := newRig(t, Pub)
	a, b := r.connect(), r.connect()
	a.command("+")
	b.command("+")
	r.catchUp()
	a.send("\x01unread")
	a.Shut() // PUB does not wait until all was read
	if len(r.posts) != 2 {
		t.Errorf("%d events, want Readable and Closed", len(r.posts))
	}
	r.send("1")
	r.detached(a, true)
	b.gets("1")
	if n, _ := r.Get(option.TopicsCount); n != 1 {
		t.Errorf("%d topics", n)
	}
}

// TestSubscriptionsBeforeAttach count.
func TestSubscriptionsBeforeAttach(t *testing.T) {
	r := newRig(t, XPub)
	a := r.connect(func(_, other *pipe.Pipe) { other.Write(command(add, []byte("a"))) })
	r.send("a1")
	a.gets("a1")
	r.gets("\x01a")
}

// TestXPubNotices is a row per mode: what XPUB receives of what two peers ask
// for and of their leaving.
func TestXPubNotices(t *testing.T) {
	type step struct {
		peer string // a, b; A, B: it leaves
		verb string
		want string // notices, + and - for 1 and 0
	}
	for _, c := range []struct {
		name     string
		settings []setting
		steps    []step
	}{
		{"plain", nil, []step{
			{"a", "+t", "+t"}, {"a", "+t", ""}, {"b", "+t", ""}, {"b", "+u", "+u"},
			{"a", "-t", ""}, {"a", "-t", "-t"}, // never had it any more: passed up
			{"b", "-t", "-t"}, {"b", "-x", "-x"}, {"a", "+", "+"}, {"a", "+u", ""},
			{"B", "", ""}, {"A", "", "- -u"},
		}},
		{"verbose", []setting{{option.XPubVerbose, 1}}, []step{
			{"a", "+t", "+t"}, {"a", "+t", "+t"}, {"b", "+t", "+t"},
			{"a", "-t", ""}, {"b", "-t", "-t"}, {"a", "+u", "+u"}, {"b", "+u", "+u"},
			{"A", "", ""}, {"B", "", "-u"},
		}},
		{"verboser", []setting{{option.XPubVerboser, 1}}, []step{
			{"a", "+t", "+t"}, {"b", "+t", "+t"}, {"a", "-t", "-t"}, {"b", "-t", "-t"},
			{"a", "+u", "+u"}, {"b", "+u", "+u"}, {"A", "", "-u"}, {"B", "", "-u"},
		}},
		{"verbose after verboser", []setting{{option.XPubVerboser, 1}, {option.XPubVerbose, 1}}, []step{
			{"a", "+t", "+t"}, {"b", "+t", "+t"}, {"a", "-t", ""}, {"b", "-t", "-t"},
		}},
		{"verboser off", []setting{{option.XPubVerboser, 1}, {option.XPubVerboser, 0}}, []step{
			{"a", "+t", "+t"}, {"b", "+t", ""}, {"a", "-t", ""}, {"b", "-t", "-t"},
		}},
		{"manual", []setting{{option.XPubManual, 1}}, []step{
			{"a", "+t", "+t"}, {"a", "+t", "+t"}, {"b", "+t", "+t"}, {"b", "+u", "+u"},
			{"a", "-x", "-x"}, {"B", "", "-t -u"}, {"A", "", "-t"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, XPub, c.settings...)
			peers := map[string]*peer{"a": r.connect(), "b": r.connect()}
			for i, s := range c.steps {
				p := peers[strings.ToLower(s.peer)]
				if s.verb == "" {
					p.Close()
				} else {
					p.command(s.verb)
				}
				var got []string
				for n := r.recv(); n != "EAGAIN"; n = r.recv() {
					got = append(got, string("-+"[n[0]])+n[1:])
				}
				if s := strings.Join(got, " "); s != c.steps[i].want {
					t.Errorf("step %d: %q, want %q", i, s, c.steps[i].want)
				}
			}
		})
	}
}

// TestXPubUserFrames: what is no subscription is the user's, PUB throws it away.
func TestXPubUserFrames(t *testing.T) {
	for _, c := range []struct {
		onlyFirst int
		in        string
		want      []string
	}{
		{0, "hello|world", []string{"hello|world"}},
		{0, "", []string{""}},
		{0, "\x01a|\x01b", []string{"\x01a", "\x01b"}},
		{0, "hello|\x01a", []string{"hello|\x01a"}},
		{0, "hello|\x01known", []string{"hello"}},
		{0, "hello|\x01known|world", []string{"hello|world"}},
		{1, "hello|\x01a|\x00b", []string{"hello|\x01a|\x00b"}},
		{1, "\x01a|\x01b", []string{"\x01a", "\x01b"}},
	} {
		r := newRig(t, XPub, setting{option.OnlyFirstSubscribe, c.onlyFirst})
		a := r.connect()
		a.send("\x01known")
		r.gets("\x01known")
		meta := &msg.Meta{}
		a.SetMeta(meta)
		a.send(c.in)
		r.ready(In | Out)
		r.gets(c.want...)
		a.send("x")
		r.catchUp()
		var m msg.Msg
		if err := r.Recv(&m); err != nil || m.Meta != meta {
			t.Errorf("properties %v, %v", m.Meta, err)
		}

		quiet := newRig(t, Pub)
		b := quiet.connect()
		b.send(c.in)
		quiet.ready(Out)
		if n := len(quiet.Pattern.(pub).pending); n != 0 {
			t.Errorf("PUB keeps %d", n)
		}
	}
}

func TestXPubNoDrop(t *testing.T) {
	r := newRig(t, XPub, setting{option.XPubNoDrop, 1})
	a, b, other := r.connect(hwm(2)), r.connect(), r.connect(hwm(1))
	a.command("+a")
	b.command("+")
	other.command("+x")
	r.send("x", "a1|x", "a2|x")
	r.fails("a3|x", errno.EAGAIN) // nobody gets it
	r.fails("x", errno.EAGAIN)
	r.send("b")
	b.gets("x", "a1|x", "a2|x", "b")
	a.gets("a1|x", "a2|x")
	r.send("a4")
	a.gets("a4")
	b.gets("a4")
	r.fails("x", errno.EAGAIN)
	other.Close() // one that is gone holds nobody up
	if err := r.tryBlind("x"); err != nil {
		t.Errorf("a peer that has just left: %v", err)
	}
	r.send("x")
	b.gets("x", "x")
}

// TestXPubNoDropLowered: a peer of the same process lowers its limit, of which the
// publisher is told nothing.
func TestXPubNoDropLowered(t *testing.T) {
	r := newRig(t, XPub, setting{option.XPubNoDrop, 1})
	a, b := r.connect(hwm(9)), r.connect(hwm(9))
	for _, p := range []*peer{a, b} {
		p.command("+")
	}
	r.send("1")
	out, _ := a.Limits()
	a.SetLimits(out, pipe.Limit{Snd: 2, Rcv: pipe.NoBoost})
	r.send("2")
	r.fails("3", errno.EAGAIN)
	a.gets("1", "2")
	r.send("4")
	a.gets("4")
	b.gets("1", "2", "4")
}

func TestXPubManual(t *testing.T) {
	r := newRig(t, XPub, setting{option.XPubManual, 1})
	r.set(option.Subscribe, "ignored") // nothing was received yet
	a, b := r.connect(), r.connect()
	a.command("+A")
	b.command("+B")
	r.catchUp()
	r.send("A", "B", "XA")
	a.gets()
	b.gets()
	r.recv() // A
	r.set(option.Subscribe, "XA")
	r.recv() // B
	r.set(option.Subscribe, "XB")
	r.send("A", "XA", "XB")
	a.gets("XA")
	b.gets("XB")
	a.send("user") // does not change whose turn it is
	if got := r.recv(); got != "user" {
		t.Errorf("received %q", got)
	}
	r.set(option.Subscribe, "XC")
	r.send("XC")
	b.gets("XC")
	a.command("-A")
	r.recv()
	r.set(option.Unsubscribe, "XA")
	r.send("XA")
	a.gets()
	b.Close()
	r.gets("\x00B")
	r.set(option.Subscribe, "X") // for nobody
	r.send("X", "XB")
	a.gets()
	if n, _ := r.Get(option.TopicsCount); n != 0 {
		t.Errorf("%d topics", n)
	}
}

// TestXPubManualPeerLeaves before its subscription was received.
func TestXPubManualPeerLeaves(t *testing.T) {
	r := newRig(t, XPub, setting{option.XPubManual, 1})
	a := r.connect()
	a.command("+A")
	a.Close()
	if got := r.recv(); got != "\x01A" {
		t.Errorf("received %q", got)
	}
	r.set(option.Subscribe, "A")
	r.gets("\x00A")
	if n, _ := r.Get(option.TopicsCount); n != 0 {
		t.Errorf("%d topics", n)
	}
}

func TestXPubLastValue(t *testing.T) {
	r := newRig(t, XPub, setting{option.XPubManualLastValue, 1})
	a, b := r.connect(), r.connect(hwm(1))
	for _, p := range []*peer{a, b} {
		p.command("+A")
		r.recv()
		r.set(option.Subscribe, "A")
	}
	r.send("A cached") // for b alone
	a.gets()
	b.gets("A cached")
	r.send("A live")
	a.gets("A live")
	b.gets("A live")
	a.command("+B")
	r.recv()
	r.set(option.Subscribe, "B")
	r.send("C", "A again") // nobody; and a is no longer marked
	a.gets("A again")
	b.gets("A again")
}

// TestXPubLastValueNoDrop: a refused message keeps the mark.
func TestXPubLastValueNoDrop(t *testing.T) {
	r := newRig(t, XPub, setting{option.XPubManualLastValue, 1}, setting{option.XPubNoDrop, 1})
	a, b := r.connect(), r.connect(hwm(1))
	for _, p := range []*peer{a, b} {
		p.command("+A")
		r.recv()
		r.set(option.Subscribe, "A")
	}
	r.send("A1")
	b.command("+A")
	r.recv()
	r.fails("A2", errno.EAGAIN)
	b.gets("A1")
	r.send("A2")
	a.gets()
	b.gets("A2")
}

func TestXPubWelcome(t *testing.T) {
	r := newRig(t, XPub, setting{option.XPubWelcomeMsg, "hi"})
	r.connect().gets("hi")
	r.set(option.XPubWelcomeMsg, "")
	r.connect().gets()
}

func TestPubInvertMatching(t *testing.T) {
	r := newRig(t, Pub)
	r.opts.InvertMatching = true
	a, b := r.connect(), r.connect(hwm(1))
	a.command("+a")
	r.send("a|1", "b|1")
	a.gets("b|1")
	b.gets("a|1")
	r.send("a|2", "a|3", "b|3")
	r.dropped(3, a, b) // b had no room three times; a did not want a|3
	b.gets("a|2")
	a.gets("b|3")
	b.command("+b")
	r.send("a|4", "a|5", "b|5")
	r.dropped(4, a, b) // b does not want b|5, for which it had no room
}

// TestSubscribers is what WaitPeers counts.
func TestSubscribers(t *testing.T) {
	for _, manual := range []int{0, 1} {
		r := newRig(t, XPub, setting{option.XPubManual, manual})
		a, b := r.connect(), r.connect()
		steps := []struct {
			p    *peer
			verb string
			want int
		}{{a, "+", 1}, {a, "+x", 1}, {b, "+x", 2}, {a, "-", 2}, {a, "-x", 1}, {b, "", 0}}
		for i, s := range steps {
			if s.verb == "" {
				s.p.Close()
			} else {
				s.p.command(s.verb)
			}
			r.catchUp()
			if n := r.Pattern.(*xpub).Subscribers(); n != s.want {
				t.Errorf("manual %d, step %d: %d, want %d", manual, i, n, s.want)
			}
		}
	}
}

// TestDistSharesLargeBodies: several peers get the same bytes, and no pool gets
// them back from any of them.
func TestDistSharesLargeBodies(t *testing.T) {
	r := newRig(t, XPub)
	a, b := r.connect(), r.connect()
	a.command("+")
	b.command("+x")
	for body, shared := range map[string]bool{"x": true, "y": false} {
		in := msg.Msg{Body: bytes.Repeat([]byte(body), msg.RefMin), Buf: &msg.Buf{}}
		r.catchUp()
		if err := r.Send(&in); err != nil {
			t.Fatal(err)
		}
		for _, p := range []*peer{a, b} {
			var out msg.Msg
			if p.Read(&out) && (&out.Body[0] != &in.Body[0] || (out.Buf == nil) != shared) {
				t.Errorf("%s: copied, or buffer %v", body, out.Buf)
			}
		}
	}
}

func TestSubFilters(t *testing.T) {
	r := newRig(t, Sub)
	a := r.connect()
	a.send("a0")
	r.ready(0) // and drops it
	r.set(option.Subscribe, "a")
	a.send("a1|x", "b1|a", "a2")
	r.ready(In)
	r.gets("a1|x", "a2")
	r.set(option.Subscribe, "")
	r.set(option.Subscribe, "a")
	a.send("b|b", "")
	r.gets("b|b", "")
	r.set(option.Unsubscribe, "")
	r.set(option.Unsubscribe, "a")
	a.send("b|b", "a3|a")
	r.gets("a3|a")
	r.set(option.Unsubscribe, "a")
	a.send("a4|x|y")
	r.ready(0)
	a.send("a5|x|y")
	r.gets()
}

func TestSubInvertMatching(t *testing.T) {
	r := newRig(t, Sub, setting{option.Subscribe, "a"})
	r.opts.InvertMatching = true
	a := r.connect()
	a.send("a|b", "b|a")
	r.gets("b|a")
}

// TestSubForwards: each subscribe, but only the last unsubscribe, to all peers.
func TestSubForwards(t *testing.T) {
	r := newRig(t, Sub)
	a, b := r.connect(), r.connect()
	r.set(option.Subscribe, "t")
	r.set(option.Subscribe, "t")
	r.set(option.Unsubscribe, "unknown")
	r.set(option.Unsubscribe, "t")
	if n, _ := r.Get(option.TopicsCount); n != 1 {
		t.Errorf("%d topics", n)
	}
	r.set(option.Unsubscribe, "t")
	r.set(option.Unsubscribe, "t")
	r.set(option.Subscribe, "")
	for _, p := range []*peer{a, b} {
		p.gets("+t", "+t", "-t", "+")
	}
}

// TestSubscribesAgain: a new peer is told of all subscriptions, each once; one
// whose connection is made again too, in place of what it had not read.
func TestSubscribesAgain(t *testing.T) {
	for _, number := range []int{Sub, XSub} {
		r := newRig(t, number)
		change := func(v verb, topic string) {
			if id := map[verb]option.ID{add: option.Subscribe, remove: option.Unsubscribe}[v]; number == Sub {
				r.set(id, topic)
			} else {
				r.send(string(frame(v, []byte(topic))))
			}
		}
		change(add, "b")
		change(add, "a")
		change(add, "b")
		a := r.connect(hwm(3))
		a.gets("+a", "+b")
		change(add, "c")
		change(remove, "a")
		change(remove, "c")
		change(add, "lost") // a has no room, and misses it
		r.Hiccup(a.Peer())
		change(add, "n")
		a.gets("+b", "+lost", "+n")
	}
}

// TestSubscriptionsNeverBlock: they are lost when a peer has no room.
func TestSubscriptionsNeverBlock(t *testing.T) {
	r := newRig(t, Sub)
	a := r.connect(hwm(2))
	for i := range 5 {
		r.set(option.Subscribe, fmt.Sprint(i))
	}
	a.gets("+0", "+1")
	r.set(option.Subscribe, "5")
	a.gets("+5")
	r.connect(hwm(2)).gets("+0", "+1")
}

func TestLongTopics(t *testing.T) {
	long := strings.Repeat("topic", 1<<18)
	r := newRig(t, Sub, setting{option.Subscribe, long})
	a, b := r.connect(), r.connect()
	a.gets("+" + long)
	b.gets("+" + long)
	a.send(long+"!", long[1:])
	r.gets(long + "!")

	x := newRig(t, XPub)
	c := x.connect()
	c.command("+" + long)
	x.send(long, "t")
	c.gets(long)
	x.gets("\x01" + long)
	c.Close()
	x.gets("\x00" + long)
}

// TestXSubSends is a row per kind of message that the user of XSUB sends.
func TestXSubSends(t *testing.T) {
	for _, c := range []struct {
		name     string
		settings []setting
		in       []string
		want     []string
		topics   int
	}{
		{"subscriptions", nil, []string{"\x01a", "\x01a", "\x00a", "\x00b", "\x00a"}, []string{"+a", "+a", "-a"}, 0},
		{"every unsubscribe", []setting{{option.XSubVerboseUnsubscribe, 1}},
			[]string{"\x01a", "\x01a", "\x00a", "\x00b"}, []string{"+a", "+a", "-a", "-b"}, 1},
		{"data", nil, []string{"hello|world", "", "\x02"}, []string{"hello|world", "", "\x02"}, 0},
		{"in parts", nil, []string{"\x01a|\x01b|x"}, []string{"\x01a|\x01b|x"}, 2},
		{"in later parts", nil, []string{"x|\x01b"}, []string{"x|\x01b"}, 1},
		{"only first", []setting{{option.OnlyFirstSubscribe, 1}}, []string{"x|\x01b", "\x01a|\x01c"}, []string{"x|\x01b", "\x01a|\x01c"}, 2},
		{"parts left out", nil, []string{"\x00a|x", "x|\x00a", "x|\x00a|y", "\x00a|\x00b", "z"}, []string{"x", "x|", "x|y", "z"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, XSub, c.settings...)
			a, b := r.connect(), r.connect()
			r.send(c.in...)
			a.gets(c.want...)
			b.gets(c.want...)
			if n, _ := r.Get(option.TopicsCount); n != c.topics {
				t.Errorf("%d topics, want %d", n, c.topics)
			}
		})
	}
}

// TestXSubDoesNotFilter, unlike SUB.
func TestXSubDoesNotFilter(t *testing.T) {
	r := newRig(t, XSub)
	a := r.connect()
	a.send("x|y")
	r.ready(In | Out)
	r.gets("x|y")
}

func TestUnknownCommandsAreDropped(t *testing.T) {
	r := newRig(t, XPub)
	a := r.connect()
	a.Write(&msg.Msg{Body: []byte("\x04JOINx"), Flags: msg.Command})
	r.gets()
}
