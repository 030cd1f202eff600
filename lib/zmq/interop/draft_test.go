package interop_test

import (
	"bytes"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"ztools/lib/zmq"
)

// draftPairs are conversations of the draft types, which libzmq has in npm's
// build only.
var draftPairs = []struct {
	a, b string
	talk func(a, b end)
}{
	{"SERVER", "CLIENT", servedClient},
	{"RADIO", "DISH", radioed},
	{"SCATTER", "GATHER", scattered},
	{"CHANNEL", "CHANNEL", channelled},
	{"PEER", "PEER", peered},
}

// TestDraftTypes holds each conversation with either party in either part, each
// part bound once, over tcp and ipc.
func TestDraftTypes(t *testing.T) {
	libzmq, us := start(t, node), newOurs(t)
	sides := map[string][2]party{"ours": {us, us}, "ours and libzmq": {us, libzmq}, "libzmq and ours": {libzmq, us}}
	for _, pair := range draftPairs {
		for name, side := range sides {
			for i := range 4 {
				endpoint, firstBinds := "tcp://127.0.0.1:*", i&1 == 0
				if i&2 != 0 {
					endpoint = "ipc://" + shortDir(t) + "/s"
				}
				t.Run(pair.a+"/"+name+"/"+endpoint[:3], func(t *testing.T) {
					a, b := open(t, side[0], pair.a), open(t, side[1], pair.b)
					if pair.b == "PEER" { // which can speak only to whom it has heard
						a.set(zmq.HelloMsg, "hello")
						b.set(zmq.HelloMsg, "hello")
					}
					if firstBinds {
						b.connect(a.bind(endpoint))
					} else {
						a.connect(b.bind(endpoint))
					}
					pair.talk(a, b)
				})
			}
		}
	}
}

// draftBodies are small and large ones.
var draftBodies = []string{"", "a", strings.Repeat("b", 255), strings.Repeat("c", 256), string(pattern(100_000))}

// addressed receives a message and returns the peer's routing id.
func addressed(e end, want string) (id []byte) {
	e.t.Helper()
	parts := e.recv()
	if len(parts) != 2 || string(parts[1]) != want {
		e.t.Fatalf("received %s", shown(parts))
	}
	return parts[0]
}

func servedClient(server, client end) {
	for _, body := range draftBodies {
		client.send(body)
		id := addressed(server, body)
		server.sendBytes(id, []byte("re:"+body))
		client.expect("re:" + body)
	}
}

// peered begins with the hello of each. zeromq.js does not tell the routing id of
// a PEER's peer, so libzmq only listens here.
func peered(a, b end) {
	fromB, fromA := a.recv(), b.recv()
	greetBack(a, b, fromB)
	greetBack(b, a, fromA)
}

// greetBack sends to the peer that said hello, if it is known which one that was.
func greetBack(e, peer end, hello [][]byte) {
	e.t.Helper()
	if string(hello[len(hello)-1]) != "hello" {
		e.t.Fatalf("received %s", shown(hello))
	}
	if len(hello) < 2 {
		return
	}
	for _, body := range draftBodies {
		e.sendBytes(hello[0], []byte(body))
		if got := peer.recv(); string(got[len(got)-1]) != body {
			e.t.Fatalf("received %s", shown(got))
		}
	}
}

func scattered(scatter, gather end) {
	for _, body := range draftBodies {
		scatter.send(body)
		gather.expect(body)
	}
}

func channelled(a, b end) {
	scattered(a, b)
	scattered(b, a)
}

// radioed joins before and after the connection is there, and leaves.
func radioed(radio, dish end) {
	long := strings.Repeat("long", 60)
	join(dish, "g")
	join(dish, long)
	tune(radio, dish, "g")
	tune(radio, dish, long)
	for _, body := range draftBodies {
		radio.send("other", body)
		radio.send("g", body)
		dish.expect("g", body)
	}
	leave(dish, "g")
	join(dish, "h")
	tune(radio, dish, "h")
	radio.send("g", "left")
	radio.send("h", "last")
	dish.expect("h", "last")
}

// tune sends to a group until it is heard, and lets the dish catch up.
func tune(radio, dish end, group string) {
	dish.t.Helper()
	for limit := time.Now().Add(patience); ; {
		radio.send(group, "sync")
		_, err := dish.Recv(10 * time.Millisecond)
		if err == nil {
			break
		}
		if !errors.Is(err, zmq.EAGAIN) || time.Now().After(limit) {
			dish.t.Fatalf("no message of %q passes: %v", group, err)
		}
	}
	radio.send(group, "go")
	for !bytes.Equal(dish.recv()[1], []byte("go")) {
	}
}

// join has a DISH join a group.
func join(e end, group string) {
	e.t.Helper()
	e.check(groupCall(e.sock, "join", group), "join %s", group)
}

// leave has a DISH leave a group.
func leave(e end, group string) {
	e.t.Helper()
	e.check(groupCall(e.sock, "leave", group), "leave %s", group)
}

func groupCall(s sock, op, group string) error {
	if far, ok := s.(*remote); ok {
		return far.do(request{Op: op, Parts: toParts(toBytes([]string{group}))}, nil)
	}
	if op == "join" {
		return s.(*local).Join(group)
	}
	return s.(*local).Leave(group)
}

// TestDraftMessages: the messages that a connection makes by itself, to and from
// libzmq.
func TestDraftMessages(t *testing.T) {
	libzmq, us := start(t, node), newOurs(t)
	for name, side := range map[string][2]party{"ours": {us, us}, "ours and libzmq": {us, libzmq}, "libzmq and ours": {libzmq, us}} {
		t.Run(name, func(t *testing.T) {
			endpoint := "ipc://" + shortDir(t) + "/s"
			router := open(t, side[0], "ROUTER", zmq.HelloMsg, "welcome", zmq.DisconnectMsg, "gone", zmq.RouterNotify, 3)
			dealer := open(t, side[1], "DEALER", zmq.RoutingID, "d", zmq.HelloMsg, "here", zmq.HiccupMsg, "broken", zmq.ReconnectIvl, 10)
			router.bind(endpoint)
			dealer.connect(endpoint)
			dealer.expect("welcome")
			router.expect("d", "")
			router.expect("d", "here")
			other := open(t, side[1], "DEALER", zmq.RoutingID, "other")
			other.connect(endpoint)
			other.expect("welcome")
			router.expect("other", "")
			other.check(other.Close(0), "close")
			router.expect("other", "")
			router.expect("other", "gone")
			router.check(router.Close(0), "close")
			dealer.expect("broken")
		})
	}
}

// TestDraftOptions compares what the options do that Debian's libzmq has not.
func TestDraftOptions(t *testing.T) {
	t.Run("libzmq", func(t *testing.T) { playEach(t, start(t, node), draftScenarios) })
	t.Run("ours", func(t *testing.T) { playEach(t, nil, draftScenarios) })
}

// noteGet notes the value of an option.
func (w *world) noteGet(e end, option zmq.Option) {
	w.Helper()
	v, err := e.Get(option)
	if err != nil {
		w.noteErr("get", err)
		return
	}
	w.note("value %v", v)
}

// deadSocket is the file of a socket that nobody listens at any more.
func deadSocket(w *world) string {
	w.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: w.path("dead")})
	if err != nil {
		w.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	return l.Addr().String()
}

var draftScenarios = []scenario{
	{"only the last subscriber", func(w *world) {
		pub, a := w.open("XPUB", zmq.XPubManualLastValue, 1), w.open("SUB")
		b := w.open("SUB")
		pub.bind(w.inproc("p"))
		for i, sub := range []end{a, b} {
			sub.connect(w.inproc("p"))
			subscribe(sub, "x")
			w.noteAll(pub)
			pub.set(zmq.Subscribe, "x")
			pub.send([]string{"x1", "x2"}[i])
		}
		w.noteAll(a)
		w.noteAll(b)
		pub.send("x3")
		w.noteAll(a)
		w.noteAll(b)
	}, `got ["\x01x"]; recv EAGAIN; got ["\x01x"]; recv EAGAIN; got ["x1"]; recv EAGAIN; got ["x2"]; recv EAGAIN; got ["x3"]; recv EAGAIN; got ["x3"]; recv EAGAIN`},
	{"every part subscribes", func(w *world) {
		pub, sub := w.pair("XPUB", "XSUB")
		w.noteErr("send", sub.Send(patience, toBytes([]string{"\x01a", "\x01b", "c"})...))
		w.noteAll(pub)
		pub.send("a")
		pub.send("b")
		w.noteAll(sub)
	}, `send ok; got ["\x01a"]; got ["\x01b"]; got ["c"]; recv EAGAIN; got ["a"]; got ["b"]; recv EAGAIN`},
	{"only the first part subscribes", func(w *world) {
		pub, sub := w.pair("XPUB", "XSUB")
		pub.set(zmq.OnlyFirstSubscribe, 1)
		sub.set(zmq.OnlyFirstSubscribe, 1)
		w.noteErr("send", sub.Send(patience, toBytes([]string{"\x01a", "\x01b", "c"})...))
		w.noteErr("send", sub.Send(patience, toBytes([]string{"c", "\x01d"})...))
		w.noteAll(pub)
		for _, topic := range []string{"a", "b", "d"} {
			pub.send(topic)
		}
		w.noteAll(sub)
	}, `send ok; send ok; got ["\x01a"]; got ["\x01b"]; got ["c"]; got ["c" "\x01d"]; recv EAGAIN; got ["a"]; got ["b"]; recv EAGAIN`},
	{"every unsubscription", func(w *world) {
		for _, verbose := range []int{0, 1} {
			pub, sub := w.open("XPUB", zmq.XPubVerboser, 1), w.open("XSUB", zmq.XSubVerboseUnsubscribe, verbose)
			endpoint := w.inproc([]string{"quiet", "verbose"}[verbose])
			pub.bind(endpoint)
			sub.connect(endpoint)
			for _, frame := range []string{"\x01a", "\x01a", "\x00a", "\x00a", "\x00a"} {
				sub.send(frame)
			}
			w.noteAll(pub)
		}
	}, `got ["\x01a"]; got ["\x01a"]; got ["\x00a"]; recv EAGAIN; got ["\x01a"]; got ["\x01a"]; got ["\x00a"]; got ["\x00a"]; got ["\x00a"]; recv EAGAIN`},
	{"topics are counted", func(w *world) {
		pub, a := w.pair("XPUB", "SUB")
		b := w.open("SUB")
		b.connect(w.inproc("pair"))
		for _, topic := range []string{"a", "ab", "a"} {
			subscribe(a, topic)
		}
		subscribe(b, "a")
		subscribe(b, "")
		w.noteAll(pub)
		for _, e := range []end{pub, a, b} {
			w.noteGet(e, zmq.TopicsCount)
		}
		a.set(zmq.Unsubscribe, "a")
		a.set(zmq.Unsubscribe, "ab")
		w.noteAll(pub)
		for _, e := range []end{pub, a} {
			w.noteGet(e, zmq.TopicsCount)
		}
		w.noteGet(w.open("PUSH"), zmq.TopicsCount)
	}, `got ["\x01a"]; got ["\x01ab"]; got ["\x01"]; recv EAGAIN; value 3; value 3; value 2; got ["\x00ab"]; recv EAGAIN; value 2; value 1; get EINVAL`},
	{"no second attempt", func(w *world) {
		client := w.watched("PUSH", zmq.ReconnectStop, 1, zmq.ReconnectIvl, 20)
		client.connect(closedPort(w))
		w.noteUntil("client", client, "CLOSED")
		_, err := client.Watch(200*time.Millisecond, "CONNECT")
		w.noteErr("watch", err)
	}, `client CONNECT_DELAYED CLOSED; watch EAGAIN`},
	{"attempts over ipc go on", func(w *world) {
		client := w.watched("PUSH", zmq.ReconnectStop, 1, zmq.ReconnectIvl, 20)
		client.connect("ipc://" + deadSocket(w))
		w.noteUntil("client", client, "CONNECT_RETRIED")
		w.noteUntil("client", client, "CONNECT_RETRIED")
	}, `client CLOSED CONNECT_RETRIED; client CLOSED CONNECT_RETRIED`},
	{"hello of requests and replies", func(w *world) {
		rep, dealer := w.open("REP", zmq.HelloMsg, "from rep"), w.open("DEALER")
		rep.bind(w.inproc("rep"))
		dealer.connect(w.inproc("rep"))
		w.noteAll(dealer)
		router, req := w.open("ROUTER"), w.open("REQ", zmq.HelloMsg, "from req", zmq.RoutingID, "req")
		router.bind(w.inproc("router"))
		req.connect(w.inproc("router"))
		w.noteAll(router)
	}, `got ["from rep"]; recv EAGAIN; got ["req" "from req"]; recv EAGAIN`},
}
