package zmq_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"ztools/lib/curve"
	"ztools/lib/zmq"
)

// mechanism is a way to secure a connection, as options of its two sides.
type mechanism struct {
	name           string
	server, client []any
	credentials    string // what a handler gets to see of the client
}

// mechanisms are those whose server may ask a handler.
var mechanisms = []mechanism{
	{name: "NULL", server: []any{zmq.ZAPDomain, "global"}},
	{"PLAIN", []any{zmq.ZAPDomain, "global", zmq.PlainServer, true},
		[]any{zmq.PlainUsername, "admin", zmq.PlainPassword, "s3cret"}, ` "admin" "s3cret"`},
	{"CURVE", []any{zmq.ZAPDomain, "global", zmq.CurveServer, true, zmq.CurveSecretKey, serverKeys.Secret.Text()},
		curveClient(clientKeys), fmt.Sprintf(" %q", clientKeys.Public[:])},
}

// The keys of zmq_curve(7).
var (
	serverKeys = keys("rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7", "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6")
	clientKeys = keys("Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID", "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs")
)

func keys(public, secret string) (p curve.Pair) {
	p.Public, _ = curve.ParseKey(public)
	p.Secret, _ = curve.ParseKey(secret)
	if err := p.Verify(); err != nil {
		panic(err)
	}
	return p
}

// curveClient is the options of a client with those keys.
func curveClient(own curve.Pair) []any {
	return []any{zmq.CurveServerKey, serverKeys.Public.Text(), zmq.CurvePublicKey, own.Public.Text(), zmq.CurveSecretKey, own.Secret.Text()}
}

// answer is a handler's reply to a request: status, text, user id, metadata.
type answer func(request [][]byte) [][]byte

func status(code string) answer {
	return func([][]byte) [][]byte {
		return [][]byte{[]byte("1.0"), []byte("1"), []byte(code), []byte("text"), []byte("joe"), []byte("\x05X-Zap\x00\x00\x00\x01z")}
	}
}

// handle runs a handler of the context until the test ends; requests gets the
// requests it has seen, as texts.
func handle(t *testing.T, c *zmq.Context, kind zmq.Type, reply answer) (requests chan string) {
	t.Helper()
	s := open(t, c, kind)
	bind(t, s, zmq.ZAPEndpoint)
	ctx, cancel := context.WithCancel(context.Background())
	requests, done := make(chan string, 100), make(chan struct{})
	t.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		for {
			parts, err := s.Recv(ctx)
			if err != nil {
				return
			}
			var envelope [][]byte
			if kind == zmq.Router {
				envelope, parts = parts[:2:2], parts[2:]
			}
			requests <- fmt.Sprintf("%q", parts)
			s.Send(ctx, append(envelope, reply(parts)...)...)
		}
	}()
	return requests
}

// awaitEvent is the next event of a kind in the set.
func awaitEvent(t *testing.T, next func() (zmq.Event, bool), kinds ...zmq.EventKind) zmq.Event {
	t.Helper()
	for {
		ev, ok := next()
		if !ok {
			t.Fatalf("none of the events %v came", kinds)
		}
		if slices.Contains(kinds, ev.Kind) {
			return ev
		}
	}
}

// forEachMechanism runs a test with each mechanism.
func forEachMechanism(t *testing.T, test func(t *testing.T, m mechanism)) {
	for _, m := range mechanisms {
		t.Run(m.name, func(t *testing.T) { test(t, m) })
	}
}

// TestHandlerAllows: the handler sees who wants to connect, and what it says
// about the peer is found at its messages.
func TestHandlerAllows(t *testing.T) {
	for _, kind := range []zmq.Type{zmq.Rep, zmq.Router} {
		forEachMechanism(t, func(t *testing.T, m mechanism) {
			c := newContext(t)
			requests := handle(t, c, kind, status("200"))
			pull := open(t, c, zmq.Pull, append(m.server, zmq.RoutingID, "me")...)
			push := open(t, c, zmq.Push, append(m.client, zmq.Metadata, "X-Own:own", zmq.Metadata, "X-Zap:own")...)
			join(t, pull, push, "tcp://127.0.0.1:*")
			send(t, push, "hello")
			var got zmq.Message
			if err := pull.RecvMessage(deadline(t), &got); err != nil {
				t.Fatal(err)
			}
			for name, want := range map[string]string{"User-Id": "joe", "X-Zap": "z", "X-Own": "own", "Socket-Type": "PUSH", "Peer-Address": "127.0.0.1"} {
				if v, ok := got.Property(name); !ok || v != want {
					t.Errorf("%s is %q, want %q", name, v, want)
				}
			}
			name, _, _ := strings.Cut(m.name, " ")
			want := fmt.Sprintf(`["1.0" "1" "global" "127.0.0.1" "me" %q%s]`, name, m.credentials)
			if r := <-requests; r != want {
				t.Errorf("request %s, want %s", r, want)
			}
		})
	}
}

// TestEventsNameThePeer: the events of a connection say who is there, from when it is
// known, and which connection it is.
func TestEventsNameThePeer(t *testing.T) {
	forEachMechanism(t, func(t *testing.T, m mechanism) {
		c := newContext(t)
		handle(t, c, zmq.Rep, status("200"))
		router := open(t, c, zmq.Router, m.server...)
		bind(t, router, "tcp://127.0.0.1:*")
		at := watch(t, router)
		numbers := map[uint64]bool{}
		for _, name := range []string{"me", "you"} {
			dealer := open(t, c, zmq.Dealer, append(m.client, zmq.RoutingID, name)...)
			to := watch(t, dealer)
			connect(t, dealer, router.LastEndpoint())
			accepted := awaitEvent(t, at, zmq.Accepted)
			ready, near := awaitEvent(t, at, zmq.HandshakeSucceeded), awaitEvent(t, to, zmq.HandshakeSucceeded)
			dealer.Close()
			gone := awaitEvent(t, at, zmq.Disconnected)
			for _, ev := range []zmq.Event{accepted, ready, gone} {
				if ev.Conn == 0 || ev.Conn != accepted.Conn || ev.Endpoint != router.LastEndpoint() || ev.Local != router.LastEndpoint() || ev.Remote != near.Local {
					t.Errorf("%v of connection %d: %+v", ev.Kind, accepted.Conn, ev)
				}
			}
			if accepted.UserID+accepted.SocketType+accepted.Version != "" {
				t.Errorf("known before the handshake: %+v", accepted)
			}
			for _, ev := range []zmq.Event{ready, gone} {
				if ev.UserID != "joe" || string(ev.RoutingID) != name || ev.SocketType != "DEALER" || ev.Version != "3.1" || ev.Mechanism != m.name {
					t.Errorf("the peer of %s is %+v", name, ev)
				}
			}
			if near.UserID != "" || near.SocketType != "ROUTER" || near.Remote != router.LastEndpoint() || near.Mechanism != m.name {
				t.Errorf("the server is %+v", near)
			}
			numbers[accepted.Conn] = true
		}
		if len(numbers) != 2 {
			t.Errorf("connections %v", numbers)
		}
	})
}

// TestHandlerRefuses: what each status, and each malformed reply, does to the
// two sides.
func TestHandlerRefuses(t *testing.T) {
	frames := func(f ...string) answer {
		return func([][]byte) (parts [][]byte) {
			for _, s := range f {
				parts = append(parts, []byte(s))
			}
			return parts
		}
	}
	for _, test := range []struct {
		name   string
		reply  answer
		server zmq.EventKind
		value  int
		told   bool // the client learns of it, and gives up
	}{
		{"300", status("300"), zmq.HandshakeFailedAuth, 300, false},
		{"400", status("400"), zmq.HandshakeFailedAuth, 400, true},
		{"500", status("500"), zmq.HandshakeFailedAuth, 500, true},
		{"201", status("201"), zmq.HandshakeFailedProtocol, 0x20000004, false},
		{"version", frames("2.0", "1", "200", "", "", ""), zmq.HandshakeFailedProtocol, 0x20000003, false},
		{"number", frames("1.0", "2", "200", "", "", ""), zmq.HandshakeFailedProtocol, 0x20000002, false},
		{"metadata", frames("1.0", "1", "200", "", "", "x"), zmq.HandshakeFailedProtocol, 0x20000005, false},
		{"short", frames("1.0", "1", "200", "", ""), zmq.HandshakeFailedProtocol, 0x20000001, false},
		{"long", frames("1.0", "1", "200", "", "", "", ""), zmq.HandshakeFailedProtocol, 0x20000001, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			forEachMechanism(t, func(t *testing.T, m mechanism) {
				c := newContext(t)
				handle(t, c, zmq.Rep, test.reply)
				pull := open(t, c, zmq.Pull, m.server...)
				push := open(t, c, zmq.Push, append(m.client, zmq.ReconnectIvl, 10)...)
				server, client := watch(t, pull), watch(t, push)
				join(t, pull, push, "tcp://127.0.0.1:*")
				if ev := awaitEvent(t, server, zmq.HandshakeFailedAuth, zmq.HandshakeFailedProtocol, zmq.HandshakeSucceeded); ev.Kind != test.server || ev.Value != test.value {
					t.Errorf("server: %v %#x, %v", ev.Kind, ev.Value, ev.Err)
				}
				ev := awaitEvent(t, client, zmq.HandshakeFailedAuth, zmq.HandshakeFailedNoDetail, zmq.HandshakeSucceeded)
				if test.told && ev.Kind == zmq.HandshakeFailedAuth && ev.Value == test.value {
					return
				}
				if test.told || !left(ev) {
					t.Errorf("client: %v %d, %v", ev.Kind, ev.Value, ev.Err)
				}
				awaitEvent(t, client, zmq.ConnectRetried)
			})
		})
	}
}

// left reports whether an event says that the other side has gone during the
// handshake: in order, or with bytes that it had not read.
func left(ev zmq.Event) bool {
	return ev.Kind == zmq.HandshakeFailedNoDetail && (ev.Value == int(zmq.EPIPE) || errors.Is(ev.Err, syscall.ECONNRESET))
}

// watch pulls the events of a socket from now on.
func watch(t *testing.T, s *zmq.Socket) func() (zmq.Event, bool) {
	t.Helper()
	events := make(chan zmq.Event, 1000)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	done := make(chan struct{})
	seq := s.Events(ctx)
	go func() {
		defer close(done)
		defer close(events)
		for ev := range seq {
			events <- ev
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return func() (zmq.Event, bool) { ev, ok := <-events; return ev, ok }
}

// TestHandlerLeaves: a handler that goes away without an answer ends the
// handshakes that wait for it, and one of the wrong type none begins.
func TestHandlerLeaves(t *testing.T) {
	forEachMechanism(t, func(t *testing.T, m mechanism) {
		c := newContext(t)
		handler := open(t, c, zmq.Rep)
		bind(t, handler, zmq.ZAPEndpoint)
		pull, push := open(t, c, zmq.Pull, m.server...), open(t, c, zmq.Push, append(m.client, zmq.ReconnectIvl, 0)...)
		server := watch(t, pull)
		join(t, pull, push, "tcp://127.0.0.1:*")
		if _, err := handler.Recv(deadline(t)); err != nil {
			t.Fatal(err)
		}
		handler.Close()
		if ev := awaitEvent(t, server, zmq.HandshakeFailedNoDetail, zmq.HandshakeSucceeded); ev.Value != int(zmq.EPIPE) {
			t.Errorf("got %v %d, %v", ev.Kind, ev.Value, ev.Err)
		}
		bind(t, open(t, c, zmq.Pull), zmq.ZAPEndpoint)
		push = open(t, c, zmq.Push, append(m.client, zmq.ReconnectIvl, 0)...)
		connect(t, push, pull.LastEndpoint())
		if ev := awaitEvent(t, server, zmq.HandshakeFailedNoDetail, zmq.HandshakeSucceeded); ev.Value != int(zmq.EFAULT) {
			t.Errorf("got %v %d, %v", ev.Kind, ev.Value, ev.Err)
		}
	})
}

// TestPeerLeavesWhileAsked: the handshake does not wait for the handler when
// the peer has gone.
func TestPeerLeavesWhileAsked(t *testing.T) {
	forEachMechanism(t, func(t *testing.T, m mechanism) {
		c := newContext(t)
		handler := open(t, c, zmq.Rep)
		bind(t, handler, zmq.ZAPEndpoint)
		pull, push := open(t, c, zmq.Pull, m.server...), open(t, c, zmq.Push, m.client...)
		server := watch(t, pull)
		join(t, pull, push, "tcp://127.0.0.1:*")
		if _, err := handler.Recv(deadline(t)); err != nil {
			t.Fatal(err)
		}
		push.Close()
		if ev := awaitEvent(t, server, zmq.HandshakeFailedNoDetail, zmq.HandshakeSucceeded); !left(ev) {
			t.Errorf("got %v %d, %v", ev.Kind, ev.Value, ev.Err)
		}
	})
}
