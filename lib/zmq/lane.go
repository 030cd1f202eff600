package zmq

import "ztools/lib/internal/pipe"

// Lane is memory outside Go's by which code outside Go sends or receives short
// messages without a call; see its fields for how. Its memory must last until the
// socket that it was lent for is closed.
type Lane = pipe.Lane

// Lend opens a lane for a socket that sends to one peer and nothing but messages
// of one part, if that is what it does now. The lane closes by itself when that
// changes, when another peer comes, and when the peer's connection waits for
// messages; from then on they must be sent by a call. A closed socket has taken
// back what was in its lane.
func (s *Socket) Lend(l *Lane) {
	if s.only.Load() == nil || s.inbox.pending.Load() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.only.Load()
	if p == nil || s.halfway || s.gone {
		return
	}
	p.Lend(l)
	if s.inbox.pending.Load() { // whoever posts reclaims afterwards, but may have been too early
		p.Reclaim()
	}
}

// Lay opens a lane with the messages that would be received next, if the socket
// receives from one peer and they are short and have one part. tell, which must call
// nothing of this package, is told before whose they are. The lane closes by itself
// when something is received by a call, and when anything happens to the socket; from
// then on messages must be received by a call. What is in the lane has not been
// received.
func (s *Socket) Lay(l *Lane, tell func(*Lane, *Properties)) {
	if s.source == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.source.Sole()
	if p == nil || s.next < len(s.parts.parts) || s.gone {
		return
	}
	s.inbox.lane.Store(l)
	p.Lay(l, tell)
	if s.inbox.pending.Load() { // whoever posts closes it afterwards, but may have been too early
		l.Close()
	}
}

// dropOnly ends what may be sent to the only peer without the socket's lock.
func (s *Socket) dropOnly() {
	if p := s.only.Swap(nil); p != nil {
		p.Reclaim()
	}
}

// reclaim closes the lane, if there is one.
func (s *Socket) reclaim() {
	if p := s.only.Load(); p != nil {
		p.Reclaim()
	}
}
