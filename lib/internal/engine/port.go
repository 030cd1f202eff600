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
	// Eager, guarded by the socket's lock, says that the sender waits for an
	// answer: a message is then written to the network by the sender itself,
	// which saves one change of goroutine per round trip.
	Eager *bool
	// Lend says that the socket's Recv waits for one message at a time of this
	// peer alone, and would rather read itself.
	Lend *atomic.Bool

	readable chan struct{} // there may be something to send, or nothing will come any more
	writable chan struct{} // there may be room for what was received
	current  atomic.Pointer[Engine]
	stop     func() // ends the attempt to connect
}

// NewPort makes a port that owns p. When nothing is left to send and there is
// no connection to end, it calls stop.
func NewPort(p *pipe.Pipe, eager *bool, lend *atomic.Bool, stop func()) *Port {
	port := &Port{
		Pipe:     p,
		Eager:    eager,
		Lend:     lend,
		stop:     stop,
		readable: make(chan struct{}, 1),
		writable: make(chan struct{}, 1),
	}
	p.Own(port)
	return port
}

// Readable implements pipe.Owner.
func (p *Port) Readable(*pipe.Pipe) {
	if *p.Eager {
		if e := p.current.Load(); e != nil && e.tryFlush() {
			return
		}
	}
	signal(p.readable)
}

// Writable implements pipe.Owner.
func (p *Port) Writable(*pipe.Pipe) { signal(p.writable) }

// Closed implements pipe.Owner: the socket has closed its end and everything
// it had queued was taken.
func (p *Port) Closed(*pipe.Pipe) {
	if p.current.Load() == nil {
		p.stop()
		return
	}
	signal(p.readable)
}

// Engine is the live connection behind the port; nil if there is none.
func (p *Port) Engine() *Engine { return p.current.Load() }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
