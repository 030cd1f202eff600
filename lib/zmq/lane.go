package zmq

import "ztools/lib/internal/pipe"

// Lane is memory outside Go's by which code outside Go sends short messages
// without a call; see its fields for how. Its memory must last until the socket
// that it was lent for is closed.
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
