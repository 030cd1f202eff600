package zmq_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"ztools/lib/internal/ztest"
	"ztools/lib/zmq"
)

// Tests of what options do, where no other test shows it. Which test stands for
// which option is in lib/internal/option/testdata/effects.tsv.

func TestTypeAndThreadSafe(t *testing.T) {
	c := newContext(t)
	for kind := zmq.Pair; kind <= zmq.Channel; kind++ {
		s := open(t, c, kind)
		if v, err := s.Get(zmq.SocketType); v != int(kind) || err != nil {
			t.Errorf("TYPE of %s: %v, %v", kind, v, err)
		}
		safe := kind >= zmq.Server && kind != zmq.Dgram
		if v, err := s.Get(zmq.ThreadSafe); v != safe || err != nil {
			t.Errorf("THREAD_SAFE of %s: %v, %v", kind, v, err)
		}
	}
}

// TestImmediate: without it messages queue for whom nobody has reached yet, with
// it they wait in Send.
func TestImmediate(t *testing.T) {
	c := newContext(t)
	endpoint := "ipc://" + shortDir(t) + "/s"
	early, late := open(t, c, zmq.Push), open(t, c, zmq.Push, zmq.Immediate, 1, zmq.ReconnectIvl, 10)
	connect(t, early, endpoint)
	connect(t, late, endpoint)
	if err := early.TrySend([]byte("x")); err != nil {
		t.Error(err)
	}
	expectErr(t, "send", late.TrySend([]byte("x")), zmq.EAGAIN)
	pull := open(t, c, zmq.Pull)
	bind(t, pull, endpoint)
	send(t, late, "now")
	pull.Close()
	for room := true; room; _, room, _ = late.Ready() { // until it has noticed
		runtime.Gosched()
	}
	expectErr(t, "send after the peer left", late.TrySend([]byte("x")), zmq.EAGAIN)
}

// TestInBatchSize: STREAM gets no larger pieces.
func TestInBatchSize(t *testing.T) {
	for _, size := range []int{100, 8192, 20000} {
		c := newContext(t)
		stream := open(t, c, zmq.Stream, zmq.InBatchSize, size)
		bind(t, stream, "tcp://127.0.0.1:*")
		conn, err := net.Dial("tcp", strings.TrimPrefix(stream.LastEndpoint(), "tcp://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		const total = 60_000
		if _, err := conn.Write(make([]byte, total)); err != nil {
			t.Fatal(err)
		}
		for got := 0; got < total; {
			parts, err := stream.Recv(deadline(t))
			if err != nil || len(parts) != 2 || len(parts[1]) > size {
				t.Fatalf("piece of %d bytes, %v", len(parts[1]), err)
			}
			got += len(parts[1])
		}
	}
}

// stops are the conditions of RECONNECT_STOP, each with a listener that meets
// it.
var stops = []struct {
	name   string
	bit    int
	listen func(t *testing.T, endpoint string)
}{
	{"refused", 1, func(*testing.T, string) {}},
	{"no ZMTP", 2, hangUpOn},
}

// hangUpOn accepts connections and closes them.
func hangUpOn(t *testing.T, endpoint string) {
	_, address := network(endpoint)
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
}

// freeAddress is an endpoint where nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "tcp://" + l.Addr().String()
}

// TestReconnectStop: with the bit one attempt is made and nothing can be queued
// any more, without it another one follows.
func TestReconnectStop(t *testing.T) {
	for _, stop := range stops {
		for _, bits := range []int{0, stop.bit, 7 &^ stop.bit} {
			t.Run(fmt.Sprint(stop.name, " ", bits), func(t *testing.T) {
				c := newContext(t)
				endpoint := freeAddress(t)
				stop.listen(t, endpoint)
				s := open(t, c, zmq.Push, zmq.ReconnectStop, bits, zmq.ReconnectIvl, 1, zmq.SndHWM, 0, zmq.Linger, 0)
				ctx := deadline(t)
				events := s.Events(ctx)
				connect(t, s, endpoint)
				if bits&stop.bit != 0 {
					for s.TrySend([]byte("x")) == nil && ctx.Err() == nil {
						runtime.Gosched()
					}
					s.Close()
				}
				again := false
				for e := range events {
					again = e.Kind == zmq.ConnectRetried
					if again || e.Kind == zmq.MonitorStopped {
						break
					}
				}
				if again != (bits&stop.bit == 0) {
					t.Errorf("tried again: %v", again)
				}
			})
		}
	}
}

// TestReconnectStopAfterDisconnect: a message that waits for a peer who is not
// there is given up.
func TestReconnectStopAfterDisconnect(t *testing.T) {
	c := newContext(t)
	s := open(t, c, zmq.Push, zmq.ReconnectStop, 4, zmq.ReconnectIvl, 1)
	endpoint := freeAddress(t)
	connect(t, s, endpoint)
	send(t, s, "x")
	if err := s.Disconnect(endpoint); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil { // the context's Close would wait for the message
		t.Fatal(err)
	}
}

func TestContextOptionsHaveEffects(t *testing.T) {
	set := func(id zmq.Option, v any) *zmq.Context {
		c := newContext(t)
		if err := c.Set(id, v); err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := set(zmq.MaxSockets, 1)
	open(t, c, zmq.Pair)
	_, err := c.NewSocket(zmq.Pair)
	expectErr(t, "second socket", err, zmq.EMFILE)
	if limit, err := c.Get(zmq.SocketLimit); err != nil {
		t.Error(err)
	} else {
		expectErr(t, "beyond SOCKET_LIMIT", c.Set(zmq.MaxSockets, limit.(int)+1), zmq.EINVAL)
	}
	for _, blocky := range []bool{true, false} {
		linger, err := open(t, set(zmq.Blocky, blocky), zmq.Push).Get(zmq.Linger)
		if want := map[bool]int{true: -1, false: 0}[blocky]; linger != want || err != nil {
			t.Errorf("BLOCKY %v: linger %v, %v", blocky, linger, err)
		}
	}
	for _, on := range []bool{true, false} {
		if v, err := open(t, set(zmq.IPv6, on), zmq.Push).Get(zmq.IPv6); v != on || err != nil {
			t.Errorf("IPV6 %v: %v, %v", on, v, err)
		}
	}
	local := set(zmq.IOThreads, 0)
	a, b := open(t, local, zmq.Pair), open(t, local, zmq.Pair)
	local.Set(zmq.IOThreads, 1) // too late
	expectErr(t, "bind", a.Bind("tcp://127.0.0.1:*"), zmq.EMTHREAD)
	expectErr(t, "connect", a.Connect("tcp://127.0.0.1:9"), zmq.EMTHREAD)
	join(t, a, b, "inproc://a")
	send(t, a, "x")
	expect(t, b, "x")
}

// TestIPv6 binds and connects to ::1, which IPV4ONLY forbids.
func TestIPv6(t *testing.T) {
	if l, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Skip("skipped: needs an IPv6 loopback interface")
	} else {
		l.Close()
	}
	c := newContext(t)
	pull, push := open(t, c, zmq.Pull, zmq.IPv6, true), open(t, c, zmq.Push, zmq.IPv4Only, false)
	join(t, pull, push, "tcp://[::1]:*")
	send(t, push, "x")
	expect(t, pull, "x")
	if err := open(t, c, zmq.Pull, zmq.IPv4Only, true).Bind("tcp://[::1]:*"); err == nil {
		t.Error("bound without IPV6")
	}
}

// TestMessageProperties: what a message tells about the connection it came over.
func TestMessageProperties(t *testing.T) {
	forEachTransport(t, func(t *testing.T, endpoint string) {
		c := newContext(t)
		router := open(t, c, zmq.Router)
		dealer := open(t, c, zmq.Dealer, zmq.RoutingID, "me", zmq.Metadata, "X-Answer:42", zmq.Metadata, "X-Answer:43")
		join(t, router, dealer, endpoint)
		send(t, dealer, "a", "b")
		var m zmq.Message
		if err := router.RecvMessage(deadline(t), &m); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"Socket-Type": "DEALER", "Identity": "me", "Routing-Id": "me", "X-Answer": "42"}
		switch endpoint[:3] {
		case "inp":
			want = nil
		case "tcp", "ws:":
			want["Peer-Address"] = "127.0.0.1"
		}
		for _, name := range []string{"Socket-Type", "Identity", "Routing-Id", "X-Answer", "Peer-Address", "User-Id", "x-answer", "nothing"} {
			got, ok := m.Property(name)
			if endpoint[:3] == "ipc" && name == "Peer-Address" {
				if !strings.HasPrefix(got, "localhost:") {
					t.Errorf("Peer-Address %q", got)
				}
				continue
			}
			if has := want[name] != ""; got != want[name] || ok != has {
				t.Errorf("%s is %q, %v", name, got, ok)
			}
		}
		fd, ok := m.Property("__fd") // C's ZMQ_SRCFD
		if ok != (want != nil) {
			t.Errorf("descriptor %q, %v", fd, ok)
		}
		if target, err := os.Readlink(filepath.Join("/proc/self/fd", fd)); ok && err == nil && !strings.HasPrefix(target, "socket:") {
			t.Errorf("descriptor %s is %s", fd, target)
		}
	})
}

// TestPropertiesOfARawPeer: bytes come with the address they come from.
func TestPropertiesOfARawPeer(t *testing.T) {
	c := newContext(t)
	stream := open(t, c, zmq.Stream)
	bind(t, stream, "tcp://127.0.0.1:*")
	ztest.Dial(t, "tcp", strings.TrimPrefix(stream.LastEndpoint(), "tcp://"))
	var m zmq.Message
	if err := stream.RecvMessage(deadline(t), &m); err != nil {
		t.Fatal(err)
	}
	if got, ok := m.Property("Peer-Address"); got != "127.0.0.1" || !ok {
		t.Errorf("Peer-Address %q", got)
	}
}

// A limit that is lowered holds for a publisher that waits, however much room it had
// found before.
func TestLowerLimitOfPublisher(t *testing.T) {
	c := newContext(t)
	pub := open(t, c, zmq.XPub, zmq.XPubNoDrop, true, zmq.SndHWM, 10)
	if err := pub.Bind("inproc://lower"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		sub := open(t, c, zmq.Sub, zmq.RcvHWM, 10)
		connect(t, sub, "inproc://lower")
		if err := sub.Subscribe(""); err != nil {
			t.Fatal(err)
		}
	}
	if err := pub.WaitPeers(deadline(t), 2); err != nil {
		t.Fatal(err)
	}
	sent := 0
	for ; pub.TrySend([]byte("x")) == nil && sent < 100; sent++ {
		if sent == 0 {
			if err := pub.Set(zmq.SndHWM, 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	if sent != 11 {
		t.Errorf("%d messages sent with limits of 1 and 10", sent)
	}
}
