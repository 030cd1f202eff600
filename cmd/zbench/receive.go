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

// receive starts to take messages from sockets until they are closed. If the other
// end is ours its senders stop after whole batches, so that the gauge misses none.
func (r *run) receive(sockets []*zmq.Socket, shared, lossy bool) *receivers {
	r.begin()
	rs := &receivers{run: r}
	every := checkEvery(r.plan.Size)
	if r.every > 0 {
		every = 1
	}
	for _, s := range sockets {
		l := &ledger{shared: shared, lossy: lossy}
		rs.ledgers = append(rs.ledgers, l)
		rs.group.Go(func() {
			err := error(nil)
			if r.far == nil {
				err = poll(s, l, &r.gauge)
			} else {
				err = take(s, l, &r.gauge, every)
			}
			if !ended(err) {
				r.cancel(err)
			}
		})
	}
	return rs
}

// take receives until the socket fails. It only ever waits for the next message,
// as programs that want to be fast do; the gauge hears of every so many.
func take(s *zmq.Socket, l *ledger, g *gauge, every int64) error {
	var m zmq.Message
	for {
		n, err := l.receive(s, &m, every)
		g.add(n)
		if err != nil {
			return err
		}
	}
}

// receive takes n messages, or those that came before the socket failed.
func (l *ledger) receive(s *zmq.Socket, m *zmq.Message, n int64) (int64, error) {
	ctx := context.Background()
	for i := range n {
		if err := s.RecvMessage(ctx, m); err != nil {
			return i, err
		}
		if body := m.Bytes(); !l.goesOn(body) && !l.inTurn(body) {
			l.place(body)
		}
	}
	return n, nil
}

// poll is take for messages of others, which may pause and end at any time: it
// asks before it waits, and then the gauge knows of all, and the ledger is free.
func poll(s *zmq.Socket, l *ledger, g *gauge) error {
	var m zmq.Message
	n := int64(0)
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() { g.rest(n) }()
	for {
		err := s.TryRecvMessage(&m)
		if err != nil && errors.Is(err, zmq.EAGAIN) {
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
		if n++; n == checkCount {
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
