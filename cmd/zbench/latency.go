package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"ztools/lib/zmq"
)

// latency times round trips one at a time: the next request leaves when the reply
// to the last has come. So a slow server slows the load down, too, and its slow
// moments count once each: load is the honest measure of those.
func latency(r *run) error {
	reqs, err := r.open(zmq.Req, r.clients, client)
	if err != nil {
		return err
	}
	if err := r.reach(reqs, job{Work: "echo", Sockets: 1}); err != nil {
		return err
	}
	r.lack = "no reply from"
	r.begin()
	t := trips{run: r}
	for i, s := range reqs {
		t.start(s, i)
	}
	err = r.window()
	t.stop.Store(true)
	err = r.finish(&t.group, reqs, err)
	r.over.Store(true)
	t.sum()
	return err
}

// reach connects sockets to the other end: the one that --to names, or one of our
// own that does a job.
func (r *run) reach(sockets []*zmq.Socket, j job) error {
	if r.to != nil {
		return r.attach(sockets, r.to)
	}
	return r.join(sockets, j)
}

// trips are round trips of several clients.
type trips struct {
	run     *run
	taken   atomic.Int64 // trips begun
	stop    atomic.Bool
	group   sync.WaitGroup
	clients []*traveller
}

// traveller is one client. Its goroutine owns it.
type traveller struct {
	socket *zmq.Socket
	bodies bodies
	sent   int64
	ledger ledger
	times  *spectrum
}

// start makes a client go round on a socket.
func (t *trips) start(s *zmq.Socket, i int) {
	c := &traveller{socket: s, bodies: t.run.bodies(i), times: newSpectrum()}
	t.clients = append(t.clients, c)
	t.group.Go(func() {
		if err := t.travel(c); !ended(err) {
			t.run.cancel(err)
		}
	})
}

func (t *trips) travel(c *traveller) error {
	r := t.run
	var reply zmq.Message
	last := time.Now()
	for !t.stop.Load() {
		trip := t.taken.Add(1)
		if r.length.count > 0 && trip > r.warm.count+r.length.count {
			return nil // a peer may count, too: not one more
		}
		if _, err := c.bodies.send(c.socket, c.sent, c.sent+1); err != nil {
			return err
		}
		c.sent++
		if err := c.socket.RecvMessage(context.Background(), &reply); err != nil {
			return err
		}
		now := time.Now()
		if r.length.count > 0 && trip > r.warm.count || r.measuring.Load() {
			c.times.record(now.Sub(last))
		}
		last = now
		c.ledger.see(reply.Part(reply.Len() - 1))
		r.gauge.add(1)
	}
	return nil
}

// sum adds up what became of the requests. At most one of each client is without
// its reply: it is lost if that was waited for.
func (t *trips) sum() {
	s := &t.run.sample
	var times []*spectrum
	for _, c := range t.clients {
		times = append(times, c.times)
		c.ledger.Lost = 0 // in a number that came early; its trip was none
		if t.run.gaveUp.Load() {
			c.ledger.Lost = c.sent - c.ledger.Received
		}
		s.Sent += c.sent
		s.Tally.add(c.ledger.tally)
	}
	s.Latency = merged(times)
}
