package pattern

import (
	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
)

// rep receives a request and sends the reply to it (RFC 28). It is a router
// that moves the envelope of a request, all frames up to the first empty one,
// from the pipe it came on to the begin of the reply on the same pipe, where
// it waits as the staged part of a message.
type rep struct {
	router
	replying bool // a request was received, its reply is next
	inBody   bool // in the middle of the body of a request
}

func newRep(o *option.Options) *rep { return &rep{router: *newRouter(o)} }

func (s *rep) Ready() Events {
	if s.replying {
		return Out
	}
	return s.router.Ready() & In
}

func (s *rep) Recv(m *msg.Msg) error {
	if s.replying {
		return errno.EFSM
	}
	if !s.inBody {
		if err := s.moveEnvelope(m); err != nil {
			return err
		}
	}
	err := s.router.Recv(m)
	s.inBody = m.HasMore()
	s.replying = !s.inBody
	return err
}

// moveEnvelope finds a request and begins its reply. Messages without an empty
// frame in front of a body are dropped. If the reply has no room to go to, it
// will be dropped.
func (s *rep) moveEnvelope(m *msg.Msg) error {
	for {
		if err := s.router.Recv(m); err != nil {
			return err
		}
		if !m.HasMore() {
			s.rollback()
			continue
		}
		bottom := len(m.Body) == 0
		if s.router.Send(m) != nil { // ROUTER_MANDATORY
			s.sending = true
		}
		if bottom {
			return nil
		}
	}
}

// rollback forgets the reply that was begun.
func (s *rep) rollback() {
	if s.out != nil {
		s.out.Rollback()
	}
	s.out, s.sending = nil, false
}

func (s *rep) Send(m *msg.Msg) error {
	if !s.replying {
		return errno.EFSM
	}
	s.replying = m.HasMore()
	return s.router.Send(m)
}
