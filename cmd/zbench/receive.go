package main

import (
	"context"
	"errors"
	"sync"

	"ztools/lib/zmq"
)

// receivers take messages from sockets, a goroutine each.
type receivers struct {
	run     *run
	group   sync.WaitGroup
	ledgers []*ledger
}

// receive starts to take messages from sockets until they are closed.
func (r *run) receive(sockets []*zmq.Socket, shared bool) *receivers {
	r.begin()
	rs := &receivers{run: r}
	for _, s := range sockets {
		l := &ledger{shared: shared}
		rs.ledgers = append(rs.ledgers, l)
		rs.group.Go(func() {
			if err := take(s, l, &r.gauge, checkEvery(r.plan.Size)); !ended(err) {
				r.cancel(err)
			}
		})
	}
	return rs
}

// take takes messages until the socket fails. The gauge hears of every so many
// of them, and of all whenever it has to wait; then the ledger is free, too.
func take(s *zmq.Socket, l *ledger, g *gauge, every int64) error {
	var m zmq.Message
	n := int64(0)
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() { g.rest(n) }()
	for {
		err := s.TryRecvMessage(&m)
		if errors.Is(err, zmq.EAGAIN) {
			g.rest(n)
			n = 0
			l.mu.Unlock()
			err = s.RecvMessage(context.Background(), &m)
			l.mu.Lock()
		}
		if err != nil {
			return err
		}
		l.see(m.Bytes())
		if n++; n == every {
			g.add(n)
			n = 0
		}
	}
}

// close closes this end's sockets, waits for the receivers and adds up what they
// saw.
func (rs *receivers) close() {
	r := rs.run
	closeAll(r.near)
	rs.group.Wait()
	for _, l := range rs.ledgers {
		r.sample.Tally.add(l.tally)
	}
}

// balance takes the losses from what the other end says it sent, which knows of
// those after the last message, too.
func (t *tally) balance(sent int64) {
	if missing := sent - (t.Received - t.Duplicated); missing >= 0 {
		t.Lost = missing
	}
}
