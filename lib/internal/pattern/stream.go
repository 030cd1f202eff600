package pattern

import (
	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pipe"
)

// stream talks bytes to peers that speak no ZMTP (zmq_socket(3)):
//
//	[routing id] [bytes]     both ways
//	[routing id] []          received: connected or disconnected; sent: disconnect
//
// It is a mandatory raw router. What tells of connects and disconnects is
// written into the pipe by the connection, as STREAM_NOTIFY says.
type stream struct{ router }

func newStream(o *option.Options) *stream {
	o.Raw = true
	s := &stream{*newRouter(o)}
	s.mandatory = true
	return s
}

// Attach also has ROUTING_ID say the routing id that it made up for p.
func (s *stream) Attach(p *pipe.Pipe) {
	named := p.Local && s.connectID != ""
	s.router.Attach(p)
	if !named {
		s.o.RoutingID = []byte(p.RoutingID)
	}
}

func (s *stream) Ready() Events { return s.router.Ready() | Out }

func (s *stream) Set(id option.ID, v any) error {
	if id == option.ConnectRoutingID {
		return s.setConnectID(v)
	}
	return errno.EINVAL
}
