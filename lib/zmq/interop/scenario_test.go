package interop_test

import (
	"fmt"
	"strings"
	"testing"

	"ztools/lib/zmq"
)

// A scenario is a conversation of one party with itself. Want is what libzmq
// notes, joined by "; ": libzmq is asked again where it is installed, and
// lib/zmq must note the same everywhere.
type scenario struct {
	name string
	play func(w *world)
	want string
}

// onPurpose is what lib/zmq notes where it differs from libzmq because that is
// better for its users, by scenario. Each row says why.
var onPurpose = map[string]string{
	// A limit that was raised counts at once. libzmq lets the sender wait until
	// the receiver has taken a message, and for ever if none was sent.
	"sender raised while full":   "sent 2; sent 4; received 6",
	"receiver raised while full": "sent 2; sent 4; received 6; sent 6",
	"limit removed while full":   "sent 3; sent 20000",
	// The same for a limit that changes while nobody has bound yet.
	"raised between connect and bind": "sent 6; received 6",
	// libzmq computes the receiver's credit from the wrong side's limits here, so
	// that a sender may stay blocked in front of an empty queue.
	"lowered while full":      "sent 101; sent 0; received 101; sent 42; received 42",
	"lowered while half full": "sent 21; received 71; sent 36",
	// What a SUB asks for twice is one topic, also with the build whose tree of
	// topics counts it twice.
	"topics are counted": `got ["\x01a"]; got ["\x01ab"]; got ["\x01"]; recv EAGAIN; value 3; value 2; value 2; got ["\x00ab"]; recv EAGAIN; value 2; value 1; get EINVAL`,
	// REQ and REP say no hello: a REQ of libzmq that hears it from its REP
	// disconnects, each time.
	"hello of requests and replies": "recv EAGAIN; recv EAGAIN",
}

// A world is where a scenario plays.
type world struct {
	testing.TB
	party
	name  string
	notes []string
}

// playAll runs the scenarios in libzmq and in lib/zmq.
func playAll(t *testing.T, scenarios []scenario) {
	t.Run("libzmq", func(t *testing.T) {
		playEach(t, start(t, python), scenarios)
	})
	t.Run("ours", func(t *testing.T) {
		playEach(t, nil, scenarios)
	})
}

// playEach runs the scenarios in one party, or each in a context of ours.
func playEach(t *testing.T, p party, scenarios []scenario) {
	for _, s := range scenarios {
		t.Run(strings.ReplaceAll(s.name, " ", "-"), func(t *testing.T) {
			w, want := &world{TB: t, party: p, name: s.name}, s.want
			if p == nil {
				w.party = newOurs(t)
				if different, ok := onPurpose[s.name]; ok {
					want = different
				}
			}
			s.play(w)
			if got := strings.Join(w.notes, "; "); got != want {
				t.Errorf("noted\n\t%s\nwant\n\t%s", got, want)
			}
		})
	}
}

// open makes a socket with options name, value, ...
func (w *world) open(kind string, options ...any) end {
	w.Helper()
	return open(w.TB, w.party, kind, options...)
}

// inproc is an endpoint of this scenario.
func (w *world) inproc(name string) string { return "inproc://" + w.name + "/" + name }

// pair opens a binding and a connecting socket joined by inproc.
func (w *world) pair(binder, connector string) (b, c end) {
	w.Helper()
	b, c = w.open(binder), w.open(connector)
	b.bind(w.inproc("pair"))
	c.connect(w.inproc("pair"))
	return b, c
}

// note adds to the notes.
func (w *world) note(format string, args ...any) {
	w.notes = append(w.notes, fmt.Sprintf(format, args...))
}

// noteErr notes the outcome of a call.
func (w *world) noteErr(what string, err error) { w.note("%s %s", what, errName(err)) }

// noteSend notes the outcome of a send that does not wait.
func (w *world) noteSend(e end, parts ...string) {
	w.noteErr("send", e.Send(0, toBytes(parts)...))
}

// noteRecv notes the message that comes, or why none comes.
func (w *world) noteRecv(e end) {
	parts, err := e.Recv(patience)
	if err != nil {
		w.noteErr("recv", err)
		return
	}
	w.note("got %s", shown(parts))
}

// noteNow notes the message that is there, or why there is none.
func (w *world) noteNow(e end) {
	parts, err := e.Recv(0)
	if err != nil {
		w.noteErr("recv", err)
		return
	}
	w.note("got %s", shown(parts))
}

// noteFlood notes how many messages a socket takes.
func (w *world) noteFlood(e end, parts ...string) {
	w.Helper()
	if len(parts) == 0 {
		parts = []string{"x"}
	}
	n, err := e.Flood(20000, toBytes(parts)...)
	e.check(err, "flood")
	w.note("sent %d", n)
}

// noteDrain notes how many messages wait in a socket.
func (w *world) noteDrain(e end) {
	w.Helper()
	n, err := e.Drain(20000)
	e.check(err, "drain")
	w.note("received %d", n)
}

// noteEvents notes ZMQ_EVENTS.
func (w *world) noteEvents(e end) {
	w.Helper()
	bits, err := e.Events()
	e.check(err, "events")
	w.note("events %s", [...]string{"none", "in", "out", "in+out"}[bits&3])
}

// settle lets sockets look at what the others sent them. Those of libzmq do it
// only when they are called.
func settle(ends ...end) {
	for _, e := range ends {
		e.t.Helper()
		_, err := e.Events()
		e.check(err, "events")
	}
}

// subscribe adds subscriptions.
func subscribe(sub end, topics ...string) {
	sub.t.Helper()
	for _, topic := range topics {
		sub.set(zmq.Subscribe, topic)
	}
}
