// Command mangos is the benchmark peer that stands on mangos, the pure Go
// implementation of nanomsg's scalability protocols. It speaks its own
// protocol to itself; the patterns are the same.
package main

import (
	"go.nanomsg.org/mangos/v3"
	"go.nanomsg.org/mangos/v3/protocol/pull"
	"go.nanomsg.org/mangos/v3/protocol/push"
	"go.nanomsg.org/mangos/v3/protocol/rep"
	"go.nanomsg.org/mangos/v3/protocol/req"
	_ "go.nanomsg.org/mangos/v3/transport/inproc"
	_ "go.nanomsg.org/mangos/v3/transport/ipc"
	_ "go.nanomsg.org/mangos/v3/transport/tcp"

	"ztools/testdata/peers/peer"
)

// queue is the depth of the queues in messages: ZeroMQ's default.
const queue = 1000

func main() { peer.Main(library{}) }

type library struct{}

func (library) Push(r *peer.Run) error {
	s, err := push.NewSocket()
	if err != nil {
		return err
	}
	if err := s.SetOption(mangos.OptionWriteQLen, queue); err != nil {
		return err
	}
	if err := s.Dial(r.Endpoint); err != nil {
		return err
	}
	body := r.Buffer()
	send := s.Send
	if r.Size >= peer.ByReference {
		send = func(b []byte) error {
			m := mangos.NewMessage(0)
			m.Body = b
			return s.SendMsg(m)
		}
	}
	for range r.Total() {
		if err := send(body); err != nil {
			return err
		}
	}
	return nil
}

func (library) Pull(r *peer.Run) error {
	s, err := pull.NewSocket()
	if err != nil {
		return err
	}
	if err := s.SetOption(mangos.OptionReadQLen, queue); err != nil {
		return err
	}
	if err := listen(s, r); err != nil {
		return err
	}
	return r.Measure(func(n int) error {
		for range n {
			m, err := s.RecvMsg()
			if err != nil {
				return err
			}
			if err := r.Check(len(m.Body)); err != nil {
				return err
			}
			m.Free()
		}
		return nil
	})
}

func (library) Req(r *peer.Run) error {
	s, err := req.NewSocket()
	if err != nil {
		return err
	}
	if err := s.Dial(r.Endpoint); err != nil {
		return err
	}
	body := r.Buffer()
	return r.Measure(func(n int) error {
		for range n {
			if err := s.Send(body); err != nil {
				return err
			}
			m, err := s.RecvMsg()
			if err != nil {
				return err
			}
			m.Free()
		}
		return nil
	})
}

func (library) Rep(r *peer.Run) error {
	s, err := rep.NewSocket()
	if err != nil {
		return err
	}
	if err := listen(s, r); err != nil {
		return err
	}
	for range r.Total() {
		m, err := s.RecvMsg()
		if err != nil {
			return err
		}
		if err := s.SendMsg(m); err != nil {
			return err
		}
	}
	return nil
}

func listen(s mangos.Socket, r *peer.Run) error {
	if err := s.Listen(r.Endpoint); err != nil {
		return err
	}
	r.Ready()
	return nil
}
