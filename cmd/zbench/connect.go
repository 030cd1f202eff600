package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"ztools/lib/zmq"
)

// connections makes many connections and times each from Connect to the end of
// the handshake and to the first reply. All stay open until the end.
func connections(r *run) error {
	if r.to == nil {
		r.plan.Backlog = r.parallel // the queue of the system is not what is measured
		if err := r.join(nil, job{Work: "echo", Sockets: 1}); err != nil {
			return err
		}
		r.at = r.far.at.Addr
	} else {
		r.at = r.to[0].Addr
	}
	r.lack = "no round trip with"
	c := connector{run: r, handshake: newSpectrum(), first: newSpectrum()}
	r.begin()
	for range r.parallel {
		c.group.Go(func() {
			if err := c.work(); !ended(err) {
				r.cancel(err)
			}
		})
	}
	err := r.window()
	r.over.Store(true)
	if err != nil {
		r.z.Shutdown()
	}
	c.group.Wait()
	r.near = c.sockets
	r.sample.Handshake, r.sample.Latency = merged([]*spectrum{c.handshake}), merged([]*spectrum{c.first})
	return err
}

// connector makes connections, several at a time.
type connector struct {
	run   *run
	begun atomic.Int64
	group sync.WaitGroup

	mu               sync.Mutex // guards the fields below
	sockets          []*zmq.Socket
	handshake, first *spectrum // of all goroutines: one for each would cost more than its connection
}

// work makes connections until there are enough.
func (c *connector) work() error {
	r := c.run
	request := make([]byte, r.plan.Size)
	var reply zmq.Message
	for c.begun.Add(1) <= r.length.count {
		list, err := r.plan.sockets(r.z, zmq.Req, 1, client)
		c.mu.Lock()
		c.sockets = append(c.sockets, list...)
		c.mu.Unlock()
		if err != nil {
			return err
		}
		if r.to != nil { // our own end does not refuse, and to watch costs time
			r.follow(list)
		}
		s, start := list[0], time.Now()
		if err := s.Connect(r.at); err != nil {
			return err
		}
		if err := s.WaitPeers(r.ctx, 1); err != nil {
			return err
		}
		handshake := time.Since(start)
		if err := s.Send(context.Background(), request); err != nil {
			return err
		}
		if err := s.RecvMessage(context.Background(), &reply); err != nil {
			return err
		}
		c.record(handshake, time.Since(start))
		r.gauge.add(1)
	}
	return nil
}

// record counts one connection.
func (c *connector) record(handshake, first time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.handshake.record(handshake)
	c.first.record(first)
}
