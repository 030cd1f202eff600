package pattern

import (
	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
)

// dgram sends and receives packets, each a message of two parts: the address of
// the peer as the transport writes it, and the bytes. Its one pipe leads to the
// transport's bind, which makes a packet of the one and the other (zmq_udp(7)).
type dgram struct {
	pair
	begun bool // the address of a message was taken
}

func newDgram(o *option.Options) *dgram {
	o.Raw = true
	return &dgram{}
}

// Send is EINVAL for a message that has not two parts.
func (s *dgram) Send(m *msg.Msg) error {
	if m.HasMore() == s.begun {
		if s.begun && s.pipe != nil {
			s.pipe.Rollback()
		}
		s.begun = false
		return errno.EINVAL
	}
	err := s.pair.Send(m)
	s.begun = err == nil && m.HasMore()
	return err
}
