package zmq_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"ztools/lib/zmq"
)

// A rig is a proxy with a socket at each side of it.
type rig struct {
	*zmq.Proxy
	t           *testing.T
	context     *zmq.Context
	left, right *zmq.Socket
	done        chan error
}

// newRig opens the sockets left, front, back, right, joined over a transport.
func newRig(t *testing.T, transport string, types [4]zmq.Type, options ...any) *rig {
	t.Helper()
	c := newContext(t)
	r := &rig{t: t, context: c, done: make(chan error, 1)}
	r.left, r.right = open(t, c, types[0], options...), open(t, c, types[3], options...)
	r.Proxy = zmq.NewProxy(open(t, c, types[1], options...), open(t, c, types[2], options...))
	join(t, r.Front, r.left, transport)
	if transport == "inproc://front" {
		transport = "inproc://back"
	}
	join(t, r.Back, r.right, transport)
	return r
}

// start runs the proxy until stop.
func (r *rig) start() *rig {
	go func() { r.done <- r.Run(context.Background()) }()
	return r
}

// stop ends it.
func (r *rig) stop() {
	r.t.Helper()
	r.Terminate()
	r.ended(nil)
}

// ended waits for its end.
func (r *rig) ended(want error) {
	r.t.Helper()
	if err := within(r.t, r.done); !errors.Is(err, want) {
		r.t.Errorf("proxy ended with %v, want %v", err, want)
	}
}

var (
	streamer  = [4]zmq.Type{zmq.Push, zmq.Pull, zmq.Push, zmq.Pull}
	queue     = [4]zmq.Type{zmq.Req, zmq.Router, zmq.Dealer, zmq.Rep}
	forwarder = [4]zmq.Type{zmq.Pub, zmq.XSub, zmq.XPub, zmq.Sub}
	pairs     = [4]zmq.Type{zmq.Pair, zmq.Pair, zmq.Pair, zmq.Pair}
)

// Messages of all shapes pass in order, and the counters add up.
func TestProxyPasses(t *testing.T) {
	big := string(bytes.Repeat([]byte("big "), 2_000))
	for _, transport := range []string{"inproc://front", "tcp://127.0.0.1:*"} {
		r := newRig(t, transport, streamer).start()
		var want zmq.ProxyTraffic
		const rounds = 200
		go func() {
			for i := range rounds {
				send(t, r.left, fmt.Sprint(i))
				send(t, r.left, "a", "", big)
			}
		}()
		for i := range rounds {
			expect(t, r.right, fmt.Sprint(i))
			expect(t, r.right, "a", "", big)
			want.Messages += 2
			want.Parts += 4
			want.Bytes += uint64(len(fmt.Sprint(i)) + 1 + len(big))
		}
		r.stop()
		if got := r.Stats(); got != (zmq.ProxyStats{FrontReceived: want, BackSent: want}) {
			t.Errorf("%s: %+v, want %+v", transport, got, want)
		}
	}
}

func TestProxyRoundTrips(t *testing.T) {
	r := newRig(t, "tcp://127.0.0.1:*", queue).start()
	for i := range 200 {
		send(t, r.left, "ask", fmt.Sprint(i))
		expect(t, r.right, "ask", fmt.Sprint(i))
		send(t, r.right, "answer")
		expect(t, r.left, "answer")
	}
	r.stop()
	if got := r.Stats(); got.FrontSent.Messages != 200 || got.BackReceived.Parts != 200*3 {
		t.Errorf("%+v", got)
	}
}

// A REP or REQ keeps to its sequence in a proxy, too, which wants to receive more than
// one message and so ends; it is not taken for the ROUTER or DEALER that it is made of.
func TestProxyOfRequests(t *testing.T) {
	for _, types := range [][4]zmq.Type{
		{zmq.Req, zmq.Rep, zmq.Dealer, zmq.Dealer},
		{zmq.Req, zmq.Rep, zmq.Req, zmq.Rep},
	} {
		r := newRig(t, "tcp://127.0.0.1:*", types).start()
		send(t, r.left, "ask")
		r.ended(zmq.EFSM)
	}
}

// Subscriptions pass upstream, and come again when the publisher does.
func TestProxyForwards(t *testing.T) {
	r := newRig(t, "inproc://front", forwarder).start()
	if err := r.right.Subscribe("a"); err != nil {
		t.Fatal(err)
	}
	if err := r.left.WaitPeers(deadline(t), 1); err != nil {
		t.Fatal(err)
	}
	send(t, r.left, "b")
	send(t, r.left, "a1")
	expect(t, r.right, "a1")
	if err := r.left.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, r.context, zmq.Pub)
	connect(t, again, "inproc://front")
	if err := again.WaitPeers(deadline(t), 1); err != nil {
		t.Fatal(err)
	}
	send(t, again, "a2")
	expect(t, r.right, "a2")
	r.stop()
	if got := r.Stats().FrontReceived.Messages; got != 2 {
		t.Errorf("%d messages came, although one was not subscribed to", got)
	}
}

// Groups pass too.
func TestProxyDraftTypes(t *testing.T) {
	radio := newRig(t, "inproc://front", [4]zmq.Type{zmq.Radio, zmq.Dish, zmq.Radio, zmq.Dish}).start()
	for _, s := range []*zmq.Socket{radio.Front, radio.right} {
		if err := s.Join("g"); err != nil {
			t.Fatal(err)
		}
	}
	var m zmq.Message
	m.AppendString("x")
	if err := m.SetGroup("g"); err != nil {
		t.Fatal(err)
	}
	if err := radio.left.SendMessage(deadline(t), &m); err != nil {
		t.Fatal(err)
	}
	if err := radio.right.RecvMessage(deadline(t), &m); err != nil || m.Group() != "g" || string(m.Bytes()) != "x" {
		t.Errorf("%v %v of group %q", err, &m, m.Group())
	}
	radio.stop()
}

// A receiving side that takes nothing holds the other up: the proxy takes no more
// than the queues hold, and loses nothing.
func TestProxyHoldsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, "inproc://front", streamer, zmq.SndHWM, 10, zmq.RcvHWM, 10).start()
		sent := 0
		for full := false; !full; sent++ {
			synctest.Wait()
			full = errors.Is(r.left.TrySend([]byte(fmt.Sprint(sent))), zmq.EAGAIN)
		}
		sent--
		if sent > 40 {
			t.Errorf("%d messages wait in four queues of 10", sent)
		}
		for i := range sent {
			expect(t, r.right, fmt.Sprint(i))
		}
		r.stop()
	})
}

func TestProxyCaptures(t *testing.T) {
	big := string(make([]byte, 10_000))
	r := newRig(t, "inproc://front", pairs)
	r.Capture = open(t, r.context, zmq.Push)
	seen := open(t, r.context, zmq.Pull)
	join(t, r.Capture, seen, "inproc://capture")
	r.start()
	send(t, r.left, "there", big)
	expect(t, r.right, "there", big)
	expect(t, seen, "there", big)
	send(t, r.right, "back")
	expect(t, seen, "back")
	r.stop()
}

func TestProxyInspects(t *testing.T) {
	r := newRig(t, "inproc://front", pairs)
	r.Capture = open(t, r.context, zmq.Pair)
	seen := open(t, r.context, zmq.Pair)
	join(t, r.Capture, seen, "inproc://capture")
	r.Inspect = func(to *zmq.Socket, m *zmq.Message) bool {
		m.AppendString(map[*zmq.Socket]string{r.Front: "to front", r.Back: "to back"}[to])
		return string(m.Bytes()) != "secret"
	}
	r.start()
	send(t, r.left, "secret")
	send(t, r.left, "x")
	expect(t, r.right, "x", "to back")
	expect(t, seen, "x", "to back")
	send(t, r.right, "y")
	expect(t, r.left, "y", "to front")
	r.stop()
	if got := r.Stats(); got.Dropped != 1 || got.BackSent.Messages != 1 || got.FrontReceived.Messages != 2 {
		t.Errorf("%+v", got)
	}
}

// The commands, by a PAIR that is answered only where there is something to say,
// and by a REP that answers all.
func TestProxyControl(t *testing.T) {
	for _, types := range [][2]zmq.Type{{zmq.Pair, zmq.Pair}, {zmq.Rep, zmq.Req}} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, "inproc://front", streamer)
			r.Control = open(t, r.context, types[0])
			master := open(t, r.context, types[1])
			join(t, r.Control, master, "inproc://control")
			r.start()
			order := func(command string) {
				t.Helper()
				send(t, master, command)
				if types[0] == zmq.Rep {
					expect(t, master, "")
				}
				synctest.Wait()
			}
			send(t, r.left, "a", "bc")
			expect(t, r.right, "a", "bc")
			order("PAUSE")
			send(t, r.left, "d")
			synctest.Wait()
			if _, err := r.right.TryRecv(); !errors.Is(err, zmq.EAGAIN) {
				t.Errorf("paused: %v", err)
			}
			order("RESUME")
			expect(t, r.right, "d")
			send(t, master, "STATISTICS")
			parts, err := master.Recv(deadline(t))
			if err != nil {
				t.Fatal(err)
			}
			var got [8]uint64
			for i, p := range parts {
				got[i] = binary.NativeEndian.Uint64(p)
			}
			if want := [8]uint64{3, 4, 0, 0, 0, 0, 3, 4}; got != want || len(parts) != 8 {
				t.Errorf("statistics %v, want %v", got, want)
			}
			order("NONSENSE")
			order("TERMINATE")
			r.ended(nil)
		})
	}
}

// Finish passes on what has come, the end of the context does not.
func TestProxyEnds(t *testing.T) {
	r := newRig(t, "inproc://front", streamer)
	for range 600 {
		send(t, r.left, "x")
	}
	r.Finish()
	if err := r.Run(context.Background()); err != nil {
		t.Error(err)
	}
	if got := r.Stats().BackSent.Messages; got != 600 {
		t.Errorf("%d messages passed on", got)
	}

	idle := newRig(t, "inproc://front", queue)
	ctx, cancel := context.WithTimeoutCause(context.Background(), time.Millisecond, zmq.ETIMEDOUT)
	defer cancel()
	if err := idle.Run(ctx); !errors.Is(err, zmq.ETIMEDOUT) {
		t.Errorf("ended with %v", err)
	}

	shut := newRig(t, "inproc://front", queue).start()
	shut.context.Shutdown()
	shut.ended(zmq.ETERM)

	none := newRig(t, "inproc://front", [4]zmq.Type{zmq.Push, zmq.Pull, zmq.Pull, zmq.Push})
	if err := none.Run(context.Background()); !errors.Is(err, zmq.ENOTSUP) {
		t.Errorf("PULL to PULL: %v", err)
	}
}

// A proxy from a socket to itself.
func TestProxyToItself(t *testing.T) {
	c := newContext(t)
	echo, a := open(t, c, zmq.Router), open(t, c, zmq.Dealer)
	join(t, echo, a, "inproc://echo")
	p := zmq.NewProxy(echo, echo)
	done := blocked(func() error { return p.Run(context.Background()) })
	send(t, a, "hello")
	expect(t, a, "hello")
	p.Terminate()
	if err := within(t, done); err != nil {
		t.Error(err)
	}
}
