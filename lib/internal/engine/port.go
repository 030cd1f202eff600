package engine

import (
	"sync/atomic"

	"ztools/lib/internal/pipe"
)

// Port is a connection's end of a pipe. It outlives a single connection: a
// connecting socket keeps its pipe, and what is queued in it, while the
// connection is made again.
type Port struct {
	Pipe *pipe.Pipe
	// Eager, set under the socket's lock, says that the sender waits for an
	// answer: a message is then written to the network by the sender itself,
	// which saves one change of goroutine per round trip.
	Eager *atomic.Bool
	// Lend says that the socket's Recv waits for one message at a time of this
	// peer alone, and would rather read itself.
	Lend *atomic.Bool

	readable chan struct{} // there may be something to send, or nothing will come any more
	writable chan struct{} // there may be room for what was received
	current  atomic.Pointer[Engine]
	host     Host
}

// A Host is who made a Port.
type Host interface {
	// Write calls e.WriteLoop in a goroutine of its own. It is asked to once for
	// an engine at most, when something has to be sent.
	Write(e *Engine)
	// Abort ends the attempt to connect, since nothing is left to send.
	Abort()
}

// NewPort makes a port that owns p.
func NewPort(p *pipe.Pipe, eager *atomic.Bool, lend *atomic.Bool, host Host) *Port {
	port := &Port{
		Pipe:     p,
		Eager:    eager,
		Lend:     lend,
		host:     host,
		readable: make(chan struct{}, 1),
		writable: make(chan struct{}, 1),
	}
	p.Own(port)
	return port
}

// Readable implements pipe.Owner.
func (p *Port) Readable(*pipe.Pipe) {
	e := p.current.Load()
	if e == nil || (p.Eager.Load() || e.first()) && e.tryFlush() {
		return // the next engine looks by itself
	}
	if !e.turn.leave() {
		e.wake()
	}
}

// Writable implements pipe.Owner.
func (p *Port) Writable(*pipe.Pipe) { signal(p.writable) }

// Closed implements pipe.Owner: the socket has closed its end and everything
// it had queued was taken.
func (p *Port) Closed(*pipe.Pipe) {
	if e := p.current.Load(); e != nil {
		e.wake()
	} else {
		p.host.Abort()
	}
}

// Host is who made the port.
func (p *Port) Host() Host { return p.host }

// Engine is the live connection behind the port; nil if there is none.
func (p *Port) Engine() *Engine { return p.current.Load() }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
