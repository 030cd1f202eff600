package zmq_test

import (
	"bytes"
	"testing"

	"ztools/lib/zmq"
)

// lends is a socket that sends a body of its own, again and again, to another of its
// context.
type lends struct {
	from, to *zmq.Socket
	second   *zmq.Socket // like from, without a peer
	body     []byte
	freed    int
}

func newLends(t *testing.T, sends, receives zmq.Type, takes bool) *lends {
	t.Helper()
	c := newContext(t)
	l := &lends{from: open(t, c, sends), to: open(t, c, receives), body: bytes.Repeat([]byte("b"), 20_000)}
	l.second = open(t, c, sends)
	if takes {
		l.to.TakeLent()
	}
	ok(t, "bind", l.to.Bind("inproc://lent"))
	ok(t, "connect", l.from.Connect("inproc://lent"))
	return l
}

func (l *lends) send(t *testing.T, more bool) {
	t.Helper()
	p := zmq.Part{Body: l.body, More: more, Free: func() { l.freed++ }, Owner: l}
	ok(t, "send", l.from.TrySendPart(&p))
	p.Release()
}

func (l *lends) recv(t *testing.T) *zmq.Part {
	t.Helper()
	var p zmq.Part
	ok(t, "receive", l.to.TryRecvPart(&p, nil))
	if !bytes.Equal(p.Body, l.body) {
		t.Fatalf("got %d bytes", len(p.Body))
	}
	return &p
}

// Who takes lent bodies gets them as they are, and frees or keeps them.
func TestTakeLent(t *testing.T) {
	for _, types := range [][2]zmq.Type{{zmq.Push, zmq.Pull}, {zmq.Pair, zmq.Pair}, {zmq.Dealer, zmq.Dealer}} {
		l := newLends(t, types[0], types[1], true)
		l.send(t, true)
		l.send(t, false)
		for i, more := range []bool{true, false} {
			p := l.recv(t)
			if &p.Body[0] != &l.body[0] || p.Owner != l || p.More != more || l.freed != 0 {
				t.Fatalf("%v: part %d: owner %v, more %v, freed %d", types, i, p.Owner, p.More, l.freed)
			}
			if more {
				p.Keep()
			}
			p.Release()
		}
		if l.freed != 1 {
			t.Errorf("%v: freed %d times, want one of two", types, l.freed)
		}
	}
}

// Everybody else gets a copy: who did not ask, and types that may drop a body.
func TestLentBodyIsCopied(t *testing.T) {
	for _, c := range []struct {
		sends, receives zmq.Type
		takes           bool
	}{{zmq.Push, zmq.Pull, false}, {zmq.Scatter, zmq.Gather, true}} {
		l := newLends(t, c.sends, c.receives, c.takes)
		l.send(t, false)
		if l.freed != 1 {
			t.Errorf("%+v: freed %d times once it was sent", c, l.freed)
		}
		p := l.recv(t)
		if &p.Body[0] == &l.body[0] || p.Owner != nil {
			t.Errorf("%+v: it is the sender's", c)
		}
		p.Release()
	}
}

// A lent body that is not received, or of whose message only a part is, is freed with
// the socket.
func TestLentBodyIsFreed(t *testing.T) {
	for name, end := range map[string]func(l *lends) error{
		"the receiver": func(l *lends) error { return l.to.Close() },
		"half of it":   func(l *lends) error { return l.to.Close() },
		"both": func(l *lends) error {
			if err := l.from.Close(); err != nil {
				return err
			}
			return l.to.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLends(t, zmq.Push, zmq.Pull, true)
			want := 3
			for i := range want {
				l.send(t, i < want-1)
			}
			if name == "half of it" {
				l.recv(t).Keep()
				want--
			}
			ok(t, "close", end(l))
			if l.freed != want {
				t.Errorf("freed %d times, want %d", l.freed, want)
			}
		})
	}
}

// A PAIR that has a peer drops what another one sends.
func TestLentBodyToATakenPair(t *testing.T) {
	l := newLends(t, zmq.Pair, zmq.Pair, true)
	l.send(t, false)
	l.recv(t).Release()
	second := &lends{from: l.second, to: l.to, body: l.body}
	ok(t, "connect", second.from.Connect("inproc://lent"))
	second.send(t, false)
	if _, _, err := l.to.Ready(); err != nil { // looks who has come
		t.Fatal(err)
	}
	if second.freed != 1 {
		t.Errorf("freed %d times", second.freed)
	}
}
