package pattern

import (
	"math/rand/v2"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/pipe"
)

// server talks to many peers, each under a number that it gives them: a message
// says by its RoutingID whom it came from or goes to (RFC 41, and 51 for PEER,
// which is the same and may also connect). Messages have one part.
type server struct {
	base
	fq     fq
	peers  map[uint32]*pipe.Pipe
	latest uint32 // the number given last
}

func newServer() *server {
	return &server{fq: newFQ(), peers: map[uint32]*pipe.Pipe{}, latest: rand.Uint32()}
}

// Attach gives p its number, never 0, which stands as p.ID from then on.
func (s *server) Attach(p *pipe.Pipe) {
	for s.latest++; s.latest == 0 || s.peers[s.latest] != nil; s.latest++ {
	}
	p.ID = s.latest
	s.peers[p.ID] = p
	s.fq.attach(p)
}

func (s *server) Detach(p *pipe.Pipe) {
	if s.peers[p.ID] == p {
		delete(s.peers, p.ID)
	}
	s.fq.remove(p)
}

func (s *server) Readable(p *pipe.Pipe) { s.fq.activate(p) }
func (s *server) Ready() Events         { return events(s.fq.hasIn(), true) }

// Send is EHOSTUNREACH for a peer that is not there.
func (s *server) Send(m *msg.Msg) error {
	if m.HasMore() {
		return errno.EINVAL
	}
	p := s.peers[m.RoutingID]
	switch {
	case p == nil || p.Gone():
		return errno.EHOSTUNREACH
	case !p.Write(m):
		return errno.EAGAIN
	}
	return nil
}

func (s *server) Recv(m *msg.Msg) error {
	for {
		p, err := s.fq.recv(m)
		if err != nil {
			return err
		}
		if !m.HasMore() {
			m.RoutingID = p.ID
			return nil
		}
		s.fq.skip(m)
	}
}

// Latest implements Numbered.
func (s *server) Latest() uint32 { return s.latest }

// Disconnect implements Numbered.
func (s *server) Disconnect(id uint32) error {
	p := s.peers[id]
	if p == nil {
		return errno.EHOSTUNREACH
	}
	s.Detach(p)
	hangUp(p)
	return nil
}
