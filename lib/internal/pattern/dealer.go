package pattern

import (
	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pipe"
)

// dealer sends to its peers in turn and receives from them in turn (RFC 28).
type dealer struct {
	base
	fq    fq
	lb    lb
	probe bool // PROBE_ROUTER
}

func newDealer() *dealer { return &dealer{fq: newFQ(), lb: newLB()} }

func (s *dealer) Attach(p *pipe.Pipe) {
	if s.probe {
		p.Write(&msg.Msg{})
	}
	s.fq.attach(p)
	s.lb.attach(p)
}

func (s *dealer) Detach(p *pipe.Pipe) {
	s.fq.remove(p)
	s.lb.remove(p)
}

func (s *dealer) Only() *pipe.Pipe      { return s.lb.Only() }
func (s *dealer) Sole() *pipe.Pipe      { return s.fq.Sole() }
func (s *dealer) Turns() *FairQueue     { return s.fq.Turns() }
func (s *dealer) Readable(p *pipe.Pipe) { s.fq.activate(p) }
func (s *dealer) Writable(p *pipe.Pipe) { s.lb.activate(p) }
func (s *dealer) Ready() Events         { return events(s.fq.hasIn(), s.lb.hasOut()) }

func (s *dealer) Send(m *msg.Msg) error {
	_, err := s.lb.send(m)
	return err
}

func (s *dealer) Recv(m *msg.Msg) error {
	_, err := s.fq.recv(m)
	return err
}

func (s *dealer) Set(id option.ID, v any) error {
	if id == option.ProbeRouter {
		return setFlag(&s.probe, v)
	}
	return errno.EINVAL
}
