package zmq

import (
	"errors"
	"net"
	"strings"
	"syscall"
	"time"

	"ztools/lib/internal/engine"
	"ztools/lib/internal/errno"
	"ztools/lib/internal/pipe"
	"ztools/lib/internal/security"
	"ztools/lib/internal/transport"
	"ztools/lib/internal/wire"
)

// An event is made where it happens and only if somebody watches:
//
//	1 emit      of the session, connector or binding: addresses, peer, reason
//	2 publish   monitor.go: to all who watch the socket

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
	PipesStats              EventKind = 0x10000
)

// The events that the two forms of Monitor know.
const (
	AllEvents   EventKind = 0xFFFF
	AllEventsV2 EventKind = 0x1FFFF
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
	PipesStats:              "PIPES_STATS",
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
	Kind EventKind
	Time time.Time
	// Value is libzmq's: an errno, the pause in ms before a retry, a protocol
	// error code, a ZAP status, the messages queued for a peer (PipesStats), else
	// the descriptor, or -1 where there is none to be had.
	Value    int
	Queued   int    // PipesStats: messages of the peer that wait to be received
	Endpoint string // as configured; for a bind, as bound
	Local    string // address of this side, if there is a connection
	Remote   string // address of the peer
	Conn     uint64 // which connect or accepted connection; 0 for a bind itself

	// What the peer said of itself: all of it once the handshake is done, and what
	// came before the mistake if it failed.
	SocketType string
	Version    string // of ZMTP, such as "3.1"
	Mechanism  string // that of its greeting
	RoutingID  []byte
	UserID     string // whom the authentication took it for
	Secured    bool   // this side has a mechanism other than NULL, or a ZAP domain
	Err        error  // the reason, for what went wrong; ConnectRetried: with the attempt before
	Code       int    // what the peer did wrong, a protocol error code of zmq_socket_monitor(3); 0 for nothing

	// name is what libzmq calls the near end of a bind, or the far end of a
	// connect, where that is not Local or Remote.
	name  string
	bound bool // the connection came in by a bind
}

// Refused reports whether the event tells of a handshake that failed for good:
// the connection is not made again (Final). libzmq tells of some such failures by
// Disconnected alone.
func (ev *Event) Refused() bool {
	switch ev.Kind {
	case HandshakeFailedAuth, HandshakeFailedProtocol:
		return true
	case Disconnected:
		var failed *handshakeError
		return ev.Code != 0 && errors.As(ev.Err, &failed)
	}
	return false
}

// Final reports whether the event tells that the connection is not made again,
// for what the peer did: in the handshake, or by breaking the protocol later.
func (ev *Event) Final() bool {
	return ev.Refused() || ev.Kind == Disconnected && ev.Code != 0
}

// uris are the addresses of both ends as libzmq gives them.
func (ev *Event) uris() (local, remote string) {
	local, remote = ev.Local, ev.Remote
	switch {
	case ev.name == "":
	case ev.bound:
		local = ev.name
	default:
		remote = ev.name
	}
	return local, remote
}

// errnoInProgress is the value of ConnectDelayed.
const errnoInProgress = errno.EINPROGRESS

// noDescriptor is the value of an event whose descriptor is unknown.
const noDescriptor = -1

// descriptorOf is the descriptor of a connection or listener.
func descriptorOf(c any) int {
	fd := noDescriptor
	if s, ok := c.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			_ = raw.Control(func(n uintptr) { fd = int(n) }) // fails when c is closed: there is none
		}
	}
	return fd
}

// emit publishes an event if anybody watches.
func (s *Socket) emit(ev Event, kind EventKind, value int, err error) {
	if !s.monitor.watched() {
		return
	}
	ev.Kind, ev.Value, ev.Err, ev.Time = kind, value, err, time.Now()
	var violation *wire.ProtocolError
	if errors.As(err, &violation) {
		ev.Code = int(violation.Code)
	}
	s.monitor.publish(ev)
}

// emit publishes an event of the session's connection.
func (x *session) emit(c *connection, kind EventKind, value int, err error) {
	if x.sock.monitor.watched() {
		x.sock.emit(x.event(c), kind, value, err)
	}
}

// emitOpen publishes an event whose value is the connection's descriptor.
func (x *session) emitOpen(c *connection, kind EventKind, err error) {
	x.emit(c, kind, x.descriptor(c), err)
}

// descriptor is the descriptor of a connection if anybody watches.
func (x *session) descriptor(c *connection) int {
	if !x.sock.monitor.watched() {
		return noDescriptor
	}
	return descriptorOf(c.Conn)
}

// emit publishes an event of a connect that has no connection.
func (c *connector) emit(kind EventKind, value int, err error) {
	c.sock.emit(Event{Conn: c.id, Endpoint: c.endpoint, Remote: c.endpoint, name: c.named()}, kind, value, err)
}

// descriptor is the descriptor of the listener if anybody watches.
func (b *binding) descriptor() int {
	if !b.sock.monitor.watched() {
		return noDescriptor
	}
	return descriptorOf(b.listener)
}

// emit publishes an event of a bind itself.
func (b *binding) emit(kind EventKind, value int, err error) {
	b.sock.emit(Event{Endpoint: b.endpoint, Local: b.endpoint, bound: true}, kind, value, err)
}

// emitBindFailed publishes the events of a Bind that failed. The descriptor, if
// there was one, is closed first. libzmq leaves the transport's name out.
func (s *Socket) emitBindFailed(ep, rest string, err error) {
	var listen *net.OpError
	if errors.As(err, &listen) {
		ev := Event{Endpoint: ep, bound: true}
		if strings.HasPrefix(ep, "ipc:") {
			ev.name = ep
		}
		s.emit(ev, Closed, noDescriptor, err)
	}
	s.emit(Event{Endpoint: ep, name: rest, bound: true}, BindFailed, int(NumberOf(err)), err)
}

// pipeEvent is what an event of a pipe says. To libzmq a pipe of a connect has no
// addresses.
func pipeEvent(p *pipe.Pipe) Event {
	x := sessionOf(p)
	if x == nil {
		return Event{}
	}
	if c := x.live(); x.bound && c != nil {
		return x.event(c)
	}
	return Event{Conn: x.id, Endpoint: x.endpoint, Remote: x.endpoint, bound: x.bound}
}

// sessionOf is the session at the other end of a socket's pipe; nil for inproc.
func sessionOf(p *pipe.Pipe) *session {
	port, ok := p.Tag.(*engine.Port)
	if !ok {
		return nil
	}
	return port.Host().(*session) // sessions make all ports
}

// live is the connection that is there, nil if there is none.
func (x *session) live() *connection {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.conn
}

// event is what all events of a connection say.
func (x *session) event(c *connection) Event {
	ev := Event{
		Conn:     x.id,
		Endpoint: x.endpoint,
		Local:    transport.Endpoint(c.LocalAddr()),
		Remote:   transport.Endpoint(c.RemoteAddr()),
		Secured:  security.Required(x.opts),
		name:     x.named(),
		bound:    x.bound,
	}
	if r := c.result; r != nil {
		ev.SocketType, ev.RoutingID, ev.Version, ev.Mechanism = r.SocketType, r.Identity, r.Version.String(), r.Offered
		ev.UserID = r.Properties[wire.PropUserID]
	}
	return ev
}

// handshakeError marks an error that ended a connection during its handshake.
type handshakeError struct{ error }

// Unwrap is the error itself.
func (e *handshakeError) Unwrap() error { return e.error }

// emitFailure publishes the event of a failed handshake. There is none for some
// violations, as in libzmq.
func (x *session) emitFailure(c *connection, err error) {
	var violation *wire.ProtocolError
	var refusal *security.AuthError
	switch {
	case errors.As(err, &refusal):
		x.emit(c, HandshakeFailedAuth, refusal.Status, err)
	case errors.As(err, &violation):
		if !violation.Quiet {
			x.emit(c, HandshakeFailedProtocol, int(violation.Code), err)
		}
	case errors.Is(err, security.ErrNoHandler):
		x.emit(c, HandshakeFailedNoDetail, int(EFAULT), err)
	case engine.CauseOf(err) == engine.TimedOut:
		x.emit(c, HandshakeFailedNoDetail, int(ETIMEDOUT), err)
	default:
		x.emit(c, HandshakeFailedNoDetail, int(EPIPE), err)
	}
}
