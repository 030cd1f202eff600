package pattern

import (
	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pipe"
)

// single is another pattern whose messages have one part: to send more is
// EINVAL, and what a peer sends in more is dropped. With a dealer it is CLIENT
// (RFC 41), with a push SCATTER and with a pull GATHER (RFC 49), with a pair
// CHANNEL (RFC 52). None of them has options of its own.
type single struct{ Pattern }

// Only implements Direct, for a pattern that does.
func (s single) Only() *pipe.Pipe {
	if d, ok := s.Pattern.(Direct); ok {
		return d.Only()
	}
	return nil
}

// Sole implements Source, for a pattern that does.
func (s single) Sole() *pipe.Pipe {
	if d, ok := s.Pattern.(Source); ok {
		return d.Sole()
	}
	return nil
}

// Turns implements Source, for a pattern that does.
func (s single) Turns() *FairQueue {
	if d, ok := s.Pattern.(Source); ok {
		return d.Turns()
	}
	return nil
}

func (s single) Send(m *msg.Msg) error {
	if m.HasMore() {
		return errno.EINVAL
	}
	return s.Pattern.Send(m)
}

func (s single) Recv(m *msg.Msg) error {
	for {
		if err := s.Pattern.Recv(m); err != nil || !m.HasMore() {
			return err
		}
		for m.HasMore() {
			if err := s.Pattern.Recv(m); err != nil {
				return err
			}
		}
	}
}

func (s single) Set(option.ID, any) error { return errno.EINVAL }
