package interop_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ztools/lib/z85"
	"ztools/lib/zmq"
)

// The keys of zmq_curve(7), public and secret, and a pair that nobody knows.
var (
	serverKeys   = [2]string{"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7", "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"}
	clientKeys   = [2]string{"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID", "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"}
	strangerKeys = [2]string{"B{^sQh$MbJTGzyIWab}tP$6}TxWqL}0q0?7ee!K<", "[d^++DA.-]>/5-7znDv%F1qZ).3&bga5[m*8J6<O"}
)

// secured is a mechanism as options of its two sides.
type secured struct {
	name           string
	server, client []any
	reply          []string // of the handler; nil for none
}

func curveServer(own [2]string) []any {
	return []any{zmq.CurveServer, 1, zmq.CurveSecretKey, own[1]}
}

func curveClient(own [2]string, server string) []any {
	return []any{zmq.CurveServerKey, server, zmq.CurvePublicKey, own[0], zmq.CurveSecretKey, own[1]}
}

var (
	allow  = []string{"1.0", "1", "200", "OK", "joe", ""}
	plain  = secured{"plain", []any{zmq.PlainServer, 1}, []any{zmq.PlainUsername, "admin", zmq.PlainPassword, "s3cret"}, allow}
	curve  = secured{"curve", curveServer(serverKeys), curveClient(clientKeys, serverKeys[0]), nil}
	domain = secured{"null with zap", []any{zmq.ZAPDomain, "global"}, nil, allow}
	asking = secured{"curve with zap", append(curveServer(serverKeys), zmq.ZAPDomain, "global"), curve.client, allow}
)

// fewer are messages of one and of several parts, of the sizes around which
// sealed frames change shape.
func fewer() [][][]byte {
	list := [][][]byte{toBytes([]string{""}), toBytes([]string{"a", "", "ccc"})}
	for _, size := range []int{31, 32, 222, 223, 4062, 4063, 65536} {
		list = append(list, [][]byte{pattern(size)}, [][]byte{pattern(1), pattern(size)})
	}
	return list
}

// TestSecuredPairs holds every legal conversation behind every mechanism, the
// binding side being the server.
func TestSecuredPairs(t *testing.T) {
	forEachSide(t, func(t *testing.T, first, second party) {
		for _, m := range []secured{curve, plain, asking, domain} {
			for _, binder := range []string{"a binds", "b binds"} {
				t.Run(m.name+"/"+binder, func(t *testing.T) { m.holdPairs(t, first, second, binder) })
			}
		}
	})
}

// holdPairs holds the conversations of one mechanism.
func (m *secured) holdPairs(t *testing.T, first, second party, binder string) {
	ofA, ofB, server := m.server, m.client, first
	if binder == "b binds" {
		ofA, ofB, server = m.client, m.server, second
	}
	if m.reply != nil {
		stop := server.handle(t, toBytes(m.reply))
		defer stop()
	}
	for _, pair := range pairs {
		for transport, endpoint := range endpoints(t, first, second) {
			if transport == "inproc" { // which knows no mechanisms
				continue
			}
			if _, libzmq := server.(*process); libzmq && m.reply != nil && pair.a == "REQ" && binder == "a binds" {
				continue // libzmq's REQ gets no replies of a peer that a handler has allowed, not even of its own kind
			}
			t.Run(fmt.Sprintf("%s-%s/%s", pair.a, pair.b, transport), func(t *testing.T) {
				a := open(t, first, pair.a, slices.Concat(probing(pair.a, pair.b), ofA)...)
				b := open(t, second, pair.b, slices.Concat(probing(pair.b, pair.a), ofB)...)
				meet(a, b, binder, endpoint)
				pair.talk(a, b, fewer())
			})
		}
	}
}

// TestSecuredDrafts does the same with the draft types, which libzmq has in npm's
// build only.
func TestSecuredDrafts(t *testing.T) {
	us := newOurs(t)
	t.Run("ours", func(t *testing.T) { holdDrafts(t, us, us) })
	t.Run("ours and "+node, func(t *testing.T) { holdDrafts(t, us, start(t, node)) })
	t.Run(node+" and ours", func(t *testing.T) { holdDrafts(t, start(t, node), us) })
}

// holdDrafts holds the conversations of the draft types behind every mechanism, the
// server being the first party, which binds, or the second, which connects.
func holdDrafts(t *testing.T, first, second party) {
	for _, m := range []secured{curve, plain} {
		for _, serverBinds := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/server binds %v", m.name, serverBinds), func(t *testing.T) { m.holdDrafts(t, first, second, serverBinds) })
		}
	}
}

func (m *secured) holdDrafts(t *testing.T, first, second party, serverBinds bool) {
	ofA, ofB, server := m.server, m.client, first
	if !serverBinds {
		ofA, ofB, server = m.client, m.server, second
	}
	if m.reply != nil {
		stop := server.handle(t, toBytes(m.reply))
		defer stop()
	}
	for _, pair := range draftPairs {
		if _, libzmq := second.(*process); libzmq && m.reply != nil && !serverBinds && pair.b == "DISH" {
			continue // libzmq's DISH gets nothing of a peer that a handler has allowed, not even of its own kind
		}
		t.Run(pair.a+"-"+pair.b, func(t *testing.T) {
			a, b := open(t, first, pair.a, ofA...), open(t, second, pair.b, ofB...)
			if pair.b == "PEER" { // which can speak only to whom it has heard
				a.set(zmq.HelloMsg, "hello")
				b.set(zmq.HelloMsg, "hello")
			}
			b.connect(a.bind("tcp://127.0.0.1:*"))
			pair.talk(a, b)
		})
	}
}

// TestStrangers: who has not got the right key, name or mechanism is refused in
// every combination, and each side learns of it what libzmq's would.
func TestStrangers(t *testing.T) {
	deny := []string{"1.0", "1", "400", "no", "", ""}
	noDetail, crypto, denied := "HANDSHAKE_FAILED_NO_DETAIL 32 or HANDSHAKE_FAILED_NO_DETAIL 104", "HANDSHAKE_FAILED_PROTOCOL 285212673", "HANDSHAKE_FAILED_AUTH 400"
	mismatch := "HANDSHAKE_FAILED_PROTOCOL 285212674 or " + noDetail // libzmq leaves without a word if it is the first to see it
	forged := [2]string{clientKeys[0], strangerKeys[1]}
	for _, test := range []struct {
		secured
		serverEvent, clientEvent string
	}{
		{secured{"another server", curve.server, curveClient(clientKeys, strangerKeys[0]), nil}, crypto, noDetail},
		{secured{"somebody else's public key", curve.server, curveClient(forged, serverKeys[0]), nil}, crypto, noDetail},
		{secured{"stranger", asking.server, curveClient(strangerKeys, serverKeys[0]), deny}, denied, denied},
		{secured{"wrong password", plain.server, plain.client, deny}, denied, denied},
		{secured{"unwanted address", []any{zmq.ZAPDomain, "global"}, nil, deny}, denied, denied},
		{secured{"curve wants plain", curve.server, plain.client, nil}, mismatch, mismatch},
		{secured{"curve wants null", curve.server, nil, nil}, mismatch, mismatch},
		{secured{"plain wants curve", plain.server, curve.client, nil}, mismatch, mismatch},
		{secured{"plain without a handler", plain.server, plain.client, nil}, "HANDSHAKE_FAILED_NO_DETAIL 14", ""}, // libzmq leaves the client alone
	} {
		t.Run(test.name, func(t *testing.T) {
			forEachSide(t, func(t *testing.T, first, second party) {
				if test.reply != nil {
					stop := first.handle(t, toBytes(test.reply))
					defer stop()
				}
				server, client := open(t, first, "PULL", test.server...), open(t, second, "PUSH", test.client...)
				server.monitor()
				client.monitor()
				client.connect(server.bind("tcp://127.0.0.1:*"))
				server.expectFailure(test.serverEvent)
				if test.clientEvent != "" {
					client.expectFailure(test.clientEvent)
				}
			})
		})
	}
}

// expectFailure waits for the event that ends a handshake: one of those in want.
// zeromq.js tells no values.
func (e end) expectFailure(want string) {
	e.t.Helper()
	seen := e.await("HANDSHAKE")
	last := seen[len(seen)-1]
	got := fmt.Sprintf("%s %d", last.Name, last.Value)
	for one := range strings.SplitSeq(want, " or ") {
		if name, _, _ := strings.Cut(one, " "); got == one || got == name+" 0" {
			return
		}
	}
	e.t.Errorf("got %s, want %s", got, want)
}

// TestHandler compares what a handler is asked, and what its replies do.
func TestHandler(t *testing.T) { playAll(t, handlerScenarios) }

// noteAsked notes what the handler of this party is asked about a client, and
// checks that a message passes.
func (w *world) noteAsked(server, client []any) {
	w.Helper()
	for _, endpoint := range []string{"tcp://127.0.0.1:*", "ipc://" + w.path("s")} {
		stop := w.handle(w, toBytes(allow))
		pull, push := w.open("PULL", append(server, zmq.RoutingID, "pull")...), w.open("PUSH", append(client, zmq.RoutingID, "push")...)
		push.connect(pull.bind(endpoint))
		push.send("x")
		pull.expect("x")
		var requests []string
		for _, request := range stop() {
			requests = append(requests, ids.ReplaceAllString(fmt.Sprintf("%q", request), "UID:GID:PID"))
		}
		slices.Sort(requests)
		w.note("%s", strings.Join(requests, " and "))
	}
}

// ids are those of the process behind an ipc connection.
var ids = regexp.MustCompile(`\d+:\d+:\d+`)

// curveText is clientKeys' public key as a frame shows.
var curveText = func() string {
	key, _ := z85.Decode(clientKeys[0])
	return fmt.Sprintf("%q", key)
}()

// noteReply notes the event that a reply of the handler leads to.
func (w *world) noteReply(reply ...string) {
	w.Helper()
	stop := w.handle(w, toBytes(reply))
	defer stop()
	pull, push := w.watched("PULL", zmq.ZAPDomain, "global"), w.open("PUSH")
	push.connect(pull.bind("tcp://127.0.0.1:*"))
	seen := pull.await("HANDSHAKE")
	last := seen[len(seen)-1]
	w.note("%s %d", last.Name, last.Value)
}

var handlerScenarios = []scenario{
	{"asked about null", func(w *world) { w.noteAsked([]any{zmq.ZAPDomain, "global"}, nil) },
		`["1.0" "1" "global" "127.0.0.1" "pull" "NULL"]; ["1.0" "1" "global" "localhost:UID:GID:PID" "pull" "NULL"]`},
	{"asked about plain", func(w *world) { w.noteAsked(plain.server, plain.client) },
		`["1.0" "1" "" "127.0.0.1" "pull" "PLAIN" "admin" "s3cret"]; ["1.0" "1" "" "localhost:UID:GID:PID" "pull" "PLAIN" "admin" "s3cret"]`},
	{"asked about curve", func(w *world) { w.noteAsked(asking.server, asking.client) },
		`["1.0" "1" "global" "127.0.0.1" "pull" "CURVE" ` + curveText + `]; ["1.0" "1" "global" "localhost:UID:GID:PID" "pull" "CURVE" ` + curveText + `]`},
	{"asked by both sides", func(w *world) { w.noteAsked([]any{zmq.ZAPDomain, "one"}, []any{zmq.ZAPDomain, "two"}) },
		`["1.0" "1" "one" "127.0.0.1" "pull" "NULL"] and ["1.0" "1" "two" "127.0.0.1" "push" "NULL"]; ` +
			`["1.0" "1" "one" "localhost:UID:GID:PID" "pull" "NULL"] and ["1.0" "1" "two" "localhost:UID:GID:PID" "push" "NULL"]`},
	{"statuses", func(w *world) {
		for _, status := range []string{"200", "300", "400", "500", "201", "", "2000"} {
			w.noteReply("1.0", "1", status, "text", "joe", "")
		}
	}, "HANDSHAKE_SUCCEEDED 0; HANDSHAKE_FAILED_AUTH 300; HANDSHAKE_FAILED_AUTH 400; HANDSHAKE_FAILED_AUTH 500; " +
		"HANDSHAKE_FAILED_PROTOCOL 536870916; HANDSHAKE_FAILED_PROTOCOL 536870916; HANDSHAKE_FAILED_PROTOCOL 536870916"},
	{"socket types in replies", func(w *world) {
		for _, kind := range []string{"PUSH", "PULL", "none"} {
			w.noteReply("1.0", "1", "200", "OK", "joe", "\x0bSocket-Type\x00\x00\x00\x04"+kind)
		}
	}, "HANDSHAKE_SUCCEEDED 0; HANDSHAKE_FAILED_PROTOCOL 536870917; HANDSHAKE_FAILED_PROTOCOL 536870917"},
	{"malformed replies", func(w *world) {
		w.noteReply("1.1", "1", "200", "OK", "joe", "")
		w.noteReply("1.0", "2", "200", "OK", "joe", "")
		w.noteReply("1.0", "1", "200", "OK", "joe", "\x01")
		w.noteReply("1.0", "1", "200", "OK", "joe")
		w.noteReply("1.0", "1", "200", "OK", "joe", "", "more")
		w.noteReply("1.0")
	}, "HANDSHAKE_FAILED_PROTOCOL 536870915; HANDSHAKE_FAILED_PROTOCOL 536870914; HANDSHAKE_FAILED_PROTOCOL 536870917; " +
		"HANDSHAKE_FAILED_PROTOCOL 536870913; HANDSHAKE_FAILED_PROTOCOL 536870913; HANDSHAKE_FAILED_PROTOCOL 536870913"},
}
