package zmq

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"ztools/lib/internal/engine"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pattern"
	"ztools/lib/internal/pipe"
)

// Socket is a ZeroMQ socket (zmq_socket(3)). Unlike libzmq's it is safe for use
// by many goroutines: each Send and each Recv moves one whole message.
type Socket struct {
	// Constant.
	ctx       *Context
	typ       Type
	direct    pattern.Direct // the pattern, if it is that and the type has no rules of its own, else nil
	source    pattern.Source // likewise
	takesLent bool           // TakeLent was called, by one of the types that can; constant from the first endpoint on
	wg        sync.WaitGroup // the goroutines of binds, connects and connections

	inbox   inbox
	monitor monitor
	lend    atomic.Bool               // see engine.Port.Lend; set under mu
	eager   atomic.Bool               // see engine.Port.Eager; set under mu
	only    atomic.Pointer[pipe.Pipe] // direct.Only, if a Send may write to it at once; set under mu

	mu        sync.Mutex // guards the fields below; see inbox for the order
	pattern   pattern.Pattern
	opts      option.Options
	pipes     map[*pipe.Pipe]pipeKind
	endpoints map[string][]endpoint
	last      string             // LAST_ENDPOINT
	waited    bool               // a Recv had to wait since the last Send
	waits     int                // so many Recvs had to wait, without a bound
	peers     int                // peers whose handshake is done
	past      PeerFlows          // of pipes that have ended
	sole      *pipe.Pipe         // source.Sole, if something was received from it; nil: not known
	turns     *pattern.FairQueue // source.Turns likewise
	gone      bool               // Close was called
	parts     Message            // what TryRecvPart has received, from parts[next] on still to be given
	next      int
	halfway   bool    // TrySendPart has not had the last part of a message
	late      []post  // what has to wait for that part: patterns know no other way in the middle of a message
	in        msg.Msg // the frame that is being received
	out       msg.Msg // the frame of a Message that is being sent
	small     msg.Msg // the small part that is being sent; only Body and Flags are ever set
}

// pipeKind says what is behind a pipe.
type pipeKind uint8

const (
	network pipeKind = iota
	inproc
)

func newSocket(c *Context, t Type) (*Socket, error) {
	s := &Socket{
		ctx:       c,
		typ:       t,
		opts:      option.Defaults(int(t)),
		pipes:     map[*pipe.Pipe]pipeKind{},
		endpoints: map[string][]endpoint{},
	}
	s.opts.IPv6 = c.opts.IPv6
	if !c.opts.Blocky {
		s.opts.Linger = 0
	}
	p, err := pattern.New(int(t), &s.opts)
	if err != nil {
		return nil, err
	}
	s.pattern = p
	if t.in(Push, Dealer, Pair, Client, Scatter, Channel) {
		s.direct, _ = p.(pattern.Direct)
	}
	if t.in(Pull, Dealer, Pair, Client, Gather, Channel) {
		s.source, _ = p.(pattern.Source)
	}
	return s, nil
}

// Type is the socket's type.
func (s *Socket) Type() Type { return s.typ }

// catchUpLocked applies what was posted to the inbox. It returns ENOTSOCK or
// ETERM once the socket or its context has ended.
func (s *Socket) catchUpLocked() error {
	for _, p := range s.inbox.take() {
		switch p.kind {
		case attached:
			s.attachLocked(p.pipe, inproc)
		case closed:
			s.detachLocked(p.pipe)
		default:
			if _, ok := s.pipes[p.pipe]; !ok {
				continue
			}
			switch p.kind {
			case readable:
				s.pattern.Readable(p.pipe)
			case writable:
				s.pattern.Writable(p.pipe)
			case hiccup:
				s.hiccupLocked(p)
			}
		}
	}
	if s.inbox.pending.Load() {
		s.inbox.settle()
	}
	return s.endedLocked()
}

// endedLocked is ENOTSOCK or ETERM once the socket or its context has ended.
func (s *Socket) endedLocked() error {
	if s.gone {
		return ENOTSOCK
	}
	if s.ctx.down.Load() {
		return ETERM
	}
	return nil
}

// aliveLocked is the start of every call: it catches up if there is anything
// to catch up with.
func (s *Socket) aliveLocked() error {
	if s.inbox.pending.Load() {
		return s.catchUpLocked()
	}
	return nil
}

// attachLocked gives a pipe to the pattern, which may refuse it.
func (s *Socket) attachLocked(p *pipe.Pipe, kind pipeKind) {
	if s.gone {
		p.Close()
		return
	}
	s.recallLocked() // a Recv waits for two from now on
	s.pipes[p] = kind
	s.dropOnly()
	s.sole, s.turns = nil, nil
	if kind == inproc {
		s.peers++
		p.Lent.Store(s.takesLent)
	}
	p.Own(&s.inbox)
	s.pattern.Attach(p)
	s.inbox.wake()
}

// hiccupLocked tells the pattern, but not in the middle of a message.
func (s *Socket) hiccupLocked(p post) {
	switch {
	case !s.halfway:
		s.pattern.Hiccup(p.pipe)
	case !slices.Contains(s.late, p):
		s.late = append(s.late, p)
	}
}

// detachLocked takes a pipe away whose other end has closed, but not in the
// middle of a message that is sent: the rest of it goes the same way.
func (s *Socket) detachLocked(p *pipe.Pipe) {
	kind, ok := s.pipes[p]
	if !ok {
		return
	}
	if s.halfway && !s.gone {
		s.late = append(s.late, post{closed, p})
		return
	}
	delete(s.pipes, p)
	s.past.add(flowsOf(p).ended())
	s.dropOnly()
	s.sole, s.turns = nil, nil
	if kind == inproc {
		s.peers--
		s.dropInprocLocked(p)
	}
	s.pattern.Detach(p)
	p.Close()
	s.inbox.wake()
}

// countPeer notes that a peer's handshake is done (+1) or that it left (-1).
func (s *Socket) countPeer(n int) {
	s.mu.Lock()
	s.peers += n
	s.mu.Unlock()
	s.inbox.wake()
}

// Peers is how many peers are connected now: over a network those whose
// handshake is done.
func (s *Socket) Peers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aliveLocked()
	return s.peers
}

// subscribed is a pattern that knows how many of its peers have subscribed.
type subscribed interface{ Subscribers() int }

// WaitPeers waits until n peers are connected; for PUB and XPUB, until n peers
// have subscribed to something. So nothing that is sent afterwards is lost to a
// slow joiner.
func (s *Socket) WaitPeers(ctx context.Context, n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait := patience{ctx: ctx, limit: -1}
	for {
		if err := s.aliveLocked(); err != nil {
			return err
		}
		have := s.peers
		if p, ok := s.pattern.(subscribed); ok {
			have = p.Subscribers()
		}
		if have >= n {
			return nil
		}
		if err := s.waitLocked(&wait); err != nil {
			return err
		}
	}
}

// waitLocked lets go of the lock until something happens to the socket.
func (s *Socket) waitLocked(p *patience) error { return s.waitOrReadLocked(p, nil) }

// waitOrReadLocked is waitLocked by reading from lender, if that is not nil.
func (s *Socket) waitOrReadLocked(p *patience, lender *engine.Engine) error {
	w := s.inbox.enlist(lender)
	if w == nil {
		return nil
	}
	if lender == nil {
		s.hurryLocked()
	}
	s.mu.Unlock()
	err := p.wait(&s.inbox, w)
	s.mu.Lock()
	return err
}

// Ready reports whether a Recv or a Send would not have to wait now
// (ZMQ_EVENTS of zmq_getsockopt(3)).
func (s *Socket) Ready() (in, out bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.aliveLocked(); err != nil {
		return false, false, err
	}
	s.pollsLocked()
	ev := s.readyLocked()
	return ev&pattern.In != 0, ev&pattern.Out != 0, nil
}

func (s *Socket) readyLocked() pattern.Events {
	ev := s.pattern.Ready() & (pattern.In | pattern.Out)
	if s.next < len(s.parts.parts) {
		ev |= pattern.In
	}
	return ev
}

// PeerReady reports whether a ROUTER or REP socket can send to the peer of that
// routing id now (zmq_socket_get_peer_state(3)). EHOSTUNREACH if there is no such
// peer, ENOTSUP on other types.
func (s *Socket) PeerReady(id []byte) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.aliveLocked(); err != nil {
		return false, err
	}
	p, ok := s.pattern.(interface{ PeerReady([]byte) (bool, error) })
	if !ok || !s.typ.in(Router, Rep) {
		return false, ENOTSUP
	}
	return p.PeerReady(id)
}

// Unsent is how many messages are queued for peers and were not yet handed to
// the network or read by an inproc peer. It counts on while a closed socket
// lingers.
func (s *Socket) Unsent() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p, kind := range s.pipes {
		if kind == inproc {
			out, _ := p.Queued()
			n += out
		}
	}
	for _, eps := range s.endpoints {
		for _, e := range eps {
			n += e.unsent()
		}
	}
	return n
}

// Close closes the socket (zmq_close(3)). It returns at once; what was queued
// goes on being sent as LINGER says, and Context.Close waits for that. Blocked
// calls return ENOTSOCK. A second Close is ENOTSOCK.
func (s *Socket) Close() error {
	s.mu.Lock()
	s.catchUpLocked()
	if s.gone {
		s.mu.Unlock()
		return ENOTSOCK
	}
	s.gone = true
	s.hurryLocked()
	s.parts.Reset()
	s.next = 0
	linger := s.opts.Linger
	s.unbindInprocLocked()
	s.catchUpLocked() // refuses those who connected in the last moment
	for p, kind := range s.pipes {
		if kind == network && linger == 0 {
			p.Discard()
		}
		p.Close()
	}
	var eps []endpoint
	for _, list := range s.endpoints {
		eps = append(eps, list...)
	}
	s.mu.Unlock()

	s.inbox.end()
	for _, e := range eps {
		e.close(linger)
	}
	go s.finish()
	return nil
}

// finish waits for what lingers. It is owned by the context.
func (s *Socket) finish() {
	s.wg.Wait()
	s.inbox.closeDescriptor()
	s.monitor.end(s)
	s.ctx.forget(s)
	s.ctx.open.Done()
}
