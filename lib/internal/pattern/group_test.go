package pattern

import (
	"strings"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pipe"
)

// Tests of RADIO, DISH and DGRAM.

// groups sends JOIN and LEAVE, written +group and -group.
func (p *peer) groups(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		verb := join
		if text[0] == '-' {
			verb = leave
		}
		if !p.Write(groupCommand(verb, text[1:])) {
			p.t.Fatalf("peer cannot send %q", text)
		}
	}
}

// shout sends a message to a group.
func (r *rig) shout(group, text string) error {
	r.t.Helper()
	r.catchUp()
	return r.Pattern.Send(&msg.Msg{Body: []byte(text), Group: group})
}

// everything says that the peer gets all messages.
func everything(mine, _ *pipe.Pipe) { mine.All = true }

func TestRadioSendsToThoseWhoJoined(t *testing.T) {
	r := newRig(t, Radio)
	a, b, all := r.connect(), r.connect(), r.connect(everything)
	a.groups("+news", "+news", "+sport")
	b.groups("+new", "+", "-never")
	b.send("a message|of two parts")                   // means nothing
	if n := r.Pattern.(*radio).Subscribers(); n != 1 { // nobody has caught up
		t.Errorf("%d subscribers", n)
	}
	for _, group := range []string{"news", "sport", "new", "", "newspaper"} {
		if err := r.shout(group, "for "+group); err != nil {
			t.Error(err)
		}
	}
	a.gets("news|for news", "sport|for sport")
	b.gets("new|for new", "|for ")
	all.gets("news|for news", "sport|for sport", "new|for new", "|for ", "newspaper|for newspaper")
	a.groups("-news")
	b.groups("-new", "+"+strings.Repeat("x", GroupMax), "+"+strings.Repeat("y", GroupMax+1))
	for _, group := range []string{"news", "sport", "new", strings.Repeat("x", GroupMax), strings.Repeat("y", GroupMax+1)} {
		r.shout(group, "2")
	}
	a.gets("sport|2")
	b.gets(strings.Repeat("x", GroupMax) + "|2")
	if n := r.Pattern.(*radio).Subscribers(); n != 3 {
		t.Errorf("%d subscribers", n)
	}
	a.Close()
	all.Close()
	r.catchUp()
	if n := r.Pattern.(*radio).Subscribers(); n != 1 {
		t.Errorf("%d subscribers are left", n)
	}
	r.ready(Out)
}

func TestRadioDropsAtFullPeers(t *testing.T) {
	r := newRig(t, Radio)
	a, b := r.connect(hwm(1)), r.connect()
	a.groups("+g")
	b.groups("+g")
	for _, text := range []string{"1", "2"} {
		if err := r.shout("g", text); err != nil {
			t.Error(err)
		}
	}
	a.gets("g|1")
	b.gets("g|1", "g|2")
	r.set(option.XPubNoDrop, 1)
	if err := r.shout("g", "3"); err != nil {
		t.Error(err)
	}
	if err := r.shout("g", "4"); err != errno.EAGAIN {
		t.Errorf("full: %v", err)
	}
	if err := r.shout("other", "5"); err != nil {
		t.Errorf("to a group of nobody: %v", err)
	}
	a.gets("g|3")
	b.gets("g|3")
	if err := r.Pattern.Set(option.XPubVerbose, 1); err != errno.EINVAL {
		t.Errorf("XPUB_VERBOSE: %v", err)
	}
}

// join joins and leaves, written +group and -group.
func (r *rig) join(texts ...string) {
	r.t.Helper()
	for _, text := range texts {
		if err := r.groupCall(text); err != nil {
			r.t.Errorf("%s: %v", text, err)
		}
	}
}

func (r *rig) groupCall(text string) error {
	r.catchUp()
	j := r.Pattern.(Joiner)
	if text[0] == '+' {
		return j.Join(text[1:])
	}
	return j.Leave(text[1:])
}

func TestDishTellsItsPeers(t *testing.T) {
	r := newRig(t, Dish)
	a := r.connect()
	r.join("+b", "+a", "+gone", "-gone")
	a.gets("\x04JOINb", "\x04JOINa", "\x04JOINgone", "\x05LEAVEgone")
	b := r.connect()
	b.gets("\x04JOINa", "\x04JOINb")
	r.join("-a")
	r.Hiccup(b.Peer())
	b.gets("\x04JOINb") // what it was not told of is not sent twice
	for _, text := range []string{"+b", "-a", "-never", "+" + strings.Repeat("x", GroupMax+1)} {
		if err := r.groupCall(text); err != errno.EINVAL {
			t.Errorf("%s: %v", text, err)
		}
	}
	r.join("+"+strings.Repeat("x", GroupMax), "+")
	r.fails("x", errno.ENOTSUP)
}

func TestDishReceivesItsGroups(t *testing.T) {
	r := newRig(t, Dish)
	r.join("+g", "+")
	a := r.connect()
	a.send("other|x", "g", "g|1|1", "g|2", "|3", "other|x")
	r.ready(In)
	for _, want := range []msg.Msg{{Group: "g", Body: []byte("2")}, {Group: "", Body: []byte("3")}} {
		var m msg.Msg
		if err := r.Pattern.Recv(&m); err != nil || m.Group != want.Group || string(m.Body) != string(want.Body) || m.HasMore() {
			t.Errorf("got %q of %q, %v", m.Body, m.Group, err)
		}
	}
	r.ready(0)
	r.gets()
}

func TestDishGuard(t *testing.T) {
	long := strings.Repeat("x", GroupMax+1)
	tests := []struct {
		frames []msg.Msg
		ok     bool
	}{
		{frames("g|body"), true},
		{append(frames("g|a"), frames("h|b")...), true},
		{frames(long[1:] + "|body"), true},
		{frames("g|" + long), true},
		{frames(long + "|body"), false},
		{frames("g"), false},
		{frames("g|a|b"), false},
	}
	for _, test := range tests {
		var g DishGuard
		ok := g.Check(&msg.Msg{Flags: msg.Command})
		for _, m := range test.frames {
			ok = ok && g.Check(&m)
		}
		if ok != test.ok {
			t.Errorf("%v: %v", test.frames, ok)
		}
	}
}

func TestDgram(t *testing.T) {
	r := newRig(t, Dgram)
	if !r.opts.Raw {
		t.Error("peers are taken to speak ZMTP")
	}
	r.fails("addr|x", errno.EAGAIN)
	a, b := r.connect(hwm(2)), r.connect()
	b.hungUp(true)
	r.send("addr|1")
	r.fails("addr", errno.EINVAL)
	m := frames("addr|body|more")
	for i, want := range []error{nil, errno.EINVAL} {
		if err := r.Pattern.Send(&m[i]); err != want {
			t.Errorf("part %d of three: %v", i, err)
		}
	}
	r.send("addr|2")
	r.fails("addr|3", errno.EAGAIN)
	a.gets("addr|1", "addr|2")
	a.send("addr|x")
	r.ready(In | Out)
	r.gets("addr|x")
}
