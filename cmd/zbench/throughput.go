package main

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// throughput counts at the receivers. The senders never wait for anything but
// room. One receiver binds, so that many senders can come to it; several come to
// the one sender.
func throughput(r *run) error {
	if r.to != nil {
		return pushTo(r)
	}
	at := side(r.receivers == 1)
	r.plan.Backlog = max(r.senders, r.receivers) // all come at once
	pulls, err := r.open(zmq.Pull, r.receivers, at)
	if err != nil {
		return err
	}
	j := job{Work: "push", Sockets: r.senders, Peers: 1}
	if at == server {
		err = r.host(pulls[0], j)
	} else {
		j.Peers = r.receivers
		err = r.join(pulls, j)
	}
	if err != nil {
		return err
	}
	return r.collect(pulls, true)
}

// host binds a socket and starts the other end, whose sockets connect to it.
func (r *run) host(s *zmq.Socket, j job) (err error) {
	if err := s.Bind(endpoints[r.Transport]); err != nil {
		return err
	}
	r.at = s.LastEndpoint()
	j.Endpoint, j.Plan = r.at, r.plan
	r.log.At(1, "at %s", r.at)
	if r.far, err = r.startFar(r.ctx, r.z, j); err != nil {
		return err
	}
	return s.WaitPeers(r.ctx, j.Sockets)
}

// pushTo sends to a PULL of somebody else. It counts what its sockets took, which
// is ahead of what the peer has received by the queues between them; with
// --count it ends when all is handed to the system.
func pushTo(r *run) error {
	sockets, err := r.open(zmq.Push, r.senders, client)
	if err != nil {
		return err
	}
	if err := r.attach(sockets, r.to); err != nil {
		return err
	}
	r.lack = "no room at"
	r.begin()
	start := time.Now()
	var stop atomic.Bool
	var group sync.WaitGroup
	for i, s := range sockets {
		sender := r.pusher(s, i, start)
		group.Go(func() {
			if err := sender.run(&stop); !ended(err) {
				r.cancel(err)
			}
		})
	}
	err = r.window()
	r.over.Store(true)
	stop.Store(true)
	err = r.finish(&group, sockets, err) // a queue may stay full for ever
	r.sample.Sent = r.gauge.total.Load()
	if err == nil {
		err = r.drainQueues(sockets)
	}
	if err == nil && r.length.count > 0 {
		err = letRead(sockets, max(r.linger, restLimit))
	}
	return err
}

// letRead has sockets that have sent everything wait for their peers when they are
// closed: a libzmq that has no room drops the rest as soon as an ipc connection ends.
func letRead(sockets []*zmq.Socket, limit time.Duration) (err error) {
	for _, s := range sockets {
		err = errors.Join(err, s.Set(zmq.Linger, limit))
	}
	return err
}

// drainQueues gives what is queued for the peer the time of --linger.
func (r *run) drainQueues(sockets []*zmq.Socket) error {
	unsent := func() (n int) {
		for _, s := range sockets {
			n += s.Unsent()
		}
		return n
	}
	for end := time.Now().Add(r.linger); unsent() > 0 && time.Now().Before(end) && r.ctx.Err() == nil; {
		time.Sleep(flushLook)
	}
	if n := unsent(); n > 0 && r.linger > 0 {
		return cli.Failf(cli.StatusUnsent, "--linger TIME waits longer", "%d %s unsent after %v", n, cli.Plural(n, "message"), r.linger)
	}
	return nil
}

// pusher is sender i of this end.
func (r *run) pusher(socket *zmq.Socket, i int, start time.Time) *sender {
	s := &sender{socket: socket, bodies: r.bodies(i), gauge: &r.gauge}
	if r.every > 0 {
		s.pace = newPace(start, r.every, i, r.senders, r.newSleeper())
	}
	if all := r.warm.count + r.length.count; r.length.count > 0 {
		s.limit = (all-int64(i)-1)/int64(r.senders) + 1
	}
	return s
}
