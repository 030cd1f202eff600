package main

import (
	"ztools/lib/cli"
	"ztools/lib/zmq"
)

const (
	maxSize        = 1 << 30  // bytes of a message
	maxQueue       = 64 << 20 // bytes that wait in one queue
	maxHWM         = 1000     // libzmq's default
	defaultBacklog = 100      // libzmq's
	spare          = 16       // sockets of a context beside those that are measured
)

// plan is how both ends make their sockets. It travels to the other process on
// its standard input, secret keys too.
type plan struct {
	Size     int                // bytes of a message
	Options  []cli.SocketOption // of the command line
	Security security
	Backlog  int           // connections that may wait to be accepted; 0: the default
	Endless  bool          // queues without a limit
	Run      uint32        // tells the numbers of this run from those of others
	own      *cli.Security // of the command line, towards another program; else nil
}

// newContext makes a context with room for n sockets.
func newContext(n int) (*zmq.Context, error) {
	z := zmq.NewContext()
	return z, z.Set(zmq.MaxSockets, max(maxHWM, n+spare))
}

// sockets makes n sockets of one type. Large messages get shorter queues, so that
// they do not fill the memory; what is queued at the end is dropped.
func (p plan) sockets(z *zmq.Context, t zmq.Type, n int, side side) ([]*zmq.Socket, error) {
	hwm := min(maxHWM, max(1, maxQueue/max(1, p.Size)))
	if p.Endless {
		hwm = 0
	}
	var list []*zmq.Socket
	for range n {
		s, err := z.NewSocket(t)
		if err != nil {
			return list, err
		}
		list = append(list, s)
		for id, n := range map[zmq.Option]int{zmq.SndHWM: hwm, zmq.RcvHWM: hwm, zmq.Linger: 0, zmq.Backlog: max(p.Backlog, defaultBacklog)} {
			if err := s.Set(id, n); err != nil {
				return list, err
			}
		}
		if err := p.Security.set(s, side); err != nil {
			return list, err
		}
		if p.own != nil {
			if err := p.own.Apply(s); err != nil {
				return list, err
			}
		}
		if err := cli.SetOptions(s, p.Options); err != nil {
			return list, err
		}
	}
	return list, nil
}

// closeAll closes sockets, so that their users' calls return.
func closeAll(list []*zmq.Socket) {
	for _, s := range list {
		_ = s.Close() // fails only on a closed socket
	}
}
