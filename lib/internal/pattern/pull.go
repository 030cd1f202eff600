package pattern

import (
	"ztools/lib/internal/msg"
	"ztools/lib/internal/pipe"
)

// pull collects messages from its peers in turn (RFC 30).
type pull struct {
	base
	fq fq
}

func (s *pull) Attach(p *pipe.Pipe)   { s.fq.attach(p) }
func (s *pull) Detach(p *pipe.Pipe)   { s.fq.remove(p) }
func (s *pull) Sole() *pipe.Pipe      { return s.fq.Sole() }
func (s *pull) Turns() *FairQueue     { return s.fq.Turns() }
func (s *pull) Readable(p *pipe.Pipe) { s.fq.activate(p) }
func (s *pull) Ready() Events         { return events(s.fq.hasIn(), false) }

func (s *pull) Recv(m *msg.Msg) error {
	_, err := s.fq.recv(m)
	return err
}
