package main

import "ztools/lib/zmq"

// fanOut counts what each of many subscribers gets of one publisher. A PUB drops
// what a subscriber has no room for, so losses are a result, not a fault.
func fanOut(r *run) error {
	r.plan.Backlog = r.subs // all come at once
	subs, err := r.open(zmq.Sub, r.subs, client)
	if err != nil {
		return err
	}
	for _, s := range subs {
		if err := s.Subscribe(""); err != nil {
			return err
		}
	}
	if err := r.join(subs, job{Work: "publish", Sockets: 1, Peers: r.subs, Every: r.every}); err != nil {
		return err
	}
	return r.collect(subs, false)
}

// collect has the other end send, and receives on sockets through the window and
// after it, until all is there that was sent. If the messages are shared they are
// counted once, else once for each socket.
func (r *run) collect(sockets []*zmq.Socket, shared bool) error {
	copies := int64(1)
	if !shared {
		copies = int64(len(sockets))
	}
	rs := r.receive(sockets, shared && len(sockets) > 1, !shared)
	_, err := r.order(orderGo) // thousands of senders take their time to begin
	if err == nil {
		err = r.window()
	}
	whole := false
	if err == nil && r.far != nil {
		whole, err = r.drain(copies)
	}
	r.over.Store(true)
	rs.close()
	if whole {
		r.sample.Tally.balance(r.sample.Sent * copies)
	}
	return err
}
