package interop_test

import (
	"testing"

	"ztools/lib/zmq"
)

// TestMoments compares from when on an option counts: for what is there already, or
// for later binds and connects only. The table of options says so in its column
// Moment.
func TestMoments(t *testing.T) { playAll(t, append(liveScenarios, attachScenarios...)) }

// liveScenarios change an option of sockets that are connected.
var liveScenarios = []scenario{
	{"inverted while connected", func(w *world) {
		pub, sub := w.pair("XPUB", "SUB")
		subscribe(sub, "a")
		w.noteAll(pub)
		for _, on := range []int{1, 0} {
			pub.set(zmq.InvertMatching, on)
			sub.set(zmq.InvertMatching, on)
			pub.send("a")
			pub.send("b")
			w.noteAll(sub)
		}
	}, `got ["\x01a"]; recv EAGAIN; got ["b"]; recv EAGAIN; got ["a"]; recv EAGAIN`},
	{"inverted at one end while connected", func(w *world) {
		pub, sub := w.pair("XPUB", "SUB")
		subscribe(sub, "a")
		w.noteAll(pub)
		pub.send("a")
		sub.set(zmq.InvertMatching, 1)
		w.noteAll(sub)
	}, `got ["\x01a"]; recv EAGAIN; recv EAGAIN`},
	{"welcome set after the bind", func(w *world) {
		pub, early, late, last := w.open("XPUB"), w.open("SUB"), w.open("SUB"), w.open("SUB")
		pub.bind(w.inproc("p"))
		for i, sub := range []end{early, late, last} {
			pub.set(zmq.XPubWelcomeMsg, []string{"", "welcome", ""}[i])
			subscribe(sub, "")
			sub.connect(w.inproc("p"))
			w.noteAll(pub)
		}
		w.noteAll(early)
		w.noteAll(late)
		w.noteAll(last)
	}, `got ["\x01"]; recv EAGAIN; recv EAGAIN; recv EAGAIN; recv EAGAIN; got ["welcome"]; recv EAGAIN; recv EAGAIN`},
	{"verbose while connected", func(w *world) {
		pub, a := w.pair("XPUB", "SUB")
		b := w.open("SUB")
		b.connect(w.inproc("pair"))
		subscribe(a, "x")
		subscribe(b, "x")
		w.noteAll(pub)
		pub.set(zmq.XPubVerboser, 1)
		b.set(zmq.Unsubscribe, "x")
		w.noteAll(pub)
		pub.set(zmq.XPubVerbose, 1)
		subscribe(b, "x")
		w.noteAll(pub)
		b.set(zmq.Unsubscribe, "x")
		w.noteAll(pub)
	}, `got ["\x01x"]; recv EAGAIN; got ["\x00x"]; recv EAGAIN; got ["\x01x"]; recv EAGAIN; recv EAGAIN`},
	{"manual while connected", func(w *world) {
		pub, sub := w.pair("XPUB", "SUB")
		subscribe(sub, "x")
		w.noteAll(pub)
		pub.set(zmq.XPubManual, 1)
		subscribe(sub, "y")
		w.noteAll(pub)
		pub.set(zmq.Subscribe, "z")
		pub.send("x")
		pub.send("y")
		subscribe(sub, "z")
		w.noteAll(pub)
		pub.send("z")
		w.noteAll(sub)
	}, `got ["\x01x"]; recv EAGAIN; got ["\x01y"]; recv EAGAIN; got ["\x01z"]; recv EAGAIN; got ["x"]; got ["z"]; recv EAGAIN`},
	{"no drop while connected", func(w *world) {
		pub, sub := w.open("XPUB", zmq.SndHWM, 1), w.open("SUB", zmq.RcvHWM, 1)
		pub.bind(w.inproc("p"))
		sub.connect(w.inproc("p"))
		subscribe(sub, "")
		w.noteAll(pub)
		pub.set(zmq.XPubNoDrop, 1)
		w.noteFlood(pub)
		pub.set(zmq.XPubNoDrop, 0)
		w.noteSend(pub, "dropped")
	}, `got ["\x01"]; recv EAGAIN; sent 2; send ok`},
	{"mandatory while connected", func(w *world) {
		router, _ := w.pair("ROUTER", "DEALER")
		w.noteSend(router, "nobody", "x")
		router.set(zmq.RouterMandatory, 1)
		w.noteSend(router, "nobody", "x")
	}, `send ok; send EHOSTUNREACH`},
	{"handover set after the bind", func(w *world) {
		router := w.open("ROUTER")
		router.bind(w.inproc("r"))
		for _, handover := range []int{0, 0, 1} {
			router.set(zmq.RouterHandover, handover)
			dealer := w.open("DEALER", zmq.RoutingID, "same")
			dealer.connect(w.inproc("r"))
			w.noteSend(dealer, "x")
			w.noteNow(router)
		}
	}, `send ok; got ["same" "x"]; send ok; recv EAGAIN; send ok; got ["same" "x"]`},
	{"probe set after the bind", func(w *world) {
		router, early, late := w.open("ROUTER"), w.open("DEALER"), w.open("DEALER")
		router.bind(w.inproc("r"))
		early.connect(w.inproc("r"))
		w.noteNow(router)
		router.set(zmq.ProbeRouter, 1)
		late.connect(w.inproc("r"))
		w.noteNow(router)
		w.noteNow(early)
		w.noteNow(late)
	}, `recv EAGAIN; recv EAGAIN; recv EAGAIN; got [""]`},
	{"relaxed and correlate while waiting", func(w *world) {
		router, req := w.pair("ROUTER", "REQ")
		w.noteSend(req, "1")
		w.noteSend(req, "2")
		req.set(zmq.ReqRelaxed, 1)
		req.set(zmq.ReqCorrelate, 1)
		w.noteSend(req, "3")
		for range 2 {
			w.note("%d parts", len(router.recv()))
		}
	}, `send ok; send EFSM; send ok; 3 parts; 4 parts`},
	{"only the first while connected", func(w *world) {
		pub, sub := w.pair("XPUB", "XSUB")
		w.noteSend(sub, "x", "\x01a")
		w.noteAll(pub)
		pub.set(zmq.OnlyFirstSubscribe, 1)
		sub.set(zmq.OnlyFirstSubscribe, 1)
		w.noteSend(sub, "x", "\x01b")
		w.noteAll(pub)
		pub.send("a")
		pub.send("b")
		w.noteAll(sub)
	}, `send ok; got ["x" "\x01a"]; recv EAGAIN; send ok; got ["x" "\x01b"]; recv EAGAIN; got ["a"]; recv EAGAIN`},
	{"buffers while connected", func(w *world) {
		pull, push := w.open("PULL", zmq.RcvHWM, 1), w.open("PUSH", zmq.SndHWM, 1)
		pull.bind(w.inproc("p"))
		push.connect(w.inproc("p"))
		push.set(zmq.SndHWM, 5)
		w.noteFlood(push)
	}, `sent 6`},
}

// attachScenarios change an option too late.
var attachScenarios = []scenario{
	{"routing id set after the bind", func(w *world) {
		a, b := w.open("ROUTER", zmq.RoutingID, "early"), w.open("ROUTER", zmq.RouterMandatory, 1)
		a.bind(w.inproc("r"))
		a.set(zmq.RoutingID, "late")
		b.connect(w.inproc("r"))
		w.noteSend(b, "late", "x")
		w.noteSend(b, "early", "x")
	}, `send EHOSTUNREACH; send ok`},
	{"routing id set after the connect", func(w *world) {
		router, dealer := w.open("ROUTER"), w.open("DEALER", zmq.RoutingID, "early")
		dealer.connect(w.inproc("r"))
		dealer.set(zmq.RoutingID, "late")
		router.bind(w.inproc("r"))
		w.noteSend(dealer, "x")
		w.noteRecv(router)
	}, `send ok; got ["early" "x"]`},
	{"limits set after the bind", func(w *world) {
		pull, push := w.open("PULL", zmq.RcvHWM, 2), w.open("PUSH", zmq.SndHWM, 1)
		pull.bind(w.inproc("p"))
		pull.set(zmq.RcvHWM, 5)
		push.connect(w.inproc("p"))
		w.noteFlood(push)
	}, `sent 3`},
	{"conflate set after the bind", func(w *world) {
		pull, push := w.open("PULL"), w.open("PUSH")
		pull.bind(w.inproc("p"))
		pull.set(zmq.Conflate, 1)
		push.connect(w.inproc("p"))
		for _, text := range []string{"1", "2", "3"} {
			push.send(text)
		}
		w.noteAll(pull)
	}, `got ["1"]; got ["2"]; got ["3"]; recv EAGAIN`},
	{"largest message set after the bind", func(w *world) {
		pull, push := w.open("PULL"), w.open("PUSH")
		endpoint := pull.bind("tcp://127.0.0.1:*")
		pull.set(zmq.MaxMsgSize, 1)
		push.connect(endpoint)
		push.send("long")
		w.noteRecv(pull)
	}, `got ["long"]`},
	{"notices set after the bind", func(w *world) {
		a, b := w.open("STREAM"), w.open("STREAM")
		endpoint := a.bind("tcp://127.0.0.1:*")
		a.set(zmq.StreamNotify, 0)
		b.connect(endpoint)
		w.note("%q", a.recv()[1])
	}, `""`},
	{"immediate set after the connect", func(w *world) {
		push := w.open("PUSH")
		push.connect("ipc://" + shortDir(w) + "/nobody")
		push.set(zmq.Immediate, 1)
		w.noteSend(push, "x")
	}, `send ok`},
}
