package pattern

import (
	"encoding/binary"
	"math/rand/v2"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pipe"
)

// req asks one peer at a time and waits for its reply (RFC 28).
//
//	request  [id]  []  body...     the id only with REQ_CORRELATE
//	reply    [id]  []  body...
//
// It is a dealer that writes the envelope and takes nothing but the reply: what
// other peers send, or what has another envelope, is dropped.
type req struct {
	dealer
	correlate, relaxed bool // REQ_CORRELATE, REQ_RELAXED

	receiving bool       // a request is out, its reply is next
	begun     bool       // in the middle of a message, sent or received
	asked     *pipe.Pipe // has the request; nil when it is gone
	id        uint32     // of the last request
	idFrame   [4]byte
}

func newReq() *req { return &req{dealer: *newDealer(), id: rand.Uint32()} }

func (s *req) Detach(p *pipe.Pipe) {
	if s.asked == p {
		s.asked = nil
	}
	s.dealer.Detach(p)
}

func (s *req) Ready() Events {
	return events(s.receiving && s.fq.hasIn(), (!s.receiving || s.relaxed) && s.lb.hasOut())
}

func (s *req) Send(m *msg.Msg) error {
	if s.receiving {
		if !s.relaxed {
			return errno.EFSM
		}
		s.receiving, s.begun = false, false
	}
	if !s.begun {
		if err := s.begin(); err != nil {
			return err
		}
	}
	s.begun = m.HasMore()
	s.receiving = !s.begun
	return s.dealer.Send(m)
}

// begin writes the envelope, which chooses the peer, and drops all that came
// in: an old reply must not pass for the new one.
func (s *req) begin() error {
	s.asked = nil
	if s.correlate {
		s.id++
		binary.NativeEndian.PutUint32(s.idFrame[:], s.id)
		if _, err := s.lb.send(&msg.Msg{Body: s.idFrame[:], Flags: msg.More}); err != nil {
			return err
		}
	}
	p, err := s.lb.send(&msg.Msg{Flags: msg.More})
	if err != nil {
		return err
	}
	s.asked = p
	for m := (msg.Msg{}); err == nil; {
		_, err = s.fq.recv(&m)
	}
	return nil
}

func (s *req) Recv(m *msg.Msg) error {
	if !s.receiving {
		return errno.EFSM
	}
	if !s.begun {
		if err := s.findReply(m); err != nil {
			return err
		}
	}
	_, err := s.fq.recv(m)
	s.begun = m.HasMore()
	s.receiving = s.begun
	return err
}

// findReply reads up to the body of the reply.
func (s *req) findReply(m *msg.Msg) error {
	for {
		p, err := s.fq.recv(m)
		if err != nil {
			return err
		}
		if (s.asked == nil || s.asked == p) && s.takeEnvelope(m) {
			return nil
		}
		s.fq.skip(m)
	}
}

// takeEnvelope reads the envelope, of which m is the first frame, and reports
// whether it is that of the reply.
func (s *req) takeEnvelope(m *msg.Msg) bool {
	if s.correlate {
		if !m.HasMore() || len(m.Body) != 4 || binary.NativeEndian.Uint32(m.Body) != s.id {
			return false
		}
		if _, err := s.fq.recv(m); err != nil {
			return false
		}
	}
	return m.HasMore() && len(m.Body) == 0
}

func (s *req) Set(id option.ID, v any) error {
	switch id {
	case option.ReqCorrelate:
		return setFlag(&s.correlate, v)
	case option.ReqRelaxed:
		return setFlag(&s.relaxed, v)
	}
	return s.dealer.Set(id, v)
}

// ReqGuard checks the frames that the peer of a REQ socket sends: an id of 4
// bytes or none, an empty frame, a body. A connection has one, whose zero value
// is ready, and is ended with EFAULT when it reports false.
type ReqGuard struct {
	state reqState
}

// reqState is the frame that a ReqGuard expects.
type reqState uint8

const (
	reqEnvelope  reqState = iota // an id or the empty frame
	reqDelimiter                 // the empty frame behind an id
	reqBody
)

// Check reports whether m may come next. Commands may come at any time.
func (g *ReqGuard) Check(m *msg.Msg) bool {
	if m.Flags&msg.Command != 0 {
		return true
	}
	switch {
	case g.state == reqBody:
		if !m.HasMore() {
			g.state = reqEnvelope
		}
		return true
	case !m.HasMore():
		return false
	case len(m.Body) == 0:
		g.state = reqBody
		return true
	case g.state == reqEnvelope && len(m.Body) == 4:
		g.state = reqDelimiter
		return true
	}
	return false
}
