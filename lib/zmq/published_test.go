package zmq_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"

	"ztools/lib/internal/option"
	"ztools/lib/internal/security"
	"ztools/lib/internal/wire"
	"ztools/lib/internal/ztest"
	"ztools/lib/zmq"
)

// TestPublished gives the input of each published weakness of libzmq that came
// over the network. Those in a single package are tested there: deep topics in
// trie, datagrams in transport/udp, GSSAPI in security.
func TestPublished(t *testing.T) {
	for _, weakness := range []struct {
		id   string
		test func(t *testing.T)
	}{
		{"CVE-2020-15166 silent peers take part", silentPeers},
		{"CVE-2021-20236 long topics", longTopics},
		{"CVE-2021-20237 messages to a publisher", messagesToPublisher},
		{"CVE-2021-20234 halves of messages", halfMessages},
		{"CVE-2021-20235 and CVE-2020-36400 old peer with large messages", oldPeerLargeMessages},
		{"CVE-2019-13132 metadata in INITIATE", endlessMetadata},
		{"CVE-2019-6250 size that wraps", func(t *testing.T) {
			refuseBytes(t, ztest.Greeting("NULL"), ztest.Ready("PUSH", ""), []byte("\x02\xff\xff\xff\xff\xff\xff\xff\xf0"))
		}},
		{"CVE-2014-7202 weaker mechanism", weakerMechanism},
		{"CVE-2014-7203 message played again", replayedMessage},
		{"CVE-2014-9721 older protocol", olderProtocol},
		{"CVE-2014-9721 older protocol of a server", olderServer},
		{"issue 1488 size that wraps in an old frame", func(t *testing.T) {
			refuseBytes(t, []byte("\x01\x00"), []byte("\xff\xff\xff\xff\xff\xff\xff\xff\xda\x00"))
		}},
		{"issue 4524 limits of a peer that leaves", limitsOfLeavingPeers},
		{"acef50b8 messages of a peer that leaves", messagesOfLeavingPeers},
	} {
		t.Run(strings.ReplaceAll(weakness.id, " ", "-"), weakness.test)
	}
}

// dialRaw connects a peer that speaks for itself.
func dialRaw(t *testing.T, s *zmq.Socket) *ztest.Peer {
	t.Helper()
	return ztest.Dial(t, "tcp", strings.TrimPrefix(s.LastEndpoint(), "tcp://"))
}

func silentPeers(t *testing.T) {
	c := newContext(t)
	push := open(t, c, zmq.Push, zmq.CurveServer, true, zmq.CurveSecretKey, serverKeys.Secret.Text())
	bind(t, push, "tcp://127.0.0.1:*")
	for range 5 {
		dialRaw(t, push)
		dialRaw(t, push).Send(ztest.Greeting("CURVE"))
	}
	pull := open(t, c, zmq.Pull, curveClient(clientKeys)...)
	connect(t, pull, push.LastEndpoint())
	for n := range 100 {
		send(t, push, fmt.Sprint(n))
		expect(t, pull, fmt.Sprint(n))
	}
	if n := push.Peers(); n != 1 {
		t.Errorf("%d peers", n)
	}
}

func longTopics(t *testing.T) {
	c := newContext(t)
	pub := open(t, c, zmq.XPub)
	bind(t, pub, "tcp://127.0.0.1:*")
	long := strings.Repeat("ab", 256<<10)
	sub := dialRaw(t, pub)
	sub.Shake("SUB", "")
	sub.Send(ztest.Frame(4, "\x09SUBSCRIBE"+long), ztest.Frame(4, "\x06CANCEL"+long), ztest.Frame(4, "\x09SUBSCRIBE"+long[:1<<18]), ztest.Frame(4, "\x09SUBSCRIBEx"))
	for seen := ""; seen != "\x01x"; {
		parts, err := pub.Recv(deadline(t))
		if err != nil {
			t.Fatal(err)
		}
		seen = string(parts[0])
	}
	send(t, pub, "x")
	if _, body := sub.Frame(); string(body) != "x" {
		t.Errorf("got %.20q", body)
	}
}

// heap is how many bytes are in use when nothing is left to collect.
func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func messagesToPublisher(t *testing.T) {
	c := newContext(t)
	pub := open(t, c, zmq.Pub)
	bind(t, pub, "tcp://127.0.0.1:*")
	peer := dialRaw(t, pub)
	peer.Shake("SUB", "")
	before := heap()
	for range 3000 {
		peer.Send(ztest.Frame(0, strings.Repeat("m", 5000)))
		send(t, pub, "x") // a publisher looks at what its peers say when it is called
	}
	peer.Send(ztest.Frame(0, "\x01last"))
	if err := pub.WaitPeers(deadline(t), 1); err != nil {
		t.Fatal(err)
	}
	if grown := heap() - before; grown > 8<<20 {
		t.Errorf("%d bytes are kept", grown)
	}
}

func halfMessages(t *testing.T) {
	c := newContext(t)
	pull := open(t, c, zmq.Pull)
	bind(t, pull, "tcp://127.0.0.1:*")
	events := watch(t, pull)
	before := 0
	for n := range 100 {
		peer := dialRaw(t, pull)
		peer.Shake("PUSH", "")
		peer.Send(ztest.Frame(1, strings.Repeat("half", 50_000)))
		peer.Close()
		awaitEvent(t, events, zmq.Disconnected)
		if n == 20 {
			before = heap()
		}
	}
	if grown := heap() - before; grown > 8<<20 {
		t.Errorf("%d bytes are kept", grown)
	}
	push := open(t, c, zmq.Push)
	connect(t, push, pull.LastEndpoint())
	send(t, push, "whole")
	expect(t, pull, "whole")
}

func oldPeerLargeMessages(t *testing.T) {
	c := newContext(t)
	pull := open(t, c, zmq.Pull)
	bind(t, pull, "tcp://127.0.0.1:*")
	peer := dialRaw(t, pull)
	body := strings.Repeat("x", 9000)
	frame := append(wire.AppendHeaderV1(nil, 0, len(body)), body...)
	peer.Send([]byte("\x01\x00"), frame, frame)
	expect(t, pull, body)
	expect(t, pull, body)
}

// endlessMetadata: an INITIATE has a limit, and more properties than that are
// refused before they are kept.
func endlessMetadata(t *testing.T) {
	c := newContext(t)
	for _, test := range []struct {
		size int // of all values together
		code wire.Code
	}{{10, wire.InvalidMetadata}, {1 << 17, wire.Unspecified}} { // more properties than 256, more bytes than a command may have
		pull := open(t, c, zmq.Pull, zmq.CurveServer, true, zmq.CurveSecretKey, serverKeys.Secret.Text())
		bind(t, pull, "tcp://127.0.0.1:*")
		events := watch(t, pull)
		options := append(curveClient(clientKeys), zmq.ReconnectIvl, -1)
		for n := range 300 {
			options = append(options, zmq.Metadata, fmt.Sprintf("X-%d:%s", n, strings.Repeat("v", test.size/300+1)))
		}
		connect(t, open(t, c, zmq.Push, options...), pull.LastEndpoint())
		ev := awaitEvent(t, events, zmq.HandshakeSucceeded, zmq.Disconnected)
		if ev.Kind == zmq.HandshakeSucceeded || ev.Code != int(test.code) {
			t.Errorf("%d bytes of metadata: %v with code %#x, %v", test.size, ev.Kind, ev.Code, ev.Err)
		}
		push := open(t, c, zmq.Push, curveClient(clientKeys)...)
		connect(t, push, pull.LastEndpoint())
		send(t, push, "fine")
		expect(t, pull, "fine")
	}
}

// refuseBytes: a peer that sends this costs its own connection only.
func refuseBytes(t *testing.T, pieces ...[]byte) {
	c := newContext(t)
	pull, push := open(t, c, zmq.Pull), open(t, c, zmq.Push)
	join(t, pull, push, "tcp://127.0.0.1:*")
	if err := misbehave(pull.LastEndpoint(), string(bytes.Join(pieces, nil))); err != nil {
		t.Fatal(err)
	}
	send(t, push, "fine")
	expect(t, pull, "fine")
}

// guarded are sockets that want more than an old or a weak peer can give.
var guarded = map[string][]any{
	"CURVE":  {zmq.CurveServer, true, zmq.CurveSecretKey, serverKeys.Secret.Text()},
	"PLAIN":  {zmq.PlainServer, true},
	"GSSAPI": {zmq.GSSAPIServer, true},
	"domain": {zmq.ZAPDomain, "global"},
}

func weakerMechanism(t *testing.T) {
	c := newContext(t)
	for name, options := range guarded {
		pull := open(t, c, zmq.Pull, options...)
		bind(t, pull, "tcp://127.0.0.1:*")
		events := watch(t, pull)
		for _, mechanism := range []string{"NULL", "PLAIN", "CURVE", "GSSAPI", "curve", "CURVE\x00x", "CURVEX", ""} {
			if mechanism == name || name == "domain" && mechanism == "NULL" {
				continue
			}
			if err := misbehave(pull.LastEndpoint(), string(ztest.Greeting(mechanism))+string(ztest.Ready("PUSH", ""))); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if ev := awaitEvent(t, events, zmq.HandshakeFailedProtocol, zmq.HandshakeSucceeded); ev.Value != int(wire.MechanismMismatch) {
				t.Errorf("%s meets %q: %v %#x", name, mechanism, ev.Kind, ev.Value)
			}
		}
	}
}

// oldGreetings are those of ZMTP 1.0, in two forms, and 2.0, with the first frames.
var oldGreetings = []string{"\x01\x00\x02\x00x", "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x00\x08",
	"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x01\x08\x00\x00\x00\x01x"}

// olderServer: clients refuse such peers, too, and do not come again.
func olderServer(t *testing.T) {
	c := newContext(t)
	for name, options := range map[string][]any{
		"CURVE":  curveClient(clientKeys),
		"PLAIN":  {zmq.PlainUsername, "admin", zmq.PlainPassword, "s3cret"},
		"GSSAPI": {zmq.GSSAPIServicePrincipal, "zmq@localhost"},
		"domain": {zmq.ZAPDomain, "global"},
	} {
		for _, greeting := range oldGreetings {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			push := open(t, c, zmq.Push, append(options, zmq.ReconnectIvl, 1)...)
			events := watch(t, push)
			connect(t, push, "tcp://"+l.Addr().String())
			server, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(server, greeting)
			ev := awaitEvent(t, events, zmq.HandshakeSucceeded, zmq.Disconnected, zmq.ConnectRetried)
			if !ev.Final() || !ev.Secured || !strings.Contains(fmt.Sprint(ev.Err), "no security") {
				t.Errorf("%s meets %q: %v, %v", name, greeting, ev.Kind, ev.Err)
			}
			server.Close()
		}
	}
}

func olderProtocol(t *testing.T) {
	c := newContext(t)
	for name, options := range guarded {
		pull := open(t, c, zmq.Pull, options...)
		bind(t, pull, "tcp://127.0.0.1:*")
		events := watch(t, pull)
		for _, greeting := range oldGreetings {
			if err := misbehave(pull.LastEndpoint(), greeting); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if ev := awaitEvent(t, events, zmq.HandshakeFailedProtocol, zmq.HandshakeSucceeded, zmq.Disconnected); ev.Kind == zmq.HandshakeSucceeded {
				t.Errorf("%s meets %q: %v", name, greeting, ev.Kind)
			}
		}
		if parts, err := pull.TryRecv(); !errors.Is(err, zmq.EAGAIN) {
			t.Errorf("%s: received %q, %v", name, parts, err)
		}
	}
}

// replayedMessage: somebody in the middle sends each sealed message twice.
func replayedMessage(t *testing.T) {
	c := newContext(t)
	pull := open(t, c, zmq.Pull, guarded["CURVE"]...)
	bind(t, pull, "tcp://127.0.0.1:*")
	events := watch(t, pull)
	push := open(t, c, zmq.Push, curveClient(clientKeys)...)
	connect(t, push, ztest.Relay(t, pull.LastEndpoint(), func(b []byte) []byte {
		if bytes.Contains(b, []byte("\x07MESSAGE")) {
			return append(bytes.Clone(b), b...)
		}
		return b
	}, nil))
	send(t, push, "once")
	expect(t, pull, "once")
	if ev := awaitEvent(t, events, zmq.Disconnected); !strings.Contains(fmt.Sprint(ev.Err), "nonce") {
		t.Errorf("the connection ended with %v", ev.Err)
	}
	if parts, err := pull.TryRecv(); !errors.Is(err, zmq.EAGAIN) {
		t.Errorf("received %q, %v", parts, err)
	}
}

// limitsOfLeavingPeers changes limits while peers come and go.
func limitsOfLeavingPeers(t *testing.T) {
	c := newContext(t)
	push := open(t, c, zmq.Push)
	bind(t, push, "tcp://127.0.0.1:*")
	var leaving sync.WaitGroup
	for range 4 {
		leaving.Go(func() {
			for range 25 {
				pull, err := c.NewSocket(zmq.Pull)
				if err != nil {
					t.Error(err)
					return
				}
				pull.Connect(push.LastEndpoint())
				pull.WaitPeers(deadline(t), 1)
				pull.Close()
			}
		})
	}
	done := make(chan struct{})
	go func() { leaving.Wait(); close(done) }()
	for n := 1; ; n++ {
		if err := push.Set(zmq.SndHWM, n%100); err != nil {
			t.Error(err)
		}
		push.TrySend([]byte("x"))
		select {
		case <-done:
			return
		default:
		}
	}
}

// messagesOfLeavingPeers: peers leave while what they have sent is received, and
// so do the receivers. Every message comes, once.
func messagesOfLeavingPeers(t *testing.T) {
	const senders, rounds, each = 4, 20, 5
	for _, endpoint := range []string{"tcp://127.0.0.1:*", "inproc://leaving"} {
		c := newContext(t)
		pull := open(t, c, zmq.Pull, zmq.RcvHWM, 2)
		bind(t, pull, endpoint)
		var leaving sync.WaitGroup
		for range senders {
			leaving.Go(func() {
				for range rounds {
					push, err := c.NewSocket(zmq.Push)
					if err != nil {
						t.Error(err)
						return
					}
					err = errors.Join(push.Set(zmq.SndHWM, 2), push.Connect(pull.LastEndpoint()))
					for range each {
						err = errors.Join(err, push.Send(deadline(t), []byte("first"), []byte("second")))
					}
					if err := errors.Join(err, push.Close()); err != nil { // with messages on the way
						t.Error(err)
						return
					}
				}
			})
		}
		for range senders * rounds * each {
			expect(t, pull, "first", "second")
		}
		leaving.Wait()
		if parts, err := pull.TryRecv(); !errors.Is(err, zmq.EAGAIN) {
			t.Errorf("received %q as well, %v", parts, err)
		}
	}
}

// TestHalfOpenFlood: many clients say HELLO to a CURVE server and then nothing.
// Others notice nothing, and when their time is over nothing is left of them.
func TestHalfOpenFlood(t *testing.T) {
	const flood = 200
	c := newContext(t)
	pull := open(t, c, zmq.Pull, append(guarded["CURVE"], zmq.HandshakeIvl, 300)...)
	push := open(t, c, zmq.Push, curveClient(clientKeys)...)
	join(t, pull, push, "tcp://127.0.0.1:*")
	for _, text := range []string{"first", "second"} {
		send(t, push, text)
		expect(t, pull, text)
	}
	goroutines, before := runtime.NumGoroutine(), heap()
	maker, err := security.Prepare(&option.Options{Mechanism: 2, CurveServerKey: serverKeys.Public, CurveSecretKey: clientKeys.Secret}, new(security.Memory))
	if err != nil {
		t.Fatal(err)
	}
	var peers []*ztest.Peer
	for range flood {
		hello, _ := maker("").Next(nil)
		peer := dialRaw(t, pull)
		peer.Send(ztest.Greeting("CURVE"), ztest.Frame(4, hello))
		peers = append(peers, peer)
	}
	send(t, push, "meanwhile")
	expect(t, pull, "meanwhile")
	for _, peer := range peers {
		io.Copy(io.Discard, peer)
	}
	expectGoroutines(t, goroutines+2)
	if grown := heap() - before; grown > 8<<20 {
		t.Errorf("%d bytes are kept", grown)
	}
	if n := pull.Peers(); n != 1 {
		t.Errorf("%d peers", n)
	}
}
