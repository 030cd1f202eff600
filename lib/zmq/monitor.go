package zmq

import (
	"context"
	"encoding/binary"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"ztools/lib/internal/transport"
)

// Who watches a socket, and in what form:
//
//	Events            a sequence of Event
//	Monitor           libzmq's messages at an inproc endpoint, made from the
//	                  sequence by a goroutine that the context waits for

// watchMax is how many events wait for a watcher that does not read. Beyond
// that the oldest are dropped.
const watchMax = 8192

// monitor hands events to those who watch. Watching costs nothing when nobody
// does.
type monitor struct {
	some atomic.Bool

	mu       sync.Mutex // guards the fields below
	watchers map[*watcher]struct{}
	sender   *watcher // behind the endpoint of Monitor, or nil
	over     bool
}

// watcher is one reader of events.
type watcher struct {
	mask  EventKind          // constant: what it wants
	stop  context.CancelFunc // constant: it waits for nobody any more; nil for Events
	ready chan struct{}

	events []Event // guarded by monitor.mu
	over   bool    // guarded by monitor.mu: no more will come
}

// Events is what happens to the socket's connections from this call on, until
// ctx is done or the socket is closed and has lingered; the last event is then
// MonitorStopped. The sequence can be used once. A watcher that lags more than
// 8,192 events behind loses the oldest.
func (s *Socket) Events(ctx context.Context) iter.Seq[Event] {
	w := &watcher{mask: AllEventsV2, ready: make(chan struct{}, 1)}
	s.monitor.add(w)
	unhook := context.AfterFunc(ctx, func() { s.monitor.remove(w) })
	return func(yield func(Event) bool) {
		defer unhook()
		defer s.monitor.remove(w)
		for {
			events, over := s.monitor.take(w)
			for _, ev := range events {
				if ctx.Err() != nil || !yield(ev) {
					return
				}
			}
			if over {
				return
			}
			select {
			case <-w.ready:
			case <-ctx.Done():
				return
			}
		}
	}
}

// watched reports whether anybody watches.
func (m *monitor) watched() bool { return m.some.Load() }

func (m *monitor) add(w *watcher) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.addLocked(w)
}

func (m *monitor) addLocked(w *watcher) {
	if m.over {
		return
	}
	if m.watchers == nil {
		m.watchers = map[*watcher]struct{}{}
	}
	m.watchers[w] = struct{}{}
	m.some.Store(true)
}

func (m *monitor) remove(w *watcher) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.removeLocked(w)
}

func (m *monitor) removeLocked(w *watcher) {
	delete(m.watchers, w)
	if m.sender == w {
		m.sender = nil
	}
	m.some.Store(len(m.watchers) > 0)
}

// take is the events that wait for w, and whether no more will come.
func (m *monitor) take(w *watcher) (events []Event, over bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	events, w.events = w.events, nil
	return events, m.over || w.over
}

// publish hands ev to all watchers.
func (m *monitor) publish(ev Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for w := range m.watchers {
		w.addLocked(ev)
	}
}

// addLocked hands ev to one watcher, if it wants it.
func (w *watcher) addLocked(ev Event) {
	if ev.Kind&w.mask == 0 {
		return
	}
	if len(w.events) == watchMax {
		w.events = w.events[1:]
	}
	w.events = append(w.events, ev)
	w.wake()
}

func (w *watcher) wake() {
	select {
	case w.ready <- struct{}{}:
	default:
	}
}

// end tells all watchers that the socket is gone.
func (m *monitor) end(s *Socket) {
	s.emit(Event{}, MonitorStopped, 0, nil)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.over = true
	for w := range m.watchers {
		w.wake()
		if w.stop != nil {
			w.stop()
		}
	}
}

// Monitor makes the events that are in the mask come as messages of version 1
// at an inproc endpoint, to which a PAIR socket connects (zmq_socket_monitor(3)):
// event and value in six bytes of the machine's order, then the endpoint. It
// replaces the monitor before it. Errors: EPROTONOSUPPORT for another transport,
// EINVAL for an event beyond AllEvents, EADDRINUSE, EMFILE, ETERM, ENOTSOCK.
//
// Messages wait for the other side, at most about 8,000, of which the oldest are
// dropped.
func (s *Socket) Monitor(ep string, mask EventKind) error {
	return s.MonitorVersioned(ep, mask, 1, Pair)
}

// MonitorVersioned is Monitor with messages of version 1 or 2 and a socket of
// type Pair, Pub or Push at the endpoint (zmq_socket_monitor_versioned). A
// message of version 2 is the event, the number of values, the values, 8 bytes
// each, the local and the remote endpoint. Other versions and types are EINVAL.
func (s *Socket) MonitorVersioned(ep string, mask EventKind, version int, t Type) error {
	if err := s.monitorAt(ep, mask, version, t); err != nil {
		return &Error{"monitor", ep, err}
	}
	return nil
}

func (s *Socket) monitorAt(ep string, mask EventKind, version int, t Type) error {
	if version == 1 && mask > AllEvents {
		return EINVAL
	}
	scheme, _, err := transport.Split(ep)
	switch {
	case err != nil:
		return err
	case scheme != "inproc":
		return EPROTONOSUPPORT
	}
	if err := s.StopMonitor(); err != nil {
		return err
	}
	if version != 1 && version != 2 || !t.in(Pair, Pub, Push) {
		return EINVAL
	}
	out, err := s.ctx.NewSocket(t)
	if err != nil {
		return NumberOf(err)
	}
	if err := out.bind(ep); err != nil {
		_ = out.Close() // it is open
		return err
	}
	_ = out.Set(Linger, 0) // it is open
	s.monitor.open(s.ctx, out, mask, version)
	return nil
}

// StopMonitor ends what Monitor began; the last message is MonitorStopped. Without
// a monitor it does nothing. Errors: ETERM, ENOTSOCK.
func (s *Socket) StopMonitor() error {
	s.mu.Lock()
	err := s.aliveLocked()
	s.mu.Unlock()
	if err != nil {
		return err
	}
	m := &s.monitor
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stopLocked()
	return nil
}

// stopLocked ends the sender, if there is one.
func (m *monitor) stopLocked() {
	w := m.sender
	if w == nil {
		return
	}
	w.addLocked(Event{Kind: MonitorStopped, Time: time.Now()})
	w.over = true
	w.wake() // even if it does not want that event
	m.removeLocked(w)
	w.stop()
}

// open starts to send the events through out, which it owns, in place of a sender
// that another call has opened meanwhile.
func (m *monitor) open(c *Context, out *Socket, mask EventKind, version int) {
	ctx, stop := context.WithCancel(context.Background())
	w := &watcher{mask: mask, stop: stop, ready: make(chan struct{}, 1)}
	m.mu.Lock()
	m.stopLocked()
	m.addLocked(w)
	m.sender = w
	m.mu.Unlock()
	c.open.Add(1)
	go func() { // the context waits for it
		defer c.open.Done()
		defer stop()
		m.send(ctx, w, out, version)
		m.remove(w)
		_ = out.Close() // it is open
	}()
}

// send sends w's events until no more will come. When ctx is done it sends what
// can be sent at once.
func (m *monitor) send(ctx context.Context, w *watcher, out *Socket, version int) {
	for {
		events, over := m.take(w)
		for i := range events {
			if out.Send(ctx, events[i].frames(version)...) != nil {
				return
			}
		}
		if over {
			return
		}
		<-w.ready
	}
}

// frames is the event as libzmq's monitor sends it.
func (ev *Event) frames(version int) [][]byte {
	local, remote := ev.uris()
	if version == 1 {
		head := binary.NativeEndian.AppendUint16(nil, uint16(ev.Kind))
		head = binary.NativeEndian.AppendUint32(head, uint32(ev.Value))
		name := remote
		if ev.bound {
			name = local
		}
		return [][]byte{head, []byte(name)}
	}
	values := []int{ev.Value}
	if ev.Kind == PipesStats {
		values = append(values, ev.Queued)
	}
	parts := [][]byte{nativeUint64(int(ev.Kind)), nativeUint64(len(values))}
	for _, v := range values {
		parts = append(parts, nativeUint64(v))
	}
	return append(parts, []byte(local), []byte(remote))
}

// nativeUint64 is a number in 8 bytes of the machine's order.
func nativeUint64(n int) []byte { return binary.NativeEndian.AppendUint64(nil, uint64(n)) }

// MonitorPipes makes an event PipesStats for each pipe of the socket, with the
// number of messages that wait in either direction
// (zmq_socket_monitor_pipes_stats). Errors: EINVAL if nobody watches for it,
// EAGAIN without a pipe, ETERM, ENOTSOCK.
func (s *Socket) MonitorPipes() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.aliveLocked(); err != nil {
		return err
	}
	if !s.monitor.wants(PipesStats) {
		return EINVAL
	}
	if len(s.pipes) == 0 {
		return EAGAIN
	}
	for p := range s.pipes {
		out, in := p.Queued()
		ev := pipeEvent(p)
		ev.Queued = in
		s.emit(ev, PipesStats, out, nil)
	}
	return nil
}

// wants reports whether somebody watches for a kind of event.
func (m *monitor) wants(kind EventKind) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for w := range m.watchers {
		if w.mask&kind != 0 {
			return true
		}
	}
	return false
}
