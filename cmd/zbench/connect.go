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
	e := r.to
	if e == nil {
		r.plan.Backlog = r.parallel // the queue of the system is not what is measured
		if err := r.join(nil, job{Work: "echo", Sockets: 1}); err != nil {
			return err
		}
		e = &r.far.at
	}
	r.begin()
	c := connector{run: r, endpoint: e.Addr}
	for range r.parallel {
		handshake, first := newSpectrum(), newSpectrum()
		c.handshakes, c.firsts = append(c.handshakes, handshake), append(c.firsts, first)
		c.group.Go(func() {
			if err := c.work(handshake, first); !ended(err) {
				r.cancel(err)
			}
		})
	}
	err := r.window()
	if err != nil {
		r.z.Shutdown()
	}
	c.group.Wait()
	r.near = c.sockets
	r.sample.Handshake, r.sample.Latency = merged(c.handshakes), merged(c.firsts)
	return err
}

// connector makes connections, several at a time.
type connector struct {
	run                *run
	endpoint           string
	begun              atomic.Int64
	group              sync.WaitGroup
	handshakes, firsts []*spectrum // one for each goroutine, which owns it

	mu      sync.Mutex // guards sockets
	sockets []*zmq.Socket
}

// work makes connections until there are enough.
func (c *connector) work(handshake, first *spectrum) error {
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
		s, start := list[0], time.Now()
		if err := s.Connect(c.endpoint); err != nil {
			return err
		}
		if err := s.WaitPeers(r.ctx, 1); err != nil {
			return err
		}
		handshake.record(time.Since(start))
		if err := s.Send(context.Background(), request); err != nil {
			return err
		}
		if err := s.RecvMessage(context.Background(), &reply); err != nil {
			return err
		}
		first.record(time.Since(start))
		r.gauge.add(1)
	}
	return nil
}
