package interop_test

import (
	"strings"
	"testing"

	"ztools/lib/zmq"
)

// TestStates compares what calls are refused with, and what each type shows in
// ZMQ_EVENTS.
func TestStates(t *testing.T) { playAll(t, stateScenarios) }

// TestRequestReply compares REQ, REP and their relations with DEALER and ROUTER.
func TestRequestReply(t *testing.T) { playAll(t, requestScenarios) }

// kinds are the stable socket types.
var kinds = []string{
	"PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH", "XPUB", "XSUB", "STREAM",
}

var stateScenarios = []scenario{
	// What a socket does that was neither bound nor connected.
	{"alone", func(w *world) {
		for _, kind := range kinds {
			e := w.open(kind)
			w.note("%s", kind)
			w.noteEvents(e)
			w.noteSend(e, "x")
			w.noteNow(e)
		}
	}, "PAIR; events none; send EAGAIN; recv EAGAIN; PUB; events out; send ok; recv ENOTSUP; SUB; events none; send ENOTSUP; recv EAGAIN; REQ; events none; send EAGAIN; recv EFSM; REP; events none; send EFSM; recv EAGAIN; DEALER; events none; send EAGAIN; recv EAGAIN; ROUTER; events out; send ok; recv EAGAIN; PULL; events none; send ENOTSUP; recv EAGAIN; PUSH; events none; send EAGAIN; recv ENOTSUP; XPUB; events out; send ok; recv EAGAIN; XSUB; events out; send ok; recv EAGAIN; STREAM; events out; send ok; recv EAGAIN"},
	{"connected to nobody", func(w *world) {
		for _, kind := range kinds[:11] {
			e := w.open(kind)
			e.connect(w.inproc(kind))
			w.note("%s", kind)
			w.noteEvents(e)
			w.noteSend(e, "x")
			w.noteNow(e)
			w.noteEvents(e)
		}
	}, "PAIR; events out; send ok; recv EAGAIN; events out; PUB; events out; send ok; recv ENOTSUP; events out; SUB; events none; send ENOTSUP; recv EAGAIN; events none; REQ; events out; send ok; recv EAGAIN; events none; REP; events none; send EFSM; recv EAGAIN; events none; DEALER; events out; send ok; recv EAGAIN; events out; ROUTER; events out; send ok; recv EAGAIN; events out; PULL; events none; send ENOTSUP; recv EAGAIN; events none; PUSH; events out; send ok; recv ENOTSUP; events out; XPUB; events out; send ok; recv EAGAIN; events out; XSUB; events out; send ok; recv EAGAIN; events out"},
	{"request is lock step", func(w *world) {
		rep, req := w.pair("REP", "REQ")
		w.noteSend(rep, "early")
		w.noteNow(req)
		w.noteEvents(req)
		w.noteSend(req, "1")
		w.noteSend(req, "2")
		w.noteNow(req)
		w.noteEvents(req)
		w.noteEvents(rep)
		w.noteRecv(rep)
		w.noteEvents(rep)
		w.noteNow(rep)
		w.noteSend(rep, "a")
		w.noteSend(rep, "b")
		w.noteEvents(req)
		w.noteRecv(req)
		w.noteNow(req)
		w.noteEvents(req)
	}, `send EFSM; recv EFSM; events out; send ok; send EFSM; recv EAGAIN; events none; events in; got ["1"]; events out; recv EFSM; send ok; send EFSM; events in; got ["a"]; recv EFSM; events out`},
	{"pair takes one peer", func(w *world) {
		a, b, c := w.open("PAIR"), w.open("PAIR"), w.open("PAIR")
		a.bind(w.inproc("p"))
		b.connect(w.inproc("p"))
		w.noteSend(b, "from b")
		w.noteRecv(a)
		c.connect(w.inproc("p"))
		w.noteSend(a, "for b")
		w.noteRecv(b)
		w.noteNow(c)
		w.noteErr("close", b.Close(0))
	}, `send ok; got ["from b"]; send ok; got ["for b"]; recv EAGAIN; close ok`},
	{"mandatory router names nobody", func(w *world) {
		router := w.open("ROUTER", zmq.RouterMandatory, 1)
		w.noteSend(router, "nobody", "x")
		w.noteSend(router, "nobody")
		w.noteSend(router, "", "x")
	}, "send EHOSTUNREACH; send ok; send EHOSTUNREACH"},
	{"options of other types", func(w *world) {
		for _, option := range []zmq.Option{
			zmq.RouterMandatory, zmq.RouterHandover, zmq.XPubVerbose, zmq.XPubManual, zmq.XPubNoDrop,
			zmq.ReqCorrelate, zmq.ReqRelaxed, zmq.StreamNotify, zmq.ProbeRouter, zmq.Conflate, zmq.InvertMatching,
		} {
			var accept []string
			for _, kind := range kinds {
				if w.open(kind).Set(option, 1) == nil {
					accept = append(accept, kind)
				}
			}
			w.note("%d %s", option, strings.Join(accept, " "))
		}
	}, "33 REP ROUTER; 56 REP ROUTER; 40 PUB XPUB; 71 PUB XPUB; 69 PUB XPUB; 52 REQ; 53 REQ; 73 STREAM; 51 REQ REP DEALER ROUTER; 54 PAIR PUB SUB REQ REP DEALER ROUTER PULL PUSH XPUB XSUB STREAM; 74 PAIR PUB SUB REQ REP DEALER ROUTER PULL PUSH XPUB XSUB STREAM"},
}

var requestScenarios = []scenario{
	{"multipart", func(w *world) {
		rep, req := w.pair("REP", "REQ")
		w.noteSend(req, "a", "", "b")
		w.noteRecv(rep)
		w.noteSend(rep, "", "c")
		w.noteRecv(req)
	}, `send ok; got ["a" "" "b"]; send ok; got ["" "c"]`},
	{"router sees the envelope", func(w *world) {
		router, req := w.open("ROUTER"), w.open("REQ", zmq.RoutingID, "me")
		router.bind(w.inproc("r"))
		req.connect(w.inproc("r"))
		w.noteSend(req, "q")
		w.noteRecv(router)
		w.noteSend(router, "me", "", "a")
		w.noteRecv(req)
	}, `send ok; got ["me" "" "q"]; send ok; got ["a"]`},
	{"request without delimiter is dropped", func(w *world) {
		rep, dealer := w.pair("REP", "DEALER")
		w.noteSend(dealer, "no delimiter")
		w.noteSend(dealer, "", "good")
		w.noteRecv(rep)
		w.noteSend(rep, "answer")
		w.noteRecv(dealer)
		w.noteNow(dealer)
	}, `send ok; send ok; got ["good"]; send ok; got ["" "answer"]; recv EAGAIN`},
	{"envelope comes back whole", func(w *world) {
		rep, dealer := w.pair("REP", "DEALER")
		w.noteSend(dealer, "one", "two", "", "body", "", "more")
		w.noteRecv(rep)
		w.noteSend(rep, "answer", "")
		w.noteRecv(dealer)
	}, `send ok; got ["body" "" "more"]; send ok; got ["one" "two" "" "answer" ""]`},
	{"wrong replies are skipped", func(w *world) {
		router, req := w.open("ROUTER"), w.open("REQ", zmq.RoutingID, "me")
		router.bind(w.inproc("r"))
		req.connect(w.inproc("r"))
		w.noteSend(req, "q")
		w.noteRecv(router)
		w.noteSend(router, "me", "no delimiter")
		w.noteSend(router, "me", "x", "", "two frames")
		w.noteSend(router, "me", "")
		w.noteSend(router, "me", "", "good")
		w.noteRecv(req)
	}, `send ok; got ["me" "" "q"]; send ok; send ok; send ok; send ok; got ["good"]`},
	{"requests go round", func(w *world) {
		req := w.open("REQ")
		reps := []end{w.open("REP"), w.open("REP"), w.open("REP")}
		for i, rep := range reps {
			rep.bind(w.inproc(string(rune('a' + i))))
			req.connect(w.inproc(string(rune('a' + i))))
		}
		for i := range 6 {
			w.noteSend(req, "q")
			for j, rep := range reps {
				if parts, err := rep.Recv(0); err == nil {
					w.note("%d to %d %s", i, j, shown(parts))
					w.noteSend(rep, "a")
				}
			}
			w.noteRecv(req)
		}
	}, `send ok; 0 to 0 ["q"]; send ok; got ["a"]; send ok; 1 to 1 ["q"]; send ok; got ["a"]; send ok; 2 to 2 ["q"]; send ok; got ["a"]; send ok; 3 to 0 ["q"]; send ok; got ["a"]; send ok; 4 to 1 ["q"]; send ok; got ["a"]; send ok; 5 to 2 ["q"]; send ok; got ["a"]`},
	{"requests wait in turn", func(w *world) {
		rep := w.open("REP")
		rep.bind(w.inproc("r"))
		reqs := []end{w.open("REQ"), w.open("REQ"), w.open("REQ")}
		for i, req := range reqs {
			req.connect(w.inproc("r"))
			w.noteSend(req, string(rune('0'+i)))
		}
		for _, req := range reqs {
			w.noteRecv(rep)
			w.noteSend(rep, "a")
			w.noteRecv(req)
		}
	}, `send ok; send ok; send ok; got ["0"]; send ok; got ["a"]; got ["1"]; send ok; got ["a"]; got ["2"]; send ok; got ["a"]`},
	{"correlate adds an id", func(w *world) {
		router, req := w.open("ROUTER"), w.open("REQ", zmq.RoutingID, "me", zmq.ReqCorrelate, 1)
		router.bind(w.inproc("r"))
		req.connect(w.inproc("r"))
		w.noteSend(req, "q")
		got := router.recv()
		w.note("%d parts, id of %d bytes, delimiter of %d", len(got), len(got[1]), len(got[2]))
		w.noteErr("send", router.Send(0, got[0], []byte("evil"), nil, []byte("wrong id")))
		w.noteErr("send", router.Send(0, got[0], nil, []byte("no id")))
		w.noteErr("send", router.Send(0, got[0], got[1], nil, []byte("good")))
		w.noteRecv(req)
	}, `send ok; 4 parts, id of 4 bytes, delimiter of 0; send ok; send ok; send ok; got ["good"]`},
	{"relaxed forgets the first", func(w *world) {
		router := w.open("ROUTER")
		req := w.open("REQ", zmq.RoutingID, "me", zmq.ReqCorrelate, 1, zmq.ReqRelaxed, 1)
		router.bind(w.inproc("r"))
		req.connect(w.inproc("r"))
		w.noteSend(req, "1")
		w.noteEvents(req)
		first := router.recv()
		w.noteSend(req, "2")
		second := router.recv()
		w.noteErr("send", router.Send(0, first[0], first[1], nil, []byte("to 1")))
		w.noteErr("send", router.Send(0, second[0], second[1], nil, []byte("to 2")))
		w.noteRecv(req)
	}, `send ok; events out; send ok; send ok; send ok; got ["to 2"]`},
	{"reply to a requester that left", func(w *world) {
		rep, req := w.pair("REP", "REQ")
		w.noteSend(req, "q")
		w.noteRecv(rep)
		w.noteErr("close", req.Close(0))
		w.noteSend(rep, "a")
		w.noteNow(rep)
		w.noteSend(rep, "b")
	}, `send ok; got ["q"]; close ok; send ok; recv EAGAIN; send EFSM`},
	{"old input is thrown away by the next request", func(w *world) {
		router, req := w.open("ROUTER"), w.open("REQ", zmq.RoutingID, "me")
		router.bind(w.inproc("r"))
		req.connect(w.inproc("r"))
		w.noteSend(req, "1")
		w.noteRecv(router)
		w.noteSend(router, "me", "", "first")
		w.noteSend(router, "me", "", "second")
		w.noteRecv(req)
		w.noteSend(req, "2")
		w.noteRecv(router)
		w.noteSend(router, "me", "", "third")
		w.noteRecv(req)
	}, `send ok; got ["me" "" "1"]; send ok; send ok; got ["first"]; send ok; got ["me" "" "2"]; send ok; got ["third"]`},
	{"probe", func(w *world) {
		for _, kind := range []string{"DEALER", "ROUTER", "REQ"} {
			router := w.open("ROUTER")
			other := w.open(kind, zmq.ProbeRouter, 1, zmq.RoutingID, "prober")
			router.bind(w.inproc(kind))
			other.connect(w.inproc(kind))
			w.noteRecv(router)
			w.noteNow(router)
		}
	}, `got ["prober" ""]; recv EAGAIN; got ["prober" ""]; recv EAGAIN; got ["prober" ""]; recv EAGAIN`},
}
