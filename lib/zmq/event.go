package zmq

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"ztools/lib/internal/engine"
	"ztools/lib/internal/errno"
	"ztools/lib/internal/security"
	"ztools/lib/internal/wire"
)

// EventKind is what happened to a connection, with the number libzmq gives it
// (zmq_socket_monitor(3)).
type EventKind uint32

// The events.
const (
	Connected               EventKind = 0x0001
	ConnectDelayed          EventKind = 0x0002
	ConnectRetried          EventKind = 0x0004
	Listening               EventKind = 0x0008
	BindFailed              EventKind = 0x0010
	Accepted                EventKind = 0x0020
	AcceptFailed            EventKind = 0x0040
	Closed                  EventKind = 0x0080
	CloseFailed             EventKind = 0x0100
	Disconnected            EventKind = 0x0200
	MonitorStopped          EventKind = 0x0400
	HandshakeFailedNoDetail EventKind = 0x0800
	HandshakeSucceeded      EventKind = 0x1000
	HandshakeFailedProtocol EventKind = 0x2000
	HandshakeFailedAuth     EventKind = 0x4000
)

var eventNames = map[EventKind]string{
	Connected:               "CONNECTED",
	ConnectDelayed:          "CONNECT_DELAYED",
	ConnectRetried:          "CONNECT_RETRIED",
	Listening:               "LISTENING",
	BindFailed:              "BIND_FAILED",
	Accepted:                "ACCEPTED",
	AcceptFailed:            "ACCEPT_FAILED",
	Closed:                  "CLOSED",
	CloseFailed:             "CLOSE_FAILED",
	Disconnected:            "DISCONNECTED",
	MonitorStopped:          "MONITOR_STOPPED",
	HandshakeFailedNoDetail: "HANDSHAKE_FAILED_NO_DETAIL",
	HandshakeSucceeded:      "HANDSHAKE_SUCCEEDED",
	HandshakeFailedProtocol: "HANDSHAKE_FAILED_PROTOCOL",
	HandshakeFailedAuth:     "HANDSHAKE_FAILED_AUTH",
}

// String is libzmq's name without ZMQ_EVENT_.
func (k EventKind) String() string {
	if n, ok := eventNames[k]; ok {
		return n
	}
	return "UNKNOWN"
}

// Event is one thing that happened to a socket's connections.
type Event struct {
	Kind     EventKind
	Time     time.Time
	Value    int    // libzmq's value where it is no descriptor: errno, interval in ms, protocol error code, ZAP status
	Endpoint string // as configured; for a bind, as bound
	Local    string // address of this side, if there is a connection
	Remote   string // address of the peer
	Conn     uint64 // which connect or accepted connection; 0 for a bind itself

	SocketType string // the peer's, once the handshake is done
	Mechanism  string // agreed on; known once the greetings are exchanged
	RoutingID  []byte
	Err        error // the reason, for what went wrong
}

// errnoInProgress is the value of ConnectDelayed.
const errnoInProgress = errno.EINPROGRESS

// watchMax is how many events wait for a watcher that does not read. Beyond
// that the oldest are dropped.
const watchMax = 8192

// monitor hands events to those who watch. Watching costs nothing when nobody
// does.
type monitor struct {
	some atomic.Bool

	mu       sync.Mutex // guards the fields below
	watchers map[*watcher]struct{}
	over     bool
}

// watcher is one reader of events.
type watcher struct {
	events []Event // guarded by monitor.mu
	ready  chan struct{}
}

// Events is what happens to the socket's connections from this call on, until
// ctx is done or the socket is closed and has lingered; the last event is then
// MonitorStopped. The sequence can be used once. A watcher that lags more than
// 8,192 events behind loses the oldest.
func (s *Socket) Events(ctx context.Context) iter.Seq[Event] {
	w := &watcher{ready: make(chan struct{}, 1)}
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

func (m *monitor) add(w *watcher) {
	m.mu.Lock()
	defer m.mu.Unlock()
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
	delete(m.watchers, w)
	m.some.Store(len(m.watchers) > 0)
}

// take is the events that wait for w, and whether no more will come.
func (m *monitor) take(w *watcher) (events []Event, over bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	events, w.events = w.events, nil
	return events, m.over
}

// publish hands ev to all watchers.
func (m *monitor) publish(ev Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for w := range m.watchers {
		if len(w.events) == watchMax {
			w.events = w.events[1:]
		}
		w.events = append(w.events, ev)
		w.wake()
	}
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
	}
}

// emit publishes an event if anybody watches.
func (s *Socket) emit(ev Event, kind EventKind, value int, err error) {
	if !s.monitor.some.Load() {
		return
	}
	ev.Kind, ev.Value, ev.Err, ev.Time = kind, value, err, time.Now()
	s.monitor.publish(ev)
}

// handshakeError marks an error that ended a connection during its handshake.
type handshakeError struct{ error }

// Unwrap is the error itself.
func (e *handshakeError) Unwrap() error { return e.error }

// emitFailure publishes the event of a failed handshake.
func (s *Socket) emitFailure(ev Event, err error) {
	var violation *wire.ProtocolError
	var refusal *security.AuthError
	var stage *engine.MechanismError
	if errors.As(err, &stage) {
		ev.Mechanism = stage.Mechanism
	}
	switch {
	case errors.As(err, &refusal):
		s.emit(ev, HandshakeFailedAuth, refusal.Status, err)
	case errors.As(err, &violation):
		s.emit(ev, HandshakeFailedProtocol, int(violation.Code), err)
	case errors.Is(err, security.ErrNoHandler):
		s.emit(ev, HandshakeFailedNoDetail, int(EFAULT), err)
	case engine.CauseOf(err) == engine.TimedOut:
		s.emit(ev, HandshakeFailedNoDetail, int(ETIMEDOUT), err)
	default:
		s.emit(ev, HandshakeFailedNoDetail, int(EPIPE), err)
	}
}
