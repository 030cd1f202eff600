package interop_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"ztools/lib/zmq"
)

// multicast are the schemes without connections, with what the endpoint of a host
// begins with.
var multicast = map[string]func(h host) string{
	"epgm": func(h host) string { return "epgm://" + h.addr },
	"pgm":  func(h host) string { return "pgm://" + h.addr },
	"norm": func(h host) string { return "norm://" + h.iface },
}

// fast is a rate that lets tests end soon, in kilobits per second.
const fast = 200_000

// pairing is two parties on the two hosts of a lab.
type pairing struct {
	name     string
	pub, sub func(t *testing.T) party
}

// us is our own party, there is libzmq's on a host.
func us(t *testing.T) party { return newOurs(t) }

func libzmqOn(h host) func(t *testing.T) party {
	return func(t *testing.T) party {
		var p *process
		inside(t, h.name, func() { p = start(t, python) })
		return p
	}
}

func pairings(l *lab) []pairing {
	return []pairing{
		{"ours to libzmq", us, libzmqOn(l.b)},
		{"libzmq to ours", libzmqOn(l.a), us},
		{"ours to ours", us, us},
	}
}

// enter connects a socket on a host, with options that are set before. libzmq 4.3.4
// has none for norm.
func (h host) enter(e end, scheme string, options ...any) {
	e.t.Helper()
	_, ours := e.sock.(*local)
	for i := 0; i < len(options); i += 2 {
		if !ours && options[i] == zmq.NormSegmentSize {
			continue
		}
		e.set(options[i].(zmq.Option), options[i+1])
	}
	endpoint := fmt.Sprintf("%s;239.192.1.1:%d", multicast[scheme](h), h.lab.port)
	inside(e.t, h.name, func() { e.connect(endpoint) })
}

// all fits every conversation.
func all(string, string) bool { return true }

// overMulticast holds a conversation on every scheme between all pairings that it
// fits.
func overMulticast(t *testing.T, options []any, fits func(scheme, pairing string) bool, talk func(t *testing.T, l *lab, scheme string, pub, sub end)) {
	l := newLab(t)
	for scheme := range multicast {
		for _, p := range pairings(l) {
			if !fits(scheme, p.name) {
				continue
			}
			t.Run(scheme+" "+p.name, func(t *testing.T) {
				l.treat(0, 0, 0)
				l.port++ // what an earlier one still sends is none of this conversation's
				pub, sub := open(t, p.pub(t), "PUB"), open(t, p.sub(t), "SUB")
				pub.set(zmq.SndHWM, 0)
				sub.set(zmq.RcvHWM, 0)
				subscribe(sub, "")
				l.b.enter(sub, scheme, options...)
				l.a.enter(pub, scheme, options...)
				synchronise(pub, sub)
				quiet(sub)
				talk(t, l, scheme, pub, sub)
			})
		}
	}
}

// quiet waits until the sender has said where it stands: what is lost before that
// OpenPGM's receivers give up at once, and may then receive nothing any more.
func quiet(sub end) {
	sub.t.Helper()
	if _, ours := sub.sock.(*local); ours {
		return
	}
	if parts, err := sub.Recv(300 * time.Millisecond); !errors.Is(err, zmq.EAGAIN) {
		sub.t.Fatalf("received %s, %v, when nothing was sent", shown(parts), err)
	}
}

func TestMulticast(t *testing.T) {
	overMulticast(t, []any{zmq.Rate, fast}, all, func(t *testing.T, _ *lab, scheme string, pub, sub end) {
		list := messages()
		if _, ours := pub.sock.(*local); !ours && scheme == "norm" {
			list = slices.DeleteFunc(list, func(m [][]byte) bool { return len(m[0]) > 1000 }) // libzmq 4.3.4 hangs
		}
		oneWay(pub, sub, list)
	})
}

// chunk is how many messages are under way at once: libzmq's norm gives each frame
// a segment of its own, of which its window has 1488.
const chunk = 500

// At 5% loss, with packets that come twice or late, nothing that the window
// covers is lost.
func TestMulticastLoss(t *testing.T) {
	options := []any{zmq.Rate, fast, zmq.MulticastMaxTPDU, 200, zmq.NormSegmentSize, 100}
	overMulticast(t, options, all, func(t *testing.T, l *lab, scheme string, pub, sub end) {
		l.treat(0.05, 0.05, 0.05)
		chunks := 4
		if scheme == "norm" { // which slows down where packets are lost
			chunks = 1
		}
		for first := 0; first < chunks*chunk; first += chunk {
			if err := pub.Produce(first, chunk, 2); err != nil {
				t.Fatal(err)
			}
			got, err := sub.Consume(chunk, 2)
			if want := []run{{first, first + chunk - 1}}; err != nil || !slices.Equal(got, want) {
				t.Fatalf("got %v, %v", got, err)
			}
		}
	})
}

// What the window does not cover is lost and told, and the stream goes on with a
// whole message. As a receiver libzmq is left out: it joins the half that it has of one
// message to the next one; and norm, which has no RECOVERY_IVL.
func TestMulticastLossBeyondWindow(t *testing.T) {
	options := []any{zmq.Rate, fast, zmq.RecoveryIvl, 10}
	fits := func(scheme, pairing string) bool { return scheme != "norm" && pairing != "ours to libzmq" }
	overMulticast(t, options, fits, func(t *testing.T, l *lab, _ string, pub, sub end) {
		if err := sub.Monitor(); err != nil {
			t.Fatal(err)
		}
		enough := l.loseAll(500) // of which the window covers 166
		for range 100 {
			pub.send("lost", string(pattern(10_000)))
		}
		select {
		case <-enough:
		case <-time.After(patience):
			t.Fatal("nothing is sent")
		}
		l.treat(0, 0, 0)
		until := time.Now().Add(patience)
		for number := ""; number == "" || number == "lost"; {
			pub.send("after", string(pattern(10_000)))
			parts, err := sub.Recv(10 * time.Millisecond)
			if err == nil && (len(parts) != 2 || len(parts[1]) != 10_000) {
				t.Fatalf("received %s", shown(parts))
			}
			if err == nil {
				number = string(parts[0])
			}
			if time.Now().After(until) {
				t.Fatal("nothing arrives any more")
			}
		}
		if _, err := sub.Watch(patience, "DISCONNECTED"); err != nil {
			t.Errorf("the loss is not told: %v", err)
		}
	})
}
