package zmq

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"

	"ztools/lib/internal/transport"
)

// watchBy opens a monitor of s and a PAIR, or its like, that receives from it.
func watchBy(t *testing.T, c *Context, s *Socket, mask EventKind, version int, kind, peer Type) *Socket {
	t.Helper()
	in := newTestSocket(t, c, peer)
	if peer == Sub {
		check(t, in.Subscribe(""))
	}
	check(t, s.MonitorVersioned("inproc://watch", mask, version, kind))
	check(t, in.Connect("inproc://watch"))
	return in
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newTestContext is closed at the end of the test, after its sockets.
func newTestContext(t *testing.T) *Context {
	c := NewContext()
	t.Cleanup(func() { check(t, c.Close()) })
	return c
}

// next is the numbers and the texts of a message of version 2.
func next(t *testing.T, in *Socket) (kind EventKind, values []uint64, local, remote string) {
	t.Helper()
	parts, err := in.Recv(context.Background())
	check(t, err)
	order := binary.NativeEndian
	n := int(order.Uint64(parts[1]))
	if len(parts) != n+4 {
		t.Fatalf("%d parts with %d values", len(parts), n)
	}
	for _, p := range parts[2 : 2+n] {
		values = append(values, order.Uint64(p))
	}
	return EventKind(order.Uint64(parts[0])), values, string(parts[n+2]), string(parts[n+3])
}

// The three types of sockets a monitor may have, and the mask.
func TestMonitorVersion2(t *testing.T) {
	for _, pair := range [][2]Type{{Pair, Pair}, {Push, Pull}, {Pub, Sub}} {
		c := newTestContext(t)
		s := newTestSocket(t, c, Pull)
		in := watchBy(t, c, s, Listening|Closed|MonitorStopped, 2, pair[0], pair[1])
		check(t, s.Bind("tcp://127.0.0.1:*"))
		endpoint := s.LastEndpoint()
		if kind, values, local, remote := next(t, in); kind != Listening || len(values) != 1 || local != endpoint || remote != "" {
			t.Errorf("%v: %v %v %q %q", pair, kind, values, local, remote)
		}
		check(t, s.Unbind(endpoint))
		if kind, _, local, _ := next(t, in); kind != Closed || local != endpoint {
			t.Errorf("%v: %v %q", pair, kind, local)
		}
		check(t, s.StopMonitor())
		if kind, values, local, remote := next(t, in); kind != MonitorStopped || values[0] != 0 || local+remote != "" {
			t.Errorf("%v: %v %v %q %q", pair, kind, values, local, remote)
		}
	}
}

// Both ends of a connection, as each side names them.
func TestMonitorAddresses(t *testing.T) {
	c := newTestContext(t)
	server, client := newTestSocket(t, c, Pull), newTestSocket(t, c, Push)
	at := watchBy(t, c, server, Accepted, 2, Pair, Pair)
	to := newTestSocket(t, c, Pair)
	check(t, client.MonitorVersioned("inproc://client", Connected, 2, Pair))
	check(t, to.Connect("inproc://client"))
	check(t, server.Bind("tcp://127.0.0.1:*"))
	check(t, client.Connect(server.LastEndpoint()))
	_, _, near, far := next(t, to)
	_, _, local, remote := next(t, at)
	if far != server.LastEndpoint() || local != far || near != remote || near == "" {
		t.Errorf("client %q %q, server %q %q", near, far, local, remote)
	}
}

func TestMonitorPipes(t *testing.T) {
	c := newTestContext(t)
	a, b := newTestSocket(t, c, Pair), newTestSocket(t, c, Pair)
	if err := a.MonitorPipes(); !errors.Is(err, EINVAL) {
		t.Errorf("nobody watches: %v", err)
	}
	in := watchBy(t, c, a, AllEventsV2, 2, Pair, Pair)
	if err := a.MonitorPipes(); !errors.Is(err, EAGAIN) {
		t.Errorf("no pipe: %v", err)
	}
	check(t, a.Bind("inproc://a"))
	check(t, b.Connect("inproc://a"))
	ctx := context.Background()
	for range 3 {
		check(t, a.Send(ctx, []byte("x")))
	}
	check(t, b.Send(ctx, []byte("y")))
	check(t, a.MonitorPipes())
	if kind, values, _, _ := next(t, in); kind != PipesStats || len(values) != 2 || values[0] != 3 || values[1] != 1 {
		t.Errorf("%v %v", kind, values)
	}
}

func TestMonitorRefuses(t *testing.T) {
	c := newTestContext(t)
	s := newTestSocket(t, c, Pull)
	for _, tt := range []struct {
		endpoint string
		mask     EventKind
		version  int
		kind     Type
		want     error
	}{
		{"tcp://127.0.0.1:*", AllEvents, 1, Pair, EPROTONOSUPPORT},
		{"nothing", AllEvents, 1, Pair, EINVAL},
		{"inproc://x", AllEventsV2, 1, Pair, EINVAL},
		{"inproc://x", AllEvents, 3, Pair, EINVAL},
		{"inproc://x", AllEvents, 2, Dealer, EINVAL},
	} {
		if err := s.MonitorVersioned(tt.endpoint, tt.mask, tt.version, tt.kind); !errors.Is(err, tt.want) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
	check(t, s.Monitor("inproc://x", AllEvents))
	check(t, s.Monitor("inproc://y", AllEvents)) // replaces it
	check(t, s.Close())
	if err := s.Monitor("inproc://z", AllEvents); !errors.Is(err, ENOTSOCK) {
		t.Errorf("closed: %v", err)
	}
}

// A monitor whose other side never comes, or does not read, holds nobody up.
func TestMonitorUnread(t *testing.T) {
	c := newTestContext(t)
	s := newTestSocket(t, c, Pull)
	check(t, s.Monitor("inproc://x", AllEvents))
	for range 2 * watchMax {
		s.emit(Event{}, Listening, 0, nil)
	}
	check(t, s.Close())
}

// brokenListener accepts and closes as it is told.
type brokenListener struct {
	transport.Listener
	accepts chan error
	closes  error
}

func (l brokenListener) Accept() (net.Conn, error) { return nil, <-l.accepts }
func (l brokenListener) Close() error              { return l.closes }

// What the system refuses to a bind is told with its error number, and one failed
// accept does not end the bind.
func TestMonitorFailures(t *testing.T) {
	c := newTestContext(t)
	s := newTestSocket(t, c, Pull)
	in := watchBy(t, c, s, AcceptFailed|CloseFailed|Closed, 2, Pair, Pair)
	l := brokenListener{accepts: make(chan error), closes: EFAULT}
	b := &binding{sock: s, endpoint: "tcp://broken", listener: l, peers: map[*session]struct{}{}}
	s.wg.Add(1)
	go b.accept()
	for _, number := range []Errno{EMFILE, ECONNRESET} {
		l.accepts <- &transport.AcceptError{Err: number}
		if kind, values, local, _ := next(t, in); kind != AcceptFailed || values[0] != uint64(number) || local != "tcp://broken" {
			t.Errorf("%v %v %q", kind, values, local)
		}
	}
	b.close(0)
	if kind, values, local, _ := next(t, in); kind != CloseFailed || values[0] != uint64(EFAULT) || local != "tcp://broken" {
		t.Errorf("%v %v %q", kind, values, local)
	}
	l.accepts <- ENOTSOCK
}

// Watching costs nothing when nobody watches: an event is not even made.
func TestUnwatchedEventsCostNothing(t *testing.T) {
	c := newTestContext(t)
	s := newTestSocket(t, c, Pull)
	emit := emitters(s)
	if n := testing.AllocsPerRun(100, emit); n != 0 {
		t.Errorf("%v allocations", n)
	}
	w := &watcher{mask: AllEvents, ready: make(chan struct{}, 1)}
	s.monitor.add(w)
	emit()
	if events, _ := s.monitor.take(w); len(events) != 4 {
		t.Errorf("with a watcher %d events", len(events))
	}
	s.monitor.remove(w)
	if n := testing.AllocsPerRun(100, emit); n != 0 {
		t.Errorf("after the watcher %v allocations", n)
	}
}

// emitters tell of something by each way that there is.
func emitters(s *Socket) func() {
	x := s.newSession(s.snapshotLocked(), "tcp://x", true)
	end, _ := net.Pipe()
	conn := &connection{Conn: end}
	b, failed := &binding{sock: s, endpoint: "tcp://x"}, error(EMFILE)
	return func() {
		x.emit(conn, Disconnected, 0, nil)
		x.emitOpen(conn, Accepted, nil)
		b.emit(AcceptFailed, int(EMFILE), failed)
		s.emit(Event{Endpoint: "tcp://x"}, Listening, 0, nil)
	}
}

// BenchmarkEvents is the cost of four events.
func BenchmarkEvents(b *testing.B) {
	for name, watched := range map[string]bool{"unwatched": false, "watched": true} {
		b.Run(name, func(b *testing.B) {
			c := NewContext()
			defer c.Close()
			s, err := c.NewSocket(Pull)
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			w := &watcher{mask: AllEvents, ready: make(chan struct{}, 1)}
			if watched {
				s.monitor.add(w)
			}
			emit := emitters(s)
			b.ReportAllocs()
			for b.Loop() {
				if emit(); watched {
					s.monitor.take(w)
				}
			}
		})
	}
}

// Of two monitors that are opened at once one stays.
func TestMonitorOpenedTwiceAtOnce(t *testing.T) {
	c := newTestContext(t)
	s := newTestSocket(t, c, Pull)
	for round := range 200 {
		var both sync.WaitGroup
		for i := range 2 {
			both.Go(func() {
				if err := s.Monitor(fmt.Sprintf("inproc://%d/%d", round, i), AllEvents); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		s.monitor.mu.Lock()
		n := len(s.monitor.watchers)
		s.monitor.mu.Unlock()
		if n != 1 {
			t.Fatalf("%d monitors in round %d", n, round)
		}
	}
}

// A socket that is taken out while it is being added is not watched any more.
func TestPollerAddsAndRemovesAtOnce(t *testing.T) {
	c := newTestContext(t)
	s, p := newTestSocket(t, c, Pull), NewPoller()
	for round := range 10_000 {
		added := make(chan error, 1)
		go func() { added <- p.Add(s, PollIn, nil) }()
		for p.Remove(s) != nil {
		}
		check(t, <-added)
		s.inbox.mu.Lock()
		n := len(s.inbox.watchers)
		s.inbox.mu.Unlock()
		if n != 0 {
			t.Fatalf("%d watchers in round %d", n, round)
		}
	}
}
