package pattern

import (
	"ztools/lib/internal/msg"
	"ztools/lib/internal/pipe"
)

// push hands messages to its peers in turn (RFC 30). It blocks when all are
// full or there are none.
type push struct {
	base
	lb lb
}

// Attach also says that nobody reads p, so that the end of p is told without
// that.
func (s *push) Attach(p *pipe.Pipe) {
	p.NoDelay()
	s.lb.attach(p)
}

func (s *push) Only() *pipe.Pipe      { return s.lb.Only() }
func (s *push) Detach(p *pipe.Pipe)   { s.lb.remove(p) }
func (s *push) Writable(p *pipe.Pipe) { s.lb.activate(p) }
func (s *push) Ready() Events         { return events(false, s.lb.hasOut()) }

func (s *push) Send(m *msg.Msg) error {
	_, err := s.lb.send(m)
	return err
}
