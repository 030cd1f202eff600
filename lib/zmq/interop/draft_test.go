package interop_test

import (
	"bytes"
	"errors"
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

// TestDraftTypes holds each conversation with either party in either part, and
// each part bound once.
func TestDraftTypes(t *testing.T) {
	libzmq, us := start(t, node), newOurs(t)
	sides := map[string][2]party{"ours": {us, us}, "ours and libzmq": {us, libzmq}, "libzmq and ours": {libzmq, us}}
	for _, pair := range draftPairs {
		for name, side := range sides {
			for _, firstBinds := range []bool{true, false} {
				t.Run(pair.a+"/"+name, func(t *testing.T) {
					a, b := open(t, side[0], pair.a), open(t, side[1], pair.b)
					if pair.b == "PEER" { // which can speak only to whom it has heard
						a.set(zmq.HelloMsg, "hello")
						b.set(zmq.HelloMsg, "hello")
					}
					if firstBinds {
						b.connect(a.bind("tcp://127.0.0.1:*"))
					} else {
						a.connect(b.bind("tcp://127.0.0.1:*"))
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
