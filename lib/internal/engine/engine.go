// Package engine runs one live connection between a pipe and a peer.
//
//	Handshake   greeting and security, on the bare connection
//	ReadLoop    bytes from the peer → frames → the pipe, a lock per batch
//	WriteLoop   the pipe's frames → one write per batch
//
// The two loops are plain blocking methods; lib/zmq gives each its goroutine,
// WriteLoop only when there is something to send.
// ReadLoop decides when a connection has ended: a failed write only stops the
// writing, so that what the peer had sent before is still delivered.
package engine

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/security"
	"ztools/lib/internal/wire"
)

// Config is what an Engine is made from.
type Config struct {
	Conn    net.Conn
	Options *option.Options
	Pool    *msg.Pool
	// Result is what the handshake agreed on; nil for a raw connection (STREAM).
	Result *Result
	// Deaf says that the socket type never receives: messages are dropped.
	Deaf bool
	// Commands are the names of those that the socket type takes (SUBSCRIBE and
	// CANCEL, JOIN and LEAVE); others end here.
	Commands []string
	// Hello is a message to send before all others, or nil.
	Hello []byte
	// Guard checks the shape of messages that arrive, or is nil (REQ).
	Guard Guard
}

// A Guard checks each frame that arrives; false for one that breaks the rules
// of the socket type and with that ends the connection.
type Guard interface{ Check(m *msg.Msg) bool }

// Engine is one live connection.
type Engine struct {
	// Constant.
	conn    net.Conn
	link    link
	port    *Port
	opts    *option.Options
	pool    *msg.Pool
	version wire.Version
	framing wire.Framing // of what the peer sends
	mech    security.Mechanism
	plain   bool // frames pass as they are: ZMTP 2.0 and later, nothing to seal
	runs    bool // runs of messages pass at once: nothing to seal, ZMTP 2.0 and later or ws
	deaf    bool
	takes   []string // names of commands
	raw     bool
	guard   Guard
	done    chan struct{} // closed when the connection is being torn down
	stop    sync.Once

	in  reader // owned by who reads: ReadLoop, or a borrower (lend.go)
	out writer // owned by the holder of out.mu

	begun   atomic.Bool    // something was to be sent since Start
	writing atomic.Bool    // WriteLoop was started, or must not be any more
	written sync.WaitGroup // waits for WriteLoop

	loan     loan
	turn     turn
	deadline deadline
	trip     roundTrip
	ctl      control
}

// control are the frames of the engine's own that wait to be sent.
type control struct {
	mu    sync.Mutex
	bytes []byte // guarded by mu: whole frames as the peer's version has them, not sealed yet
	ping  bool   // guarded by mu: a PING is among them
	some  atomic.Bool
}

// New makes an engine for a connection whose handshake is done.
func New(c Config, port *Port) *Engine {
	e := &Engine{
		conn:  c.Conn,
		port:  port,
		opts:  c.Options,
		pool:  c.Pool,
		deaf:  c.Deaf,
		takes: c.Commands,
		guard: c.Guard,
		raw:   c.Result == nil,
		done:  make(chan struct{}),
	}
	e.written.Add(1)
	e.link.open(c.Conn)
	e.deadline.conn = c.Conn
	if r := c.Result; r != nil {
		e.version, e.mech, e.framing = r.Version, r.Mechanism, r.framing()
		open := r.Mechanism == nil || r.Mechanism.Transparent()
		e.plain = open && e.framing == wire.V2
		e.runs = e.plain || open && e.framing.Web()
		e.in.rest = r.Rest
	}
	if len(c.Hello) > 0 {
		e.hello(c.Hello)
	}
	port.current.Store(e)
	return e
}

// hello has body sent before all that is queued.
func (e *Engine) hello(body []byte) {
	switch {
	case e.raw:
		e.ctl.bytes = append(e.ctl.bytes, body...)
	case e.framing == wire.V1:
		e.ctl.bytes = wire.AppendFrameV1(e.ctl.bytes, 0, body)
	default:
		e.ctl.bytes = wire.AppendFrameV2(e.ctl.bytes, 0, body)
	}
	e.ctl.some.Store(true)
}

// Stop ends both loops. It may be called by anyone, more than once.
func (e *Engine) Stop() {
	e.stop.Do(func() {
		close(e.done)
		e.conn.Close()
	})
}

// Start begins to send: it writes what is queued, and starts WriteLoop if there
// is more to do.
func (e *Engine) Start() {
	if interval := e.heartbeat(); interval > 0 {
		e.keepAlive(interval)
	}
	if !e.tryFlush() {
		e.wake()
	}
}

// heartbeat is how often a PING is sent; 0 is never.
func (e *Engine) heartbeat() time.Duration {
	if e.raw || e.version < wire.ZMTP30 {
		return 0
	}
	return time.Duration(e.opts.HeartbeatIvl) * time.Millisecond
}

// first reports whether something is to be sent for the first time: many a peer
// gets one answer only, and needs no WriteLoop then.
func (e *Engine) first() bool { return !e.begun.Load() && !e.begun.Swap(true) }

// wake makes WriteLoop look for something to send; it starts with that.
func (e *Engine) wake() {
	if e.writing.Swap(true) {
		signal(e.port.readable)
		return
	}
	e.port.host.Write(e)
}

// Detach lets go of the port, after ReadLoop has ended and Stop was called; it
// waits for WriteLoop. What was not written stays in the pipe for the next
// connection, without a message that was cut off.
func (e *Engine) Detach() {
	e.deadline.endTimers()
	if e.writing.Swap(true) {
		e.written.Wait()
	}
	e.port.current.Store(nil)
	e.out.abandon(e)
	e.in.release(e.pool)
	e.port.Pipe.Rollback()
}

// sendControl queues a frame of the engine's own.
func (e *Engine) sendControl(body []byte) {
	e.ctl.mu.Lock()
	e.ctl.appendLocked(body)
	e.ctl.mu.Unlock()
	e.wake()
}

// sendPing queues a PING, unless the last one still waits to be written.
func (e *Engine) sendPing() {
	e.ctl.mu.Lock()
	if !e.ctl.ping {
		e.ctl.ping = true
		e.trip.ask()
		e.ctl.appendLocked(wire.AppendPing(nil, uint16(e.opts.HeartbeatTTL/100), nil))
	}
	e.ctl.mu.Unlock()
	e.wake()
}

func (c *control) appendLocked(body []byte) {
	if len(c.bytes) < maxControl {
		c.bytes = wire.AppendFrameV2(c.bytes, msg.Command, body)
	}
	c.some.Store(true)
}

// take takes what is queued.
func (c *control) take() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.bytes
	c.bytes, c.ping = nil, false
	c.some.Store(false)
	return b
}

// maxControl bounds the answers owed to a peer that sends PING and never
// reads.
const maxControl = 4096
