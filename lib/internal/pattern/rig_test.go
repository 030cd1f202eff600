package pattern

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pipe"
)

// A rig is a pattern with what a socket does around it: events wait until the
// next call. Messages are written as their frames with bars in between.
type rig struct {
	Pattern
	t     testing.TB
	opts  *option.Options
	posts []func()
	ended []*pipe.Pipe // were detached
}

// setting is an option to set on a new rig.
type setting struct {
	id option.ID
	v  any
}

func newRig(t testing.TB, socketType int, settings ...setting) *rig {
	t.Helper()
	opts := option.Defaults(socketType)
	r := &rig{t: t, opts: &opts}
	var err error
	if r.Pattern, err = New(socketType, &opts); err != nil {
		t.Fatal(err)
	}
	for _, s := range settings {
		r.set(s.id, s.v)
	}
	return r
}

// post keeps an event for later.
func (r *rig) post(f func(*pipe.Pipe), p *pipe.Pipe) { r.posts = append(r.posts, func() { f(p) }) }

func (r *rig) Readable(p *pipe.Pipe) { r.post(r.Pattern.Readable, p) }
func (r *rig) Writable(p *pipe.Pipe) { r.post(r.Pattern.Writable, p) }
func (r *rig) Closed(p *pipe.Pipe) {
	r.post(func(p *pipe.Pipe) {
		r.Pattern.Detach(p)
		p.Close()
		r.ended = append(r.ended, p)
	}, p)
}

// detached checks whether the socket has noticed that p left.
func (r *rig) detached(p *peer, want bool) {
	r.t.Helper()
	r.catchUp()
	if got := slices.Contains(r.ended, p.Peer()); got != want {
		r.t.Errorf("detached: %v, want %v", got, want)
	}
}

// catchUp lets the pattern know what happened.
func (r *rig) catchUp() {
	for len(r.posts) > 0 {
		f := r.posts[0]
		r.posts = r.posts[1:]
		f()
	}
}

func (r *rig) set(id option.ID, v any) {
	r.t.Helper()
	r.catchUp()
	if s, ok := v.(string); ok {
		v = []byte(s)
	}
	if err := r.Pattern.Set(id, v); err != nil {
		r.t.Fatalf("set %d: %v", id, err)
	}
}

// try sends one message.
func (r *rig) try(text string) error {
	r.t.Helper()
	r.catchUp()
	return r.tryBlind(text)
}

// tryBlind is try for a socket that has not noticed yet what happened.
func (r *rig) tryBlind(text string) error {
	r.t.Helper()
	for i, m := range frames(text) {
		if err := r.Pattern.Send(&m); err != nil {
			if i > 0 {
				r.t.Fatalf("%q: frame %d: %v", text, i, err)
			}
			return err
		}
	}
	return nil
}

// send sends messages, none of which may fail.
func (r *rig) send(texts ...string) {
	r.t.Helper()
	for _, text := range texts {
		if err := r.try(text); err != nil {
			r.t.Fatalf("send %q: %v", text, err)
		}
	}
}

// fails sends a message that must be refused.
func (r *rig) fails(text string, want errno.Errno) {
	r.t.Helper()
	if err := r.try(text); err != want {
		r.t.Errorf("send %q: %v, want %v", text, err, want)
	}
}

// fill sends until EAGAIN and counts.
func (r *rig) fill(text string) int {
	r.t.Helper()
	for n := range 100 {
		if r.try(text) == errno.EAGAIN {
			return n
		}
	}
	return 100
}

// recv receives one message; the text of the error if there is none.
func (r *rig) recv() string {
	r.t.Helper()
	r.catchUp()
	var parts []string
	for m := (msg.Msg{}); ; {
		if err := r.Pattern.Recv(&m); err != nil {
			if len(parts) > 0 {
				r.t.Fatalf("%q, then %v", parts, err)
			}
			return err.(errno.Errno).Name()
		}
		if parts = append(parts, string(m.Body)); !m.HasMore() {
			return strings.Join(parts, "|")
		}
	}
}

// gets receives exactly these messages and then none.
func (r *rig) gets(want ...string) {
	r.t.Helper()
	for _, w := range append(want, "EAGAIN") {
		if got := r.recv(); got != w {
			r.t.Errorf("received %q, want %q", got, w)
		}
	}
}

func (r *rig) ready(want Events) {
	r.t.Helper()
	r.catchUp()
	if got := r.Pattern.Ready(); got != want {
		r.t.Errorf("ready %d, want %d", got, want)
	}
}

// dropped checks how many messages the pattern has dropped, for no pipe and for these.
func (r *rig) dropped(want uint64, peers ...*peer) {
	r.t.Helper()
	var got uint64
	if d, ok := r.Pattern.(Dropper); ok {
		got = d.Dropped()
	}
	for _, p := range peers {
		out, _ := p.Peer().Counters()
		got += p.Peer().Dropped + out.Dropped
	}
	if got != want {
		r.t.Errorf("%d dropped, want %d", got, want)
	}
}

// frames is the message that text stands for.
func frames(text string) []msg.Msg {
	parts := strings.Split(text, "|")
	list := make([]msg.Msg, len(parts))
	for i, part := range parts {
		list[i] = msg.Msg{Body: []byte(part), Flags: msg.More}
	}
	list[len(list)-1].Flags = 0
	return list
}

// peer is the other end of a rig's pipe. Nobody tells it anything.
type peer struct {
	*pipe.Pipe
	t testing.TB
}

// link tells a new pipe what it is before it is attached.
type link func(mine, other *pipe.Pipe)

// hwm limits both directions; the default is 1000.
func hwm(n int) link {
	return func(mine, _ *pipe.Pipe) {
		l := pipe.Limit{Snd: n, Rcv: pipe.NoBoost}
		mine.SetLimits(l, l)
	}
}

// id has the peer say its routing id first.
func id(name string) link {
	return func(_, other *pipe.Pipe) { other.Write(&msg.Msg{Flags: msg.Identity, Body: []byte(name)}) }
}

// local says that the socket has connected, not the peer.
func local(mine, _ *pipe.Pipe) { mine.Local = true }

// connect attaches a new pipe.
func (r *rig) connect(links ...link) *peer {
	r.t.Helper()
	r.catchUp()
	mine, other := pipe.New(pipe.Config{
		Pool: &msg.Pool{},
		AtoB: pipe.Limit{Snd: 1000, Rcv: pipe.NoBoost}, BtoA: pipe.Limit{Snd: 1000, Rcv: pipe.NoBoost},
	})
	for _, l := range links {
		l(mine, other)
	}
	mine.Own(r)
	r.Attach(mine)
	return &peer{other, r.t}
}

// send writes messages into the pipe.
func (p *peer) send(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		for _, m := range frames(text) {
			if !p.Write(&m) {
				p.t.Fatalf("peer cannot send %q", text)
			}
		}
	}
}

// command sends subscriptions in the form of ZMTP 3.1: +topic and -topic.
func (p *peer) command(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		v := add
		if text[0] == '-' {
			v = remove
		}
		if !p.Write(command(v, []byte(text[1:]))) {
			p.t.Fatalf("peer cannot send %q", text)
		}
	}
}

// recv reads one message, "" if there is none; subscriptions as command
// writes them, other commands as they are.
func (p *peer) recv() string {
	var parts []string
	for m := (msg.Msg{}); p.Read(&m); {
		text := string(m.Body)
		if topic, v := parseSubscription(&m); m.Flags&msg.Command != 0 && v != data {
			text = fmt.Sprintf("%c%s", " +-"[v], topic)
		}
		if parts = append(parts, text); !m.HasMore() {
			break
		}
	}
	return strings.Join(parts, "|")
}

// gets reads exactly these messages and then none.
func (p *peer) gets(want ...string) {
	p.t.Helper()
	var got []string
	for p.CheckRead() {
		got = append(got, p.recv())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") || len(got) != len(want) {
		p.t.Errorf("peer got %q, want %q", got, want)
	}
}

// hungUp checks that the socket has refused or ended the pipe of a peer that
// has not left itself.
func (p *peer) hungUp(want bool) {
	p.t.Helper()
	if p.Gone() != want {
		p.t.Errorf("hung up: %v, want %v", !want, want)
	}
}
