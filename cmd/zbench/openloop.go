package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// openLoop sends requests on a fixed schedule, whether or not replies have come,
// and times each reply from the moment its request was due. What waits behind a
// slow one is late, too, and counts as late. DEALER sockets send what a REQ would
// send, so any REP or ROUTER can be at the other end.
//
//	1 each client's sender waits for the schedule and stamps the request with how late it leaves
//	2 the other end sends it back
//	3 the client's receiver takes the time since it was due, and since it left
func openLoop(r *run) error {
	r.plan.Endless = true // a queue that is full would stop the schedule, or make a REP drop replies
	dealers, err := r.open(zmq.Dealer, r.clients, client)
	if err != nil {
		return err
	}
	if err := r.reach(dealers, job{Work: "echo", Sockets: 1}); err != nil {
		return err
	}
	r.warm, r.length = inMessages(r.warm, r.every), inMessages(r.length, r.every)
	r.lack = "no reply from"
	r.begin()
	start := time.Now()
	var clients []*loopClient
	var sending sync.WaitGroup
	for i, s := range dealers {
		c := &loopClient{
			run: r, socket: s, index: i, latency: newSpectrum(), service: newSpectrum(),
			pace: newPace(start, r.every, i, len(dealers), r.newSleeper()),
		}
		clients = append(clients, c)
		c.start(&sending)
	}
	r.awaitRest(&sending)
	err = r.window()
	r.over.Store(true)
	closeAll(dealers)
	sending.Wait()
	for _, c := range clients {
		c.close()
	}
	if err == nil || r.gaveUp.Load() {
		r.sample.Tally.balance(r.sample.Sent) // knows of the last replies, too
	}
	return err
}

// awaitRest gives up on the replies that have not come when all requests have left
// and no more comes.
func (r *run) awaitRest(sending *sync.WaitGroup) {
	r.spent = make(chan struct{})
	all := r.goals[len(r.goals)-1].reached
	r.group.Go(func() {
		sending.Wait()
		if !r.lively(all, r.patience, silently) {
			close(r.spent)
		}
	})
}

// inMessages is a length as the number of messages that a schedule has in it.
func inMessages(l length, every time.Duration) length {
	if l.count == 0 && l.time > 0 {
		l = length{count: max(1, int64(l.time/every))}
	}
	return l
}

// loopClient is one client of an open loop.
type loopClient struct {
	// Constant.
	run    *run
	socket *zmq.Socket
	index  int
	group  sync.WaitGroup // the receiver

	// Owned by the sender.
	pace *pace
	sent int64

	// Owned by the receiver.
	ledger           ledger
	stream           stream
	latency, service *spectrum
}

// start begins to send, and to receive until the socket is closed.
func (c *loopClient) start(sending *sync.WaitGroup) {
	r := c.run
	sending.Go(func() {
		if err := c.send(&r.over); !ended(err) {
			r.cancel(err)
		}
	})
	c.group.Go(func() {
		if err := c.receive(); !ended(err) {
			r.cancel(err)
		}
	})
}

// send sends this client's share of the schedule.
func (c *loopClient) send(stop *atomic.Bool) error {
	all := c.run.warm.count + c.run.length.count
	clients := int64(c.run.clients)
	body := make([]byte, c.run.plan.Size)
	for ; c.sent*clients+int64(c.index) < all && c.pace.await(stop); c.sent++ {
		stamp{uint64(c.pace.late), uint64(c.sent)}.put(body)
		if err := c.socket.Send(context.Background(), nil, body); err != nil {
			return err
		}
	}
	return nil
}

// receive times the replies until the socket is closed.
func (c *loopClient) receive() error {
	r := c.run
	var reply zmq.Message
	for {
		if err := c.socket.RecvMessage(context.Background(), &reply); err != nil {
			return err
		}
		now := time.Now()
		c.ledger.Received++
		s, ok := readStamp(reply.Part(reply.Len() - 1))
		if !ok {
			return cli.Failf(cli.StatusFailed, "lat and req without --rate take any reply", "%s answers with something else than the request, which has its number and time", r.at)
		}
		again := c.ledger.Duplicated
		if c.stream.see(s.seq, &c.ledger); c.ledger.Duplicated > again {
			continue
		}
		if int64(s.seq)*int64(r.clients)+int64(c.index) >= r.warm.count {
			took := now.Sub(c.pace.due(int64(s.seq)))
			c.latency.record(took)
			c.service.record(took - time.Duration(s.extra))
		}
		r.gauge.rest(1)
	}
}

// close waits for the goroutines of a client whose socket is closed and adds its
// figures to the run's.
func (c *loopClient) close() {
	c.group.Wait()
	c.pace.sleep.close()
	s := &c.run.sample
	s.Sent += c.sent
	s.Tally.add(c.ledger.tally)
	if s.Slip == nil {
		s.Slip = &slip{}
	}
	s.Slip.add(c.pace.slip)
	s.Latency = merged([]*spectrum{s.Latency, c.latency})
	s.Service = merged([]*spectrum{s.Service, c.service})
}
