package zmq

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"

	"ztools/lib/internal/pattern"
)

// A proxy passes messages on between two sockets (zmq_proxy(3)):
//
//	Run    starts a leg for each direction in which messages can flow, and one
//	       for the control socket, and waits for them
//	leg    proxyleg.go: receives what there is, as much as the other side takes,
//	       and sends it on
//	state  running, paused, draining or ended; whoever changes it wakes the legs
//
// A leg never receives what it could not send: as with libzmq's, a side that
// takes nothing holds the other up, and no message waits in the proxy.

// Proxy passes the messages of each of two sockets on to the other. The fields
// may be set until Run.
type Proxy struct {
	Front, Back *Socket // may be the same: its messages then come back to it

	// Capture gets a copy of every message, of both directions. If it has to
	// wait, the proxy does; a PUB never has to. nil is none.
	Capture *Socket

	// Control obeys the commands PAUSE, RESUME, TERMINATE and STATISTICS
	// (zmq_proxy_steerable(3)). A REP gets an answer to each, others only to
	// STATISTICS: eight numbers of 8 bytes in the machine's order, one a part,
	// the parts and bytes that Front received and sent and then Back. nil is none.
	Control *Socket

	// Inspect sees each message before it is captured and passed on, and may
	// change it; if it returns false the message is dropped. It is called by one
	// goroutine for each direction. With it messages pass one by one, which is
	// slower. nil is none.
	Inspect func(to *Socket, m *Message) bool

	legs [2]leg // Front to Back, Back to Front

	mu      sync.Mutex // guards the fields below; taken before a socket's
	state   proxyState
	changed chan struct{} // closed when state changes
	err     error         // why the proxy ended
	live    atomic.Int32  // state, for the legs
}

// proxyState is what a proxy's legs are to do.
type proxyState int32

const (
	running  proxyState = iota
	paused              // pass nothing on
	draining            // end when there is nothing left to pass on
	stopped             // end
)

// NewProxy makes a proxy that has not begun.
func NewProxy(front, back *Socket) *Proxy {
	return &Proxy{Front: front, Back: back, changed: make(chan struct{})}
}

// ProxyTraffic is what went through a socket of a proxy in one direction.
type ProxyTraffic struct{ Messages, Parts, Bytes uint64 }

// ProxyStats are the counters of a proxy.
type ProxyStats struct {
	FrontReceived, FrontSent, BackReceived, BackSent ProxyTraffic

	// Dropped messages: Inspect did not want them, or, with ROUTER_MANDATORY, their
	// peer had left.
	Dropped uint64
	// Lost messages had been received when Terminate or the end of the context
	// found them.
	Lost uint64
}

// Run passes messages on until ctx is done (its cause), Terminate (nil), the end
// of Finish (nil) or a failure: ETERM, ENOTSOCK, EFSM for a pair of sockets that
// cannot make a proxy, ENOTSUP if no message can flow. It returns when nothing of
// the proxy is under way any more; the sockets stay open. It may be called once.
func (p *Proxy) Run(ctx context.Context) error {
	legs := p.prepare()
	if legs == 0 {
		return &Error{Op: "proxy", Err: ENOTSUP}
	}
	unhook := context.AfterFunc(ctx, func() { p.end(context.Cause(ctx)) })
	defer unhook()
	own, cancel := context.WithCancel(context.Background())
	defer cancel()
	var control, running sync.WaitGroup
	if p.Control != nil {
		control.Go(func() { p.obey(own) })
	}
	for i := range p.legs {
		if l := &p.legs[i]; l.from != nil {
			running.Go(func() {
				if err := l.run(); err != nil {
					p.end(err)
				}
			})
		}
	}
	running.Wait()
	cancel()
	control.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// prepare says which way messages can flow and returns the number of ways.
func (p *Proxy) prepare() (n int) {
	for i, way := range [2][2]*Socket{{p.Front, p.Back}, {p.Back, p.Front}} {
		from, to := way[0], way[1]
		if !from.typ.receives() || !to.typ.sends() || i == 1 && from == to {
			continue
		}
		p.legs[i].open(p, from, to)
		n++
	}
	return n
}

// Pause stops passing messages on, until Resume. What was received before it is
// still sent.
func (p *Proxy) Pause() { p.turn(running, paused) }

// Resume ends Pause.
func (p *Proxy) Resume() { p.turn(paused, running) }

// Finish has Run end as soon as there is nothing left to pass on.
func (p *Proxy) Finish() {
	p.turn(paused, running)
	p.turn(running, draining)
}

// Terminate has Run end at once.
func (p *Proxy) Terminate() { p.end(nil) }

// turn changes one state into another.
func (p *Proxy) turn(from, to proxyState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state == from {
		p.setLocked(to)
	}
}

// end ends the legs, for the reason err.
func (p *Proxy) end(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state != stopped {
		p.err = err
		p.setLocked(stopped)
	}
}

// setLocked changes the state and makes the legs look at it.
func (p *Proxy) setLocked(state proxyState) {
	p.state = state
	p.live.Store(int32(state))
	close(p.changed)
	p.changed = make(chan struct{})
	for _, s := range []*Socket{p.Front, p.Back, p.Capture} {
		if s != nil {
			s.nudge()
		}
	}
}

// nudge makes all who wait in calls of the socket look again.
func (s *Socket) nudge() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inbox.wake()
}

// now is the state.
func (p *Proxy) now() proxyState { return proxyState(p.live.Load()) }

// awaitResume waits as long as the proxy is paused.
func (p *Proxy) awaitResume() {
	for {
		p.mu.Lock()
		state, changed := p.state, p.changed
		p.mu.Unlock()
		if state != paused {
			return
		}
		<-changed
	}
}

// Stats are the counters up to now.
func (p *Proxy) Stats() ProxyStats {
	there, back := &p.legs[0], &p.legs[1]
	if p.Front == p.Back {
		back = there
	}
	return ProxyStats{
		FrontReceived: there.received.load(), BackSent: there.sent.load(),
		BackReceived: back.received.load(), FrontSent: back.sent.load(),
		Dropped: p.legs[0].dropped.Load() + p.legs[1].dropped.Load(),
		Lost:    p.legs[0].lost.Load() + p.legs[1].lost.Load(),
	}
}

// obey carries out the commands that come to the control socket.
func (p *Proxy) obey(ctx context.Context) {
	for {
		command, err := p.Control.Recv(ctx)
		if err != nil {
			if ctx.Err() == nil {
				p.end(err)
			}
			return
		}
		var answer [][]byte
		switch string(command[0]) {
		case "PAUSE":
			p.Pause()
		case "RESUME":
			p.Resume()
		case "TERMINATE":
			p.Terminate()
		case "STATISTICS":
			answer = p.Stats().frames()
		}
		if answer != nil || p.Control.typ == Rep {
			err = p.Control.Send(ctx, answer...)
		}
		if err != nil && !errors.Is(err, ENOTSUP) && ctx.Err() == nil {
			p.end(err)
			return
		}
	}
}

// frames are the counters as zmq_proxy_steerable sends them.
func (s ProxyStats) frames() (parts [][]byte) {
	for _, t := range [...]ProxyTraffic{s.FrontReceived, s.FrontSent, s.BackReceived, s.BackSent} {
		parts = append(parts, binary.NativeEndian.AppendUint64(nil, t.Parts), binary.NativeEndian.AppendUint64(nil, t.Bytes))
	}
	return parts
}

// traffic counts what one goroutine passes on.
type traffic struct{ messages, parts, bytes atomic.Uint64 }

func (t *traffic) add(u ProxyTraffic) {
	t.messages.Add(u.Messages)
	t.parts.Add(u.Parts)
	t.bytes.Add(u.Bytes)
}

func (t *traffic) load() ProxyTraffic {
	return ProxyTraffic{t.messages.Load(), t.parts.Load(), t.bytes.Load()}
}

// roomLocked is how many messages can be sent now, at most enough.
func (s *Socket) roomLocked(enough int) int {
	if r, ok := s.pattern.(pattern.Roomy); ok {
		return r.Room(enough)
	}
	if s.pattern.Ready()&pattern.Out != 0 {
		return enough
	}
	return 0
}
