package interop_test

import (
	"testing"

	"ztools/lib/zmq"
)

// TestHWMCounts compares how many messages fit, on inproc, where no kernel buffer
// blurs the count.
func TestHWMCounts(t *testing.T) { playAll(t, hwmScenarios) }

// TestHWMPubSub is the same for publishers, which drop.
func TestHWMPubSub(t *testing.T) { playAll(t, hwmPubSubScenarios) }

// queue joins PUSH and PULL by inproc with the given limits and notes how many
// messages pass.
func queue(snd, rcv int, connectFirst bool) func(w *world) {
	return func(w *world) {
		push, pull := w.open("PUSH", zmq.SndHWM, snd), w.open("PULL", zmq.RcvHWM, rcv)
		if connectFirst {
			push.connect(w.inproc("q"))
			pull.bind(w.inproc("q"))
		} else {
			pull.bind(w.inproc("q"))
			push.connect(w.inproc("q"))
		}
		w.noteFlood(push)
		w.noteDrain(pull)
		w.noteFlood(push)
	}
}

var hwmScenarios = []scenario{
	{"defaults", func(w *world) {
		pull, push := w.pair("PULL", "PUSH")
		w.noteFlood(push)
		w.noteDrain(pull)
	}, "sent 2000; received 2000"},
	{"1 and 1", queue(1, 1, false), "sent 2; received 2; sent 2"},
	{"1 and 1, connect first", queue(1, 1, true), "sent 2; received 2; sent 2"},
	{"2 and 3", queue(2, 3, false), "sent 5; received 5; sent 3"},
	{"send without limit", queue(0, 1, false), "sent 20000; received 20000; sent 20000"},
	{"receive without limit", queue(1, 0, false), "sent 20000; received 20000; sent 20000"},
	{"no limit", queue(0, 0, true), "sent 20000; received 20000; sent 20000"},
	{"connect before bind", func(w *world) {
		push, pull := w.open("PUSH", zmq.SndHWM, 2), w.open("PULL", zmq.RcvHWM, 2)
		push.connect(w.inproc("q"))
		w.noteFlood(push)
		pull.bind(w.inproc("q"))
		w.noteFlood(push)
		w.noteDrain(pull)
	}, "sent 2; sent 2; received 4"},
	{"connect, send and close before bind", func(w *world) {
		push, pull := w.open("PUSH", zmq.SndHWM, 1), w.open("PULL", zmq.RcvHWM, 1)
		push.connect(w.inproc("q"))
		w.noteFlood(push)
		w.noteErr("close", push.Close(-1))
		pull.bind(w.inproc("q"))
		w.noteRecv(pull)
		w.noteNow(pull)
	}, `sent 1; close ok; got ["x"]; recv EAGAIN`},
	{"sender raised while full", func(w *world) {
		push, pull := w.open("PUSH", zmq.SndHWM, 1), w.open("PULL", zmq.RcvHWM, 1)
		pull.bind(w.inproc("q"))
		push.connect(w.inproc("q"))
		w.noteFlood(push)
		push.set(zmq.SndHWM, 5)
		w.noteFlood(push)
		w.noteDrain(pull)
	}, "sent 2; sent 0; received 2"},
	{"receiver raised while full", func(w *world) {
		push, pull := w.open("PUSH", zmq.SndHWM, 1), w.open("PULL", zmq.RcvHWM, 1)
		pull.bind(w.inproc("q"))
		push.connect(w.inproc("q"))
		w.noteFlood(push)
		pull.set(zmq.RcvHWM, 5)
		w.noteFlood(push)
		w.noteDrain(pull)
		w.noteFlood(push)
	}, "sent 2; sent 0; received 2; sent 2"},
	{"raised before the first message", func(w *world) {
		push, pull := w.open("PUSH", zmq.SndHWM, 1), w.open("PULL", zmq.RcvHWM, 1)
		pull.bind(w.inproc("q"))
		push.connect(w.inproc("q"))
		push.set(zmq.SndHWM, 5)
		w.noteFlood(push)
		w.noteDrain(pull)
	}, "sent 6; received 6"},
	{"raised between connect and bind", func(w *world) {
		push, pull := w.open("PUSH", zmq.SndHWM, 1), w.open("PULL", zmq.RcvHWM, 1)
		push.connect(w.inproc("q"))
		push.set(zmq.SndHWM, 5)
		pull.bind(w.inproc("q"))
		w.noteFlood(push)
		w.noteDrain(pull)
	}, "sent 2; received 2"},
	{"lowered while full", func(w *world) {
		push, pull := w.open("PUSH", zmq.SndHWM, 100), w.open("PULL", zmq.RcvHWM, 1)
		pull.bind(w.inproc("q"))
		push.connect(w.inproc("q"))
		w.noteFlood(push)
		push.set(zmq.SndHWM, 70)
		w.noteFlood(push)
		w.noteDrain(pull)
		w.noteFlood(push)
		w.noteDrain(pull)
	}, "sent 101; sent 0; received 101; sent 55; received 55"},
	{"lowered while half full", func(w *world) {
		push, pull := w.open("PUSH", zmq.SndHWM, 100), w.open("PULL", zmq.RcvHWM, 1)
		pull.bind(w.inproc("q"))
		push.connect(w.inproc("q"))
		for range 50 {
			push.send("x")
		}
		push.set(zmq.SndHWM, 70)
		w.noteFlood(push)
		w.noteDrain(pull)
		w.noteFlood(push)
	}, "sent 21; received 71; sent 0"},
	{"limit removed while full", func(w *world) {
		push, pull := w.open("PUSH", zmq.SndHWM, 2), w.open("PULL", zmq.RcvHWM, 1)
		pull.bind(w.inproc("q"))
		push.connect(w.inproc("q"))
		w.noteFlood(push)
		push.set(zmq.SndHWM, 0)
		w.noteFlood(push)
	}, "sent 3; sent 0"},
	{"credit comes in halves", func(w *world) {
		push, pull := w.open("PUSH", zmq.SndHWM, 6), w.open("PULL", zmq.RcvHWM, 5)
		pull.bind(w.inproc("q"))
		push.connect(w.inproc("q"))
		w.noteFlood(push)
		for range 13 {
			pull.recv()
			w.noteEvents(push)
			w.noteFlood(push)
		}
	}, "sent 11; events none; sent 0; events none; sent 0; events none; sent 0; events none; sent 0; events none; sent 0; events out; sent 6; events none; sent 0; events none; sent 0; events none; sent 0; events none; sent 0; events none; sent 0; events out; sent 6; events none; sent 0"},
	{"a multipart message counts once", func(w *world) {
		push, pull := w.open("PUSH", zmq.SndHWM, 2), w.open("PULL", zmq.RcvHWM, 2)
		pull.bind(w.inproc("q"))
		push.connect(w.inproc("q"))
		w.noteFlood(push, "a", "b", "c")
		w.noteDrain(pull)
	}, "sent 4; received 4"},
	{"each peer has a queue", func(w *world) {
		dealer := w.open("DEALER", zmq.SndHWM, 2)
		for _, name := range []string{"a", "b", "c"} {
			peer := w.open("DEALER", zmq.RcvHWM, 1)
			peer.bind(w.inproc(name))
			dealer.connect(w.inproc(name))
		}
		w.noteFlood(dealer)
	}, "sent 9"},
	{"router drops for a full peer", func(w *world) {
		router, dealer := w.open("ROUTER", zmq.SndHWM, 2), w.open("DEALER", zmq.RcvHWM, 1, zmq.RoutingID, "d")
		router.bind(w.inproc("r"))
		dealer.connect(w.inproc("r"))
		w.noteEvents(router)
		for range 8 {
			w.noteSend(router, "d", "x")
		}
		w.noteDrain(dealer)
	}, "events out; send ok; send ok; send ok; send ok; send ok; send ok; send ok; send ok; received 3"},
	{"mandatory router refuses for a full peer", func(w *world) {
		router := w.open("ROUTER", zmq.SndHWM, 2, zmq.RouterMandatory, 1)
		dealer := w.open("DEALER", zmq.RcvHWM, 1, zmq.RoutingID, "d")
		router.bind(w.inproc("r"))
		w.noteEvents(router)
		dealer.connect(w.inproc("r"))
		w.noteEvents(router)
		w.noteFlood(router, "d", "x")
		w.noteEvents(router)
		w.noteSend(router, "d", "x")
		w.noteSend(router, "nobody", "x")
		w.noteDrain(dealer)
		w.noteEvents(router)
	}, "events none; events out; sent 3; events none; send EAGAIN; send EHOSTUNREACH; received 3; events out"},
	{"pair both ways", func(w *world) {
		a, b := w.open("PAIR", zmq.SndHWM, 2, zmq.RcvHWM, 3), w.open("PAIR", zmq.SndHWM, 4, zmq.RcvHWM, 5)
		a.bind(w.inproc("p"))
		b.connect(w.inproc("p"))
		w.noteFlood(a)
		w.noteFlood(b)
		w.noteDrain(a)
		w.noteDrain(b)
	}, "sent 7; sent 7; received 7; received 7"},
	{"conflate keeps the last", func(w *world) {
		push, pull := w.open("PUSH", zmq.Conflate, 1), w.open("PULL", zmq.Conflate, 1)
		pull.bind(w.inproc("q"))
		push.connect(w.inproc("q"))
		for _, text := range []string{"1", "2", "3"} {
			w.noteSend(push, text)
		}
		w.noteNow(pull)
		w.noteNow(pull)
	}, `send ok; send ok; send ok; got ["3"]; recv EAGAIN`},
	{"request and reply count", func(w *world) {
		rep, req := w.open("REP", zmq.SndHWM, 1), w.open("REQ", zmq.SndHWM, 1)
		rep.bind(w.inproc("r"))
		req.connect(w.inproc("r"))
		for range 5 {
			w.noteSend(req, "q")
			w.noteNow(rep)
			w.noteSend(rep, "a")
			w.noteNow(req)
		}
	}, `send ok; got ["q"]; send ok; got ["a"]; send ok; got ["q"]; send ok; got ["a"]; send ok; got ["q"]; send ok; got ["a"]; send ok; got ["q"]; send ok; got ["a"]; send ok; got ["q"]; send ok; got ["a"]`},
}

var hwmPubSubScenarios = []scenario{
	{"drop at the limit", func(w *world) {
		pub, sub := w.open("PUB", zmq.SndHWM, 1), w.open("SUB", zmq.RcvHWM, 1)
		pub.bind(w.inproc("p"))
		sub.connect(w.inproc("p"))
		subscribe(sub, "")
		w.noteEvents(pub)
		for range 10 {
			w.noteSend(pub, "x")
		}
		w.noteDrain(sub)
	}, "events out; send ok; send ok; send ok; send ok; send ok; send ok; send ok; send ok; send ok; send ok; received 2"},
	{"drop only for the slow one", func(w *world) {
		pub := w.open("PUB", zmq.SndHWM, 2)
		slow, fast := w.open("SUB", zmq.RcvHWM, 1), w.open("SUB", zmq.RcvHWM, 10)
		pub.bind(w.inproc("p"))
		for _, sub := range []end{slow, fast} {
			sub.connect(w.inproc("p"))
			subscribe(sub, "")
		}
		for range 10 {
			pub.send("x", "y")
		}
		w.noteDrain(slow)
		w.noteDrain(fast)
	}, "received 3; received 10"},
	{"dropping ends after half the queue", func(w *world) {
		pub, sub := w.open("PUB", zmq.SndHWM, 4), w.open("SUB", zmq.RcvHWM, 4)
		pub.bind(w.inproc("p"))
		sub.connect(w.inproc("p"))
		subscribe(sub, "")
		for i := range 20 {
			pub.send(string(rune('a' + i)))
			if i >= 10 {
				w.noteNow(sub)
				w.noteEvents(pub)
			}
		}
		w.noteDrain(sub)
	}, `got ["a"]; events out; got ["b"]; events out; got ["c"]; events out; got ["d"]; events out; got ["e"]; events out; got ["f"]; events out; got ["g"]; events out; got ["h"]; events out; got ["o"]; events out; got ["p"]; events out; received 4`},
	{"nodrop refuses", func(w *world) {
		pub, sub := w.open("XPUB", zmq.SndHWM, 2, zmq.XPubNoDrop, 1), w.open("SUB", zmq.RcvHWM, 1)
		pub.bind(w.inproc("p"))
		sub.connect(w.inproc("p"))
		subscribe(sub, "a")
		w.noteRecv(pub)
		w.noteFlood(pub, "a")
		w.noteSend(pub, "b")
		w.noteSend(pub, "a")
		w.noteDrain(sub)
		w.noteFlood(pub, "a")
	}, `got ["\x01a"]; sent 3; send ok; send EAGAIN; received 3; sent 2`},
	{"nodrop refuses for all when one is full", func(w *world) {
		pub := w.open("XPUB", zmq.SndHWM, 2, zmq.XPubNoDrop, 1)
		slow, fast := w.open("SUB", zmq.RcvHWM, 1), w.open("SUB", zmq.RcvHWM, 10)
		pub.bind(w.inproc("p"))
		for _, sub := range []end{slow, fast} {
			sub.connect(w.inproc("p"))
			subscribe(sub, "")
			w.noteEvents(pub)
		}
		w.noteFlood(pub)
		w.noteDrain(fast)
		w.noteDrain(slow)
	}, "events in+out; events in+out; sent 3; received 3; received 3"},
	{"1000 fit", func(w *world) {
		pub, sub := w.open("PUB", zmq.SndHWM, 1000), w.open("SUB", zmq.RcvHWM, 1000)
		pub.bind(w.inproc("p"))
		sub.connect(w.inproc("p"))
		subscribe(sub, "")
		for range 1000 {
			pub.send("x")
		}
		w.noteDrain(sub)
	}, "received 1000"},
	{"conflate keeps the last", func(w *world) {
		pub, sub := w.open("PUB"), w.open("SUB", zmq.Conflate, 1)
		pub.bind(w.inproc("p"))
		sub.connect(w.inproc("p"))
		subscribe(sub, "")
		w.noteEvents(pub)
		for _, text := range []string{"1", "2", "3"} {
			pub.send(text)
		}
		w.noteNow(sub)
		w.noteNow(sub)
	}, `events out; got ["3"]; recv EAGAIN`},
	{"a full queue loses subscriptions of XSUB", func(w *world) {
		pub, sub := w.open("XPUB", zmq.RcvHWM, 2), w.open("XSUB", zmq.SndHWM, 2)
		pub.bind(w.inproc("p"))
		sub.connect(w.inproc("p"))
		for _, topic := range "abcdef" {
			w.noteSend(sub, "\x01"+string(topic))
		}
		for range 6 {
			w.noteNow(pub)
		}
	}, `send ok; send ok; send ok; send ok; send ok; send ok; got ["\x01a"]; got ["\x01b"]; got ["\x01c"]; got ["\x01d"]; recv EAGAIN; recv EAGAIN`},
}
