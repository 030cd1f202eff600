package interop_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"ztools/lib/zmq"
)

// A talk is what two sockets of matching types, which have met, say to each
// other: every message goes, comes and is the same.
type talk func(a, b end, messages [][][]byte)

// pairs are the legal pairs of the stable types, with what each needs.
var pairs = []struct {
	a, b string
	talk talk
}{
	{"PAIR", "PAIR", bothWays},
	{"PUB", "SUB", published},
	{"PUB", "XSUB", publishedX},
	{"XPUB", "SUB", published},
	{"XPUB", "XSUB", publishedX},
	{"REQ", "REP", asked},
	{"REQ", "ROUTER", askedRouter},
	{"DEALER", "REP", dealtToRep},
	{"DEALER", "DEALER", bothWays},
	{"DEALER", "ROUTER", routed},
	{"ROUTER", "ROUTER", routedBothWays},
	{"PUSH", "PULL", oneWay},
}

// oneWay sends from a to b.
func oneWay(a, b end, messages [][][]byte) {
	for _, m := range messages {
		a.sendBytes(m...)
		b.expectBytes(m...)
	}
}

func bothWays(a, b end, messages [][][]byte) {
	oneWay(a, b, messages)
	oneWay(b, a, messages)
}

// published subscribes b to everything and waits until a knows.
func published(a, b end, messages [][][]byte) {
	subscribe(b, "")
	synchronise(a, b)
	oneWay(a, b, messages)
}

// publishedX is the same for an XSUB, which subscribes by message.
func publishedX(a, b end, messages [][][]byte) {
	b.send("\x01")
	synchronise(a, b)
	oneWay(a, b, messages)
}

// synchronise publishes until the subscriber hears it, and lets it catch up.
func synchronise(pub, sub end) {
	sub.t.Helper()
	limit := time.Now().Add(patience)
	for {
		pub.send("sync")
		if parts, err := sub.Recv(10 * time.Millisecond); err == nil {
			if !slices.EqualFunc(parts, toBytes([]string{"sync"}), bytes.Equal) {
				sub.t.Fatalf("received %s before anything was sent", shown(parts))
			}
			break
		} else if !errors.Is(err, zmq.EAGAIN) || time.Now().After(limit) {
			sub.t.Fatalf("no message passes: %v", err)
		}
	}
	pub.send("go")
	for string(sub.recv()[0]) != "go" {
	}
}

func asked(req, rep end, messages [][][]byte) {
	for _, m := range messages {
		oneWay(req, rep, [][][]byte{m})
		oneWay(rep, req, [][][]byte{m})
	}
}

func askedRouter(req, router end, messages [][][]byte) {
	for _, m := range messages {
		req.sendBytes(m...)
		got := router.recv()
		if len(got) < 3 || len(got[1]) != 0 || !slices.EqualFunc(got[2:], m, bytes.Equal) {
			router.t.Fatalf("request %s arrived as %s", shown(m), shown(got))
		}
		router.sendBytes(got...)
		req.expectBytes(m...)
	}
}

func dealtToRep(dealer, rep end, messages [][][]byte) {
	for _, m := range messages {
		wrapped := append([][]byte{[]byte("address"), nil}, m...)
		dealer.sendBytes(wrapped...)
		rep.expectBytes(m...)
		rep.sendBytes(m...)
		dealer.expectBytes(wrapped...)
	}
}

func routed(dealer, router end, messages [][][]byte) {
	for _, m := range messages {
		dealer.sendBytes(m...)
		got := router.recv()
		if !slices.EqualFunc(got[1:], m, bytes.Equal) {
			router.t.Fatalf("message %s arrived as %s", shown(m), shown(got))
		}
		router.sendBytes(got...)
		dealer.expectBytes(m...)
	}
}

// routedBothWays learns the addresses from the probes. Both wait at once: a ROUTER
// of libzmq that was bound sends its probe only when it is called.
func routedBothWays(a, b end, messages [][][]byte) {
	probe := make(chan [][]byte, 1)
	go func() {
		parts, _ := a.Recv(patience)
		probe <- append(parts, nil)
	}()
	nameOfA := b.recv()[0]
	nameOfB := (<-probe)[0]
	for _, m := range messages {
		a.sendBytes(append([][]byte{nameOfB}, m...)...)
		b.expectBytes(append([][]byte{nameOfA}, m...)...)
		b.sendBytes(append([][]byte{nameOfA}, m...)...)
		a.expectBytes(append([][]byte{nameOfB}, m...)...)
	}
}

// messages have one part, several and empty ones, of the sizes around which
// frames and buffers change shape.
func messages() [][][]byte {
	list := [][][]byte{
		toBytes([]string{"one part"}),
		toBytes([]string{"a", "bb", "ccc"}),
		toBytes([]string{""}),
		toBytes([]string{"", ""}),
		toBytes([]string{"a", "", "c"}),
		toBytes([]string{"", "b"}),
		toBytes([]string{"a", ""}),
		make([][]byte, 100),
	}
	for _, size := range []int{1, 254, 255, 256, 4095, 4096, 8191, 8192, 65536} {
		list = append(list, [][]byte{pattern(size)}, [][]byte{pattern(size), pattern(size), nil, pattern(1)})
	}
	return list
}

// meet binds one end and connects the other.
func meet(a, b end, binder, endpoint string) {
	a.t.Helper()
	if binder == "a binds" {
		b.connect(a.bind(endpoint))
	} else {
		a.connect(b.bind(endpoint))
	}
}

// endpoints are free endpoints of every transport that two parties can use.
func endpoints(t *testing.T, a, b party) map[string]string {
	all := map[string]string{"tcp": "tcp://127.0.0.1:*", "ipc": "ipc://" + shortDir(t) + "/s"}
	if a == b {
		all["inproc"] = "inproc://" + t.Name()
	}
	if knowsWS(a) && knowsWS(b) {
		all["ws"] = "ws://127.0.0.1:*"
	}
	return all
}

// knowsWS reports whether a party was built with the draft transports.
func knowsWS(p party) bool {
	process, ok := p.(*process)
	return !ok || process.name != python
}

// probing are the options that make ROUTERs introduce themselves.
func probing(kind, other string) []any {
	if kind == "ROUTER" && other == "ROUTER" {
		return []any{zmq.ProbeRouter, 1}
	}
	return nil
}

// TestPairs holds every legal conversation over every transport, among ourselves
// and with every libzmq, with each of us on each side and as the one that binds.
func TestPairs(t *testing.T) {
	forEachSide(t, func(t *testing.T, first, second party) {
		for _, pair := range pairs {
			for transport, endpoint := range endpoints(t, first, second) {
				for _, binder := range []string{"a binds", "b binds"} {
					t.Run(fmt.Sprintf("%s-%s/%s/%s", pair.a, pair.b, transport, binder), func(t *testing.T) {
						a := open(t, first, pair.a, probing(pair.a, pair.b)...)
						b := open(t, second, pair.b, probing(pair.b, pair.a)...)
						meet(a, b, binder, endpoint)
						pair.talk(a, b, messages())
					})
				}
			}
		}
	})
}

// TestLargeMessages moves bodies that no buffer holds, both ways.
func TestLargeMessages(t *testing.T) {
	large := [][][]byte{{pattern(1 << 20)}, {pattern(1<<20 - 1), pattern(3 << 20)}, {pattern(64 << 20)}, {[]byte("after")}}
	forEachSide(t, func(t *testing.T, first, second party) {
		for transport, endpoint := range endpoints(t, first, second) {
			t.Run(transport, func(t *testing.T) {
				a, b := open(t, first, "PAIR"), open(t, second, "PAIR")
				meet(a, b, "a binds", endpoint)
				bothWays(a, b, large)
			})
		}
	})
}

// TestIncompatibleTypes: each side refuses the other's type, and goes on with
// those that fit.
func TestIncompatibleTypes(t *testing.T) {
	libzmq, us := start(t, python), newOurs(t)
	for name, parties := range map[string][2]party{"ours binds": {us, libzmq}, "libzmq binds": {libzmq, us}} {
		t.Run(name, func(t *testing.T) {
			pull := open(t, parties[0], "PULL")
			endpoint := pull.bind("tcp://127.0.0.1:*")
			wrong := open(t, parties[1], "DEALER")
			wrong.monitor()
			wrong.connect(endpoint)
			wrong.await("DISCONNECTED")
			right := open(t, parties[1], "PUSH")
			right.connect(endpoint)
			right.send("fits")
			pull.expect("fits")
		})
	}
}
