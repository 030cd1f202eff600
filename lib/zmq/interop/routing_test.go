package interop_test

import (
	"testing"

	"ztools/lib/zmq"
)

// TestRouting compares ROUTER's addresses, and the order in which load balancing
// and fair queueing take peers.
func TestRouting(t *testing.T) { playAll(t, routingScenarios) }

// three opens three sockets of a kind and connects each to the endpoint.
func (w *world) three(kind, endpoint string) []end {
	w.Helper()
	ends := []end{w.open(kind), w.open(kind), w.open(kind)}
	for _, e := range ends {
		e.connect(endpoint)
	}
	return ends
}

var routingScenarios = []scenario{
	{"identities", func(w *world) {
		router := w.open("ROUTER", zmq.RouterMandatory, 1)
		router.bind(w.inproc("r"))
		for _, name := range []string{"a", "bb"} {
			dealer := w.open("DEALER", zmq.RoutingID, name)
			dealer.connect(w.inproc("r"))
			w.noteSend(dealer, "hello", "", "x")
			w.noteRecv(router)
			w.noteSend(router, name, "", "answer")
			w.noteRecv(dealer)
		}
		anonymous := w.open("DEALER")
		anonymous.connect(w.inproc("r"))
		w.noteSend(anonymous, "hello")
		got := router.recv()
		w.note("id of %d bytes, first %d", len(got[0]), got[0][0])
		w.noteErr("send", router.Send(0, got[0], []byte("answer")))
		w.noteRecv(anonymous)
	}, `send ok; got ["a" "hello" "" "x"]; send ok; got ["" "answer"]; send ok; got ["bb" "hello" "" "x"]; send ok; got ["" "answer"]; send ok; id of 5 bytes, first 0; send ok; got ["answer"]`},
	{"addressed before it spoke", func(w *world) {
		router, dealer := w.open("ROUTER"), w.open("DEALER", zmq.RoutingID, "d")
		router.bind(w.inproc("r"))
		dealer.connect(w.inproc("r"))
		w.noteSend(router, "d", "x")
		w.noteRecv(dealer)
	}, `send ok; got ["x"]`},
	{"unknown address is dropped", func(w *world) {
		router, dealer := w.open("ROUTER"), w.open("DEALER", zmq.RoutingID, "d")
		router.bind(w.inproc("r"))
		dealer.connect(w.inproc("r"))
		w.noteSend(router, "nobody", "x", "y")
		w.noteSend(router, "d")
		w.noteSend(router, "d", "")
		w.noteSend(router, "d", "x")
		w.noteRecv(dealer)
		w.noteRecv(dealer)
	}, `send ok; send ok; send ok; send ok; got [""]; got ["x"]`},
	{"same identity is ignored", func(w *world) {
		router := w.open("ROUTER")
		router.bind(w.inproc("r"))
		first, second := w.open("DEALER", zmq.RoutingID, "d"), w.open("DEALER", zmq.RoutingID, "d")
		first.connect(w.inproc("r"))
		w.noteSend(first, "1")
		w.noteRecv(router)
		second.connect(w.inproc("r"))
		w.noteSend(second, "2")
		w.noteNow(router)
		w.noteSend(router, "d", "x")
		w.noteRecv(first)
		w.noteNow(second)
	}, `send ok; got ["d" "1"]; send ok; recv EAGAIN; send ok; got ["x"]; recv EAGAIN`},
	{"same identity is handed over", func(w *world) {
		router := w.open("ROUTER", zmq.RouterHandover, 1)
		router.bind(w.inproc("r"))
		first, second := w.open("DEALER", zmq.RoutingID, "d"), w.open("DEALER", zmq.RoutingID, "d")
		first.connect(w.inproc("r"))
		w.noteSend(first, "1")
		w.noteRecv(router)
		second.connect(w.inproc("r"))
		w.noteSend(second, "2")
		w.noteRecv(router)
		w.noteSend(router, "d", "x")
		w.noteRecv(second)
		w.noteNow(first)
	}, `send ok; got ["d" "1"]; send ok; got ["d" "2"]; send ok; got ["x"]; recv EAGAIN`},
	{"named by the connecting side", func(w *world) {
		router, dealer := w.open("ROUTER", zmq.RouterMandatory, 1), w.open("DEALER", zmq.RoutingID, "own name")
		dealer.bind(w.inproc("d"))
		router.set(zmq.ConnectRoutingID, "my name for it")
		router.connect(w.inproc("d"))
		w.noteSend(router, "my name for it", "x")
		w.noteRecv(dealer)
		w.noteSend(dealer, "y")
		w.noteRecv(router)
		w.noteSend(router, "own name", "x")
	}, `send ok; got ["x"]; send ok; got ["my name for it" "y"]; send EHOSTUNREACH`},
	{"router to router", func(w *world) {
		a, b := w.open("ROUTER", zmq.RoutingID, "a"), w.open("ROUTER", zmq.RoutingID, "b")
		a.bind(w.inproc("r"))
		b.connect(w.inproc("r"))
		w.noteSend(b, "a", "x")
		w.noteRecv(a)
		w.noteSend(a, "b", "y")
		w.noteRecv(b)
	}, `send ok; got ["b" "x"]; send ok; got ["a" "y"]`},
	{"push goes round", func(w *world) {
		push := w.open("PUSH")
		push.bind(w.inproc("q"))
		pulls := w.three("PULL", w.inproc("q"))
		for _, text := range []string{"1", "2", "3", "4", "5", "6", "7"} {
			w.noteSend(push, text, text)
		}
		for _, pull := range pulls {
			for range 3 {
				w.noteNow(pull)
			}
		}
	}, `send ok; send ok; send ok; send ok; send ok; send ok; send ok; got ["1" "1"]; got ["4" "4"]; got ["7" "7"]; got ["2" "2"]; got ["5" "5"]; recv EAGAIN; got ["3" "3"]; got ["6" "6"]; recv EAGAIN`},
	{"push skips a full one", func(w *world) {
		push := w.open("PUSH", zmq.SndHWM, 1)
		push.bind(w.inproc("q"))
		small, large := w.open("PULL", zmq.RcvHWM, 1), w.open("PULL", zmq.RcvHWM, 4)
		small.connect(w.inproc("q"))
		large.connect(w.inproc("q"))
		for _, text := range []string{"1", "2", "3", "4", "5", "6", "7", "8"} {
			w.noteSend(push, text)
		}
		for range 5 {
			w.noteNow(small)
		}
		for range 6 {
			w.noteNow(large)
		}
		w.noteEvents(push)
		for _, text := range []string{"a", "b", "c", "d"} {
			w.noteSend(push, text)
		}
		for range 3 {
			w.noteNow(small)
			w.noteNow(large)
		}
	}, `send ok; send ok; send ok; send ok; send ok; send ok; send ok; send EAGAIN; got ["1"]; got ["3"]; recv EAGAIN; recv EAGAIN; recv EAGAIN; got ["2"]; got ["4"]; got ["5"]; got ["6"]; got ["7"]; recv EAGAIN; events out; send ok; send ok; send ok; send ok; got ["a"]; got ["b"]; got ["c"]; got ["d"]; recv EAGAIN; recv EAGAIN`},
	{"pull takes in turn", func(w *world) {
		pull := w.open("PULL")
		pull.bind(w.inproc("q"))
		pushes := w.three("PUSH", w.inproc("q"))
		for i, push := range pushes {
			for j := range 3 - i {
				push.send(string(rune('a'+i))+string(rune('1'+j)), "tail")
			}
		}
		settle(pull)
		for range 7 {
			w.noteNow(pull)
		}
	}, `got ["a1" "tail"]; got ["b1" "tail"]; got ["c1" "tail"]; got ["a2" "tail"]; got ["b2" "tail"]; got ["a3" "tail"]; recv EAGAIN`},
	{"pull takes in turn from late comers", func(w *world) {
		pull := w.open("PULL")
		pull.bind(w.inproc("q"))
		pushes := w.three("PUSH", w.inproc("q"))
		pushes[2].send("c1")
		pushes[2].send("c2")
		w.noteNow(pull)
		pushes[0].send("a1")
		pushes[0].send("a2")
		pushes[1].send("b1")
		settle(pull)
		for range 5 {
			w.noteNow(pull)
		}
	}, `got ["c1"]; got ["b1"]; got ["a1"]; got ["c2"]; got ["a2"]; recv EAGAIN`},
	{"a new peer joins the round", func(w *world) {
		push := w.open("PUSH")
		push.bind(w.inproc("q"))
		first, second := w.open("PULL"), w.open("PULL")
		first.connect(w.inproc("q"))
		w.noteSend(push, "1")
		w.noteSend(push, "2")
		second.connect(w.inproc("q"))
		w.noteEvents(push)
		for _, text := range []string{"3", "4", "5"} {
			w.noteSend(push, text)
		}
		for range 5 {
			w.noteNow(first)
			w.noteNow(second)
		}
	}, `send ok; send ok; events out; send ok; send ok; send ok; got ["1"]; got ["4"]; got ["2"]; recv EAGAIN; got ["3"]; recv EAGAIN; got ["5"]; recv EAGAIN; recv EAGAIN; recv EAGAIN`},
	{"a leaving peer leaves the round", func(w *world) {
		push := w.open("PUSH")
		push.bind(w.inproc("q"))
		pulls := w.three("PULL", w.inproc("q"))
		w.noteSend(push, "1")
		w.noteErr("disconnect", pulls[1].Disconnect(w.inproc("q")))
		settle(push, pulls[1], push)
		for _, text := range []string{"2", "3", "4", "5"} {
			w.noteSend(push, text)
		}
		for range 4 {
			w.noteNow(pulls[0])
			w.noteNow(pulls[2])
		}
	}, `send ok; disconnect ok; send ok; send ok; send ok; send ok; got ["1"]; got ["2"]; got ["3"]; got ["4"]; got ["5"]; recv EAGAIN; recv EAGAIN; recv EAGAIN`},
	{"dealer goes round both ways", func(w *world) {
		dealer := w.open("DEALER")
		dealer.bind(w.inproc("d"))
		peers := w.three("DEALER", w.inproc("d"))
		for _, text := range []string{"1", "2", "3", "4"} {
			w.noteSend(dealer, text)
		}
		for _, peer := range peers {
			w.noteNow(peer)
			peer.send("from", "peer")
		}
		for range 4 {
			w.noteNow(dealer)
		}
	}, `send ok; send ok; send ok; send ok; got ["1"]; got ["2"]; got ["3"]; got ["from" "peer"]; got ["from" "peer"]; got ["from" "peer"]; recv EAGAIN`},
	{"what a closing peer sent arrives", func(w *world) {
		pull, push := w.pair("PULL", "PUSH")
		push.send("1")
		push.send("2")
		w.noteErr("close", push.Close(-1))
		w.noteRecv(pull)
		w.noteRecv(pull)
		w.noteNow(pull)
	}, `close ok; got ["1"]; got ["2"]; recv EAGAIN`},
	{"pair again after the first peer left", func(w *world) {
		a, b := w.pair("PAIR", "PAIR")
		b.send("x")
		w.noteRecv(a)
		w.noteErr("disconnect", b.Disconnect(w.inproc("pair")))
		settle(a, b, a)
		w.noteNow(a)
		w.noteSend(a, "nobody")
	}, `got ["x"]; disconnect ok; recv EAGAIN; send EAGAIN`},
}
