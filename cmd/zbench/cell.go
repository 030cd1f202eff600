package main

import (
	"context"
	"sync"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

const (
	maxSize  = 1 << 30  // bytes of a message
	maxQueue = 64 << 20 // bytes that wait in one queue
	maxHWM   = 1000     // libzmq's default
)

// endpoints are those that both ends in one process can use. The system chooses
// the names that others could have taken.
var endpoints = map[string]string{"tcp": "tcp://127.0.0.1:0", "ipc": "ipc://*", "inproc": "inproc://zbench"}

// cell is two connected sockets of one process.
type cell struct {
	zctx     *zmq.Context
	bound    *zmq.Socket // PULL or REP
	joined   *zmq.Socket // PUSH or REQ
	peer     sync.WaitGroup
	shutdown func() bool // takes back what shuts the context down
}

// open connects two sockets, which shut down when ctx ends.
func (c *config) open(ctx context.Context, transport string, size int) (_ *cell, err error) {
	bound, joined := zmq.Pull, zmq.Push
	if c.kind == "lat" {
		bound, joined = zmq.Rep, zmq.Req
	}
	x := &cell{zctx: zmq.NewContext()}
	x.shutdown = context.AfterFunc(ctx, x.zctx.Shutdown)
	defer func() {
		if err != nil {
			x.close()
		}
	}()
	if x.bound, err = c.socket(x.zctx, bound, size); err != nil {
		return nil, err
	}
	if x.joined, err = c.socket(x.zctx, joined, size); err != nil {
		return nil, err
	}
	if err := x.bound.Bind(endpoints[transport]); err != nil {
		return nil, err
	}
	endpoint := x.bound.LastEndpoint()
	c.log.At(1, "at %s", endpoint)
	if err := x.joined.Connect(endpoint); err != nil {
		return nil, err
	}
	return x, x.joined.WaitPeers(ctx, 1)
}

// socket makes one end, whose queue is dropped at the end. Large messages get
// shorter queues, so that they do not fill the memory.
func (c *config) socket(z *zmq.Context, t zmq.Type, size int) (*zmq.Socket, error) {
	s, err := z.NewSocket(t)
	if err != nil {
		return nil, err
	}
	hwm := min(maxHWM, max(1, maxQueue/max(1, size)))
	for id, n := range map[zmq.Option]int{zmq.SndHWM: hwm, zmq.RcvHWM: hwm, zmq.Linger: 0} {
		if err := s.Set(id, n); err != nil {
			return s, err
		}
	}
	return s, cli.SetOptions(s, c.options)
}

// close ends the sockets and waits for all goroutines.
func (x *cell) close() {
	x.shutdown()
	for _, s := range []*zmq.Socket{x.joined, x.bound} {
		if s != nil {
			_ = s.Close() // fails only on a closed socket
		}
	}
	x.peer.Wait()
	_ = x.zctx.Close()
}
