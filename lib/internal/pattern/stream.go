package pattern

import (
	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pipe"
)

// stream talks bytes to peers that speak no ZMTP (zmq_socket(3)):
//
//	[routing id] [bytes]     both ways
//	[routing id] []          received: connected or disconnected; sent: disconnect
//
// It is a mandatory raw router. Its connections write an empty frame into the
// pipe when the peer has come and when it has gone; without STREAM_NOTIFY these
// are dropped here.
type stream struct {
	router
	notify bool // STREAM_NOTIFY
}

func newStream(o *option.Options) *stream {
	o.Raw = true
	s := &stream{router: *newRouter(o), notify: true}
	s.mandatory = true
	return s
}

// Attach also has ROUTING_ID say the routing id that it gave p.
func (s *stream) Attach(p *pipe.Pipe) {
	named := p.Local && s.connectID != ""
	s.router.Attach(p)
	if !named {
		s.o.RoutingID = []byte(p.RoutingID)
	}
}

func (s *stream) Ready() Events {
	return events(s.skipNotices(), true)
}

func (s *stream) Recv(m *msg.Msg) error {
	if !s.receiving && !s.skipNotices() {
		return errno.EAGAIN
	}
	return s.router.Recv(m)
}

// skipNotices drops notices that the user does not want, and reports whether
// something else is there to receive.
func (s *stream) skipNotices() bool {
	var m msg.Msg
	for {
		p := s.next(&m)
		if p == nil || s.notify || len(m.Body) > 0 {
			return p != nil
		}
		s.fq.recv(&m)
	}
}

func (s *stream) Set(id option.ID, v any) error {
	switch id {
	case option.StreamNotify:
		return setFlag(&s.notify, v)
	case option.ConnectRoutingID:
		return s.setConnectID(v)
	}
	return errno.EINVAL
}
