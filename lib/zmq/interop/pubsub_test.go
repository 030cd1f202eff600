package interop_test

import (
	"testing"

	"ztools/lib/zmq"
)

// TestSubscriptions compares how subscriptions travel and what passes them.
func TestSubscriptions(t *testing.T) { playAll(t, subscriptionScenarios) }

// TestXPub compares the notices of XPUB and its modes.
func TestXPub(t *testing.T) { playAll(t, xpubScenarios) }

// noteAll notes every message that is there.
func (w *world) noteAll(e end) {
	w.Helper()
	for {
		parts, err := e.Recv(0)
		if err != nil {
			w.noteErr("recv", err)
			return
		}
		w.note("got %s", shown(parts))
	}
}

var subscriptionScenarios = []scenario{
	{"prefixes", func(w *world) {
		pub, sub := w.pair("XPUB", "SUB")
		subscribe(sub, "ab", "c")
		w.noteAll(pub)
		for _, topic := range []string{"a", "ab", "abc", "b", "c", "cab", "", "C"} {
			pub.send(topic, "ab")
		}
		w.noteAll(sub)
	}, `got ["\x01ab"]; got ["\x01c"]; recv EAGAIN; got ["ab" "ab"]; got ["abc" "ab"]; got ["c" "ab"]; got ["cab" "ab"]; recv EAGAIN`},
	{"the empty prefix", func(w *world) {
		pub, sub := w.pair("XPUB", "SUB")
		subscribe(sub, "")
		w.noteAll(pub)
		pub.send("")
		pub.send("x")
		w.noteAll(sub)
		sub.set(zmq.Unsubscribe, "")
		w.noteAll(pub)
		pub.send("y")
		w.noteAll(sub)
	}, `got ["\x01"]; recv EAGAIN; got [""]; got ["x"]; recv EAGAIN; got ["\x00"]; recv EAGAIN; recv EAGAIN`},
	{"subscriptions are counted", func(w *world) {
		pub, sub := w.pair("XPUB", "SUB")
		subscribe(sub, "a", "a")
		w.noteAll(pub)
		sub.set(zmq.Unsubscribe, "a")
		w.noteAll(pub)
		pub.send("a1")
		w.noteAll(sub)
		sub.set(zmq.Unsubscribe, "a")
		w.noteAll(pub)
		pub.send("a2")
		w.noteAll(sub)
		w.noteErr("unsubscribe", sub.Set(zmq.Unsubscribe, "a"))
		w.noteErr("unsubscribe", sub.Set(zmq.Unsubscribe, "never"))
		w.noteAll(pub)
	}, `got ["\x01a"]; recv EAGAIN; recv EAGAIN; got ["a1"]; recv EAGAIN; got ["\x00a"]; recv EAGAIN; recv EAGAIN; unsubscribe ok; unsubscribe ok; recv EAGAIN`},
	{"overlapping prefixes give one copy", func(w *world) {
		pub, sub := w.pair("XPUB", "SUB")
		subscribe(sub, "a", "ab", "")
		w.noteAll(pub)
		pub.send("abc")
		w.noteAll(sub)
		sub.set(zmq.Unsubscribe, "")
		w.noteAll(pub)
		pub.send("abc")
		pub.send("x")
		w.noteAll(sub)
	}, `got ["\x01a"]; got ["\x01ab"]; got ["\x01"]; recv EAGAIN; got ["abc"]; recv EAGAIN; got ["\x00"]; recv EAGAIN; got ["abc"]; recv EAGAIN`},
	{"set before the connection", func(w *world) {
		pub, sub := w.open("XPUB"), w.open("SUB")
		subscribe(sub, "b", "a", "aa", "")
		pub.bind(w.inproc("p"))
		sub.connect(w.inproc("p"))
		w.noteAll(pub)
	}, `got ["\x01"]; got ["\x01a"]; got ["\x01aa"]; got ["\x01b"]; recv EAGAIN`},
	{"bound subscriber", func(w *world) {
		pub, sub := w.open("XPUB"), w.open("SUB")
		subscribe(sub, "a")
		sub.bind(w.inproc("p"))
		pub.connect(w.inproc("p"))
		w.noteNow(sub)
		w.noteAll(pub)
		pub.send("ab")
		w.noteAll(sub)
	}, `recv EAGAIN; got ["\x01a"]; recv EAGAIN; got ["ab"]; recv EAGAIN`},
	{"nobody has subscribed", func(w *world) {
		pub, sub := w.pair("PUB", "SUB")
		w.noteSend(pub, "lost")
		subscribe(sub, "")
		w.noteEvents(pub)
		w.noteSend(pub, "found")
		w.noteAll(sub)
	}, `send ok; events out; send ok; got ["found"]; recv EAGAIN`},
	{"a message that does not match is no event", func(w *world) {
		pub, sub := w.open("XPUB"), w.open("SUB")
		pub.bind(w.inproc("p"))
		sub.connect(w.inproc("p"))
		subscribe(sub, "a")
		w.noteAll(pub)
		pub.send("b")
		w.noteEvents(sub)
		pub.send("a")
		w.noteEvents(sub)
	}, `got ["\x01a"]; recv EAGAIN; events none; events in`},
	{"inverted matching", func(w *world) {
		pub, sub := w.open("XPUB", zmq.InvertMatching, 1), w.open("SUB", zmq.InvertMatching, 1)
		pub.bind(w.inproc("p"))
		sub.connect(w.inproc("p"))
		subscribe(sub, "a")
		w.noteAll(pub)
		for _, topic := range []string{"a", "ab", "b", ""} {
			pub.send(topic)
		}
		w.noteAll(sub)
	}, `got ["\x01a"]; recv EAGAIN; got ["b"]; got [""]; recv EAGAIN`},
	{"XSUB sends its own", func(w *world) {
		pub, sub := w.pair("XPUB", "XSUB")
		w.noteSend(sub, "\x01a")
		w.noteSend(sub, "\x01a")
		w.noteSend(sub, "\x00b")
		w.noteAll(pub)
		pub.send("ax")
		pub.send("bx")
		w.noteAll(sub)
		w.noteSend(sub, "\x00a")
		w.noteAll(pub)
		w.noteSend(sub, "\x00a")
		w.noteAll(pub)
		pub.send("ax")
		w.noteAll(sub)
	}, `send ok; send ok; send ok; got ["\x01a"]; recv EAGAIN; got ["ax"]; recv EAGAIN; send ok; recv EAGAIN; send ok; got ["\x00a"]; recv EAGAIN; recv EAGAIN`},
	{"XSUB sends other things", func(w *world) {
		pub, sub := w.pair("XPUB", "XSUB")
		w.noteSend(sub, "hello", "\x01not this")
		w.noteSend(sub, "")
		w.noteSend(sub, "\x02")
		w.noteAll(pub)
	}, `send ok; send ok; send ok; got ["hello" "\x01not this"]; got [""]; got ["\x02"]; recv EAGAIN`},
	{"XSUB sends multipart subscriptions", func(w *world) {
		pub, sub := w.pair("XPUB", "XSUB")
		w.noteSend(sub, "\x01a", "\x01b", "c")
		w.noteAll(pub)
		pub.send("a")
		pub.send("b")
		w.noteAll(sub)
	}, `send ok; got ["\x01a"]; got ["\x01b"]; got ["c"]; recv EAGAIN; got ["a"]; got ["b"]; recv EAGAIN`},
	{"XSUB subscribes late comers", func(w *world) {
		first, second, sub := w.open("XPUB"), w.open("XPUB"), w.open("XSUB")
		first.bind(w.inproc("1"))
		second.bind(w.inproc("2"))
		sub.connect(w.inproc("1"))
		w.noteSend(sub, "\x01a")
		w.noteSend(sub, "\x01b")
		w.noteSend(sub, "\x00b")
		w.noteSend(sub, "other")
		sub.connect(w.inproc("2"))
		w.noteAll(first)
		w.noteAll(second)
	}, `send ok; send ok; send ok; send ok; got ["\x01a"]; got ["\x01b"]; got ["\x00b"]; got ["other"]; recv EAGAIN; got ["\x01a"]; recv EAGAIN`},
	{"PUB drops what XSUB says", func(w *world) {
		pub, sub := w.pair("PUB", "XSUB")
		w.noteSend(sub, "hello")
		w.noteSend(sub, "\x01a")
		w.noteEvents(pub)
		pub.send("a")
		pub.send("b")
		w.noteAll(sub)
	}, `send ok; send ok; events out; got ["a"]; recv EAGAIN`},
	{"disconnect unsubscribes", func(w *world) {
		pub, sub := w.pair("XPUB", "SUB")
		subscribe(sub, "a")
		w.noteAll(pub)
		w.noteErr("disconnect", sub.Disconnect(w.inproc("pair")))
		settle(pub, sub, pub)
		w.noteRecv(pub)
		pub.send("a")
		w.noteAll(sub)
		sub.connect(w.inproc("pair"))
		w.noteRecv(pub)
		pub.send("a")
		w.noteAll(sub)
	}, `got ["\x01a"]; recv EAGAIN; disconnect ok; got ["\x00a"]; recv EAGAIN; got ["\x01a"]; got ["a"]; recv EAGAIN`},
}

// twoSubscribers opens an XPUB with the options and two SUB joined to it.
func (w *world) twoSubscribers(options ...any) (pub, a, b end) {
	w.Helper()
	pub, a, b = w.open("XPUB", options...), w.open("SUB"), w.open("SUB")
	pub.bind(w.inproc("p"))
	a.connect(w.inproc("p"))
	b.connect(w.inproc("p"))
	return pub, a, b
}

// notices plays subscriptions of two peers to the same and other topics; atClose
// is how many notices the end of each gives.
func notices(atClose [2]int, options ...any) func(w *world) {
	return func(w *world) {
		pub, a, b := w.twoSubscribers(options...)
		subscribe(a, "t", "t", "only a")
		w.noteAll(pub)
		subscribe(b, "t", "only b")
		w.noteAll(pub)
		a.set(zmq.Unsubscribe, "t")
		a.set(zmq.Unsubscribe, "t")
		w.noteAll(pub)
		b.set(zmq.Unsubscribe, "t")
		w.noteAll(pub)
		subscribe(a, "t")
		subscribe(b, "t")
		w.noteAll(pub)
		for i, leaving := range []end{a, b} {
			w.noteErr("close", leaving.Close(0))
			for range atClose[i] {
				w.noteRecv(pub)
			}
			w.noteAll(pub)
		}
	}
}

var xpubScenarios = []scenario{
	{"notices", notices([2]int{1, 2}), `got ["\x01t"]; got ["\x01only a"]; recv EAGAIN; got ["\x01only b"]; recv EAGAIN; recv EAGAIN; got ["\x00t"]; recv EAGAIN; got ["\x01t"]; recv EAGAIN; close ok; got ["\x00only a"]; recv EAGAIN; close ok; got ["\x00only b"]; got ["\x00t"]; recv EAGAIN`},
	{"verbose notices", notices([2]int{1, 2}, zmq.XPubVerbose, 1), `got ["\x01t"]; got ["\x01t"]; got ["\x01only a"]; recv EAGAIN; got ["\x01t"]; got ["\x01only b"]; recv EAGAIN; recv EAGAIN; got ["\x00t"]; recv EAGAIN; got ["\x01t"]; got ["\x01t"]; recv EAGAIN; close ok; got ["\x00only a"]; recv EAGAIN; close ok; got ["\x00only b"]; got ["\x00t"]; recv EAGAIN`},
	{"verboser notices", notices([2]int{2, 2}, zmq.XPubVerboser, 1), `got ["\x01t"]; got ["\x01t"]; got ["\x01only a"]; recv EAGAIN; got ["\x01t"]; got ["\x01only b"]; recv EAGAIN; got ["\x00t"]; recv EAGAIN; got ["\x00t"]; recv EAGAIN; got ["\x01t"]; got ["\x01t"]; recv EAGAIN; close ok; got ["\x00only a"]; got ["\x00t"]; recv EAGAIN; close ok; got ["\x00only b"]; got ["\x00t"]; recv EAGAIN`},
	{"verboser taken back", notices([2]int{1, 2}, zmq.XPubVerboser, 1, zmq.XPubVerbose, 0), `got ["\x01t"]; got ["\x01only a"]; recv EAGAIN; got ["\x01only b"]; recv EAGAIN; recv EAGAIN; got ["\x00t"]; recv EAGAIN; got ["\x01t"]; recv EAGAIN; close ok; got ["\x00only a"]; recv EAGAIN; close ok; got ["\x00only b"]; got ["\x00t"]; recv EAGAIN`},
	{"manual", func(w *world) {
		pub, a, b := w.twoSubscribers(zmq.XPubManual, 1)
		subscribe(a, "A")
		w.noteNow(pub)
		pub.set(zmq.Subscribe, "XA")
		subscribe(b, "B")
		w.noteNow(pub)
		pub.set(zmq.Subscribe, "XB")
		w.noteNow(pub)
		for _, text := range []string{"A", "XA", "B", "XB"} {
			pub.send(text)
		}
		w.note("a")
		w.noteAll(a)
		w.note("b")
		w.noteAll(b)
		a.set(zmq.Unsubscribe, "A")
		w.noteNow(pub)
		pub.set(zmq.Unsubscribe, "XA")
		w.noteErr("close", b.Close(0))
		w.noteRecv(pub)
		w.noteNow(pub)
	}, `got ["\x01A"]; got ["\x01B"]; recv EAGAIN; a; recv EAGAIN; b; recv EAGAIN; got ["\x00A"]; close ok; got ["\x00B"]; recv EAGAIN`},
	{"manual, delivered", func(w *world) {
		pub, a, b := w.twoSubscribers(zmq.XPubManual, 1)
		subscribe(a, "")
		w.noteNow(pub)
		pub.set(zmq.Subscribe, "A")
		subscribe(b, "")
		w.noteNow(pub)
		pub.set(zmq.Subscribe, "B")
		pub.send("A")
		pub.send("B")
		pub.send("C")
		w.note("a")
		w.noteAll(a)
		w.note("b")
		w.noteAll(b)
	}, `got ["\x01"]; got ["\x01"]; a; got ["A"]; recv EAGAIN; b; got ["B"]; recv EAGAIN`},
	{"manual takes duplicates", func(w *world) {
		pub, a, _ := w.twoSubscribers(zmq.XPubManual, 1)
		subscribe(a, "A", "A")
		w.noteAll(pub)
		a.set(zmq.Unsubscribe, "A")
		a.set(zmq.Unsubscribe, "A")
		w.noteAll(pub)
	}, `got ["\x01A"]; got ["\x01A"]; recv EAGAIN; got ["\x00A"]; recv EAGAIN`},
	{"welcome", func(w *world) {
		pub := w.open("XPUB", zmq.XPubWelcomeMsg, "W")
		pub.bind(w.inproc("p"))
		sub, other := w.open("SUB", zmq.Subscribe, "W"), w.open("SUB", zmq.Subscribe, "x")
		sub.connect(w.inproc("p"))
		other.connect(w.inproc("p"))
		w.noteAll(pub)
		w.noteAll(sub)
		w.noteAll(other)
	}, `got ["\x01W"]; got ["\x01x"]; recv EAGAIN; got ["W"]; recv EAGAIN; recv EAGAIN`},
	{"messages of subscribers", func(w *world) {
		pub, sub := w.pair("XPUB", "XSUB")
		w.noteSend(sub, "\x01a")
		w.noteSend(sub, "hello", "world")
		w.noteSend(sub, "\x01b")
		w.noteAll(pub)
	}, `send ok; send ok; send ok; got ["\x01a"]; got ["hello" "world"]; got ["\x01b"]; recv EAGAIN`},
	{"set by the user only in manual mode", func(w *world) {
		pub := w.open("XPUB")
		w.noteErr("subscribe", pub.Set(zmq.Subscribe, "a"))
		w.noteErr("manual", pub.Set(zmq.XPubManual, 1))
		w.noteErr("subscribe", pub.Set(zmq.Subscribe, "a"))
		w.noteErr("unsubscribe", pub.Set(zmq.Unsubscribe, "a"))
	}, "subscribe EINVAL; manual ok; subscribe ok; unsubscribe ok"},
}
