package pattern

import (
	"fmt"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pipe"
)

// Tests of SERVER, PEER and of the types whose messages have one part.

// to sends a message of one part to the peer with that number.
func (r *rig) to(id uint32, text string) error {
	r.t.Helper()
	r.catchUp()
	return r.Pattern.Send(&msg.Msg{Body: []byte(text), RoutingID: id})
}

// from receives one message of one part and the number of its peer.
func (r *rig) from() (id uint32, text string) {
	r.t.Helper()
	r.catchUp()
	var m msg.Msg
	if err := r.Pattern.Recv(&m); err != nil {
		return 0, err.(errno.Errno).Name()
	}
	return m.RoutingID, string(m.Body)
}

func TestServerNumbersItsPeers(t *testing.T) {
	for _, number := range []int{Server, Peer} {
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			r := newRig(t, number)
			a, b := r.connect(), r.connect()
			a.send("from a")
			b.send("from b")
			idA, textA := r.from()
			idB, textB := r.from()
			if textA != "from a" || textB != "from b" || idA == 0 || idB == 0 || idA == idB {
				t.Fatalf("got %q from %d and %q from %d", textA, idA, textB, idB)
			}
			if idA != a.Pipe.Peer().ID {
				t.Errorf("pipe says %d, message %d", a.Pipe.Peer().ID, idA)
			}
			if err := r.to(idB, "to b"); err != nil {
				t.Error(err)
			}
			a.gets()
			b.gets("to b")
			r.ready(Out)
		})
	}
}

func TestServerNumbersAreNeverZeroNorTaken(t *testing.T) {
	r := newRig(t, Server)
	s := r.Pattern.(*server)
	s.latest = 0xFFFFFFFE
	s.peers[1] = &pipe.Pipe{}
	r.connect()
	r.connect()
	for _, id := range []uint32{0xFFFFFFFF, 2} {
		if s.peers[id] == nil {
			t.Errorf("nobody is %d", id)
		}
	}
}

func TestServerRefusals(t *testing.T) {
	r := newRig(t, Server)
	a := r.connect(hwm(1))
	id := a.Pipe.Peer().ID
	steps := []struct {
		id   uint32
		want error
	}{{0, errno.EHOSTUNREACH}, {id + 1, errno.EHOSTUNREACH}, {id, nil}, {id, errno.EAGAIN}}
	for _, s := range steps {
		if err := r.to(s.id, "x"); err != s.want {
			t.Errorf("to %d of %d: %v, want %v", s.id, id, err, s.want)
		}
	}
	a.Close()
	if err := r.to(id, "x"); err != errno.EHOSTUNREACH {
		t.Errorf("to a peer that left: %v", err)
	}
	if err := r.Pattern.Send(&msg.Msg{Flags: msg.More, RoutingID: id}); err != errno.EINVAL {
		t.Errorf("two parts: %v", err)
	}
}

func TestServerDisconnects(t *testing.T) {
	r := newRig(t, Server)
	a, b := r.connect(), r.connect()
	id := a.Pipe.Peer().ID
	a.send("lost")
	d := r.Pattern.(Numbered)
	if err := d.Disconnect(id); err != nil {
		t.Fatal(err)
	}
	a.hungUp(true)
	b.hungUp(false)
	if err := d.Disconnect(id); err != errno.EHOSTUNREACH {
		t.Errorf("again: %v", err)
	}
	b.send("kept")
	if _, text := r.from(); text != "kept" {
		t.Errorf("got %q", text)
	}
	a.Close()
	r.detached(a, true)
}

// oneParts are the types whose messages have one part.
var oneParts = []struct {
	name            string
	number          int
	sends, receives bool
}{
	{"SERVER", Server, true, true}, {"CLIENT", Client, true, true}, {"RADIO", Radio, true, false},
	{"GATHER", Gather, false, true}, {"SCATTER", Scatter, true, false}, {"PEER", Peer, true, true}, {"CHANNEL", Channel, true, true},
}

func TestOnePart(t *testing.T) {
	for _, c := range oneParts {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.number)
			a := r.connect()
			if c.sends {
				r.fails("a|b", errno.EINVAL)
				a.gets()
			} else {
				r.fails("a", errno.ENOTSUP)
			}
			if !c.receives {
				if got := r.recv(); got != "ENOTSUP" {
					t.Errorf("receive: %s", got)
				}
				return
			}
			a.send("1", "2|2", "3|3|3", "4", "5|5")
			r.gets("1", "4")
		})
	}
}

// What CLIENT, SCATTER, GATHER and CHANNEL do with one part is what the pattern
// behind them does.
func TestSinglesAreWhatTheyWrap(t *testing.T) {
	t.Run("CLIENT", func(t *testing.T) {
		r := newRig(t, Client)
		a, b := r.connect(), r.connect()
		r.send("1", "2", "3")
		a.gets("1", "3")
		b.gets("2")
		b.send("x")
		r.gets("x")
	})
	t.Run("SCATTER", func(t *testing.T) {
		r := newRig(t, Scatter)
		r.fails("x", errno.EAGAIN)
		a, b := r.connect(hwm(1)), r.connect(hwm(1))
		r.send("1", "2")
		r.fails("3", errno.EAGAIN)
		a.gets("1")
		b.gets("2")
	})
	t.Run("GATHER", func(t *testing.T) {
		r := newRig(t, Gather)
		a, b := r.connect(), r.connect()
		a.send("1", "2")
		b.send("3")
		r.gets("1", "3", "2")
	})
	t.Run("CHANNEL", func(t *testing.T) {
		r := newRig(t, Channel)
		a, b := r.connect(), r.connect()
		b.hungUp(true)
		r.send("1")
		a.gets("1")
		r.ready(Out)
		if p := r.Pattern.(Direct).Only(); p != a.Pipe.Peer() {
			t.Error("the only peer is another one")
		}
	})
	for _, number := range []int{Client, Scatter, Gather, Channel, Server, Peer} {
		r := newRig(t, number)
		if err := r.Pattern.Set(option.ProbeRouter, 1); err != errno.EINVAL {
			t.Errorf("type %d takes PROBE_ROUTER: %v", number, err)
		}
	}
	if newRig(t, Gather).Pattern.(Direct).Only() != nil {
		t.Error("GATHER has a pipe to write to")
	}
}
