package pattern

import (
	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/pipe"
)

// pair talks to one peer (RFC 31). Others are refused as long as it is there.
type pair struct {
	base
	pipe *pipe.Pipe // nil if there is no peer
}

func (s *pair) Attach(p *pipe.Pipe) {
	if s.pipe != nil {
		hangUp(p)
		return
	}
	s.pipe = p
}

func (s *pair) Detach(p *pipe.Pipe) {
	if s.pipe == p {
		s.pipe = nil
	}
}

func (s *pair) Only() *pipe.Pipe  { return s.pipe }
func (s *pair) Sole() *pipe.Pipe  { return s.pipe }
func (s *pair) Turns() *FairQueue { return nil }

func (s *pair) Send(m *msg.Msg) error {
	if s.pipe == nil || !s.pipe.Write(m) {
		return errno.EAGAIN
	}
	return nil
}

func (s *pair) Recv(m *msg.Msg) error {
	if s.pipe == nil || !s.pipe.Read(m) {
		return errno.EAGAIN
	}
	return nil
}

func (s *pair) Ready() Events {
	if s.pipe == nil {
		return 0
	}
	return events(s.pipe.CheckRead(), s.pipe.CheckWrite())
}
