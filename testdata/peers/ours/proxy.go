package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ztools/lib/zmq"
	"ztools/testdata/peers/peer"
)

// The ends of a proxy's row, and the whole of it in one process, to count what is
// allocated:
//
//	PUSH > streamer > PULL      the works of every peer
//	XPUB > forwarder > SUB      topics.go
//	DEALER > queue > DEALER     ask and answer; the replies come back
//
// The end behind the proxy binds; the proxy connects to it.

// window is how many requests of a caller are under way: half of what its queues hold,
// since a ROUTER drops what a caller has no room for.
const window = 500

// ask has callers keep requests under way, each by itself, and counts the replies.
func (l library) ask(r *peer.Run, callers int) error {
	r.Least = max(r.Least, 4*window*callers)
	list := make([]*zmq.Socket, callers)
	for i := range list {
		var err error
		if list[i], err = l.connected(zmq.Dealer, r.Endpoint); err != nil {
			return err
		}
	}
	return r.Measure(func(n int) error {
		done := make(chan error)
		for i, s := range list {
			go func() { done <- call(s, r, (n+i)/callers) }()
		}
		var err error
		for range list {
			err = errors.Join(err, <-done)
		}
		return err
	})
}

// call is one of them.
func call(s *zmq.Socket, r *peer.Run, n int) error {
	x := newSender(s, r)
	var m zmq.Message
	for got, sent := 0, 0; got < n; got++ {
		for ; sent < min(n, got+window); sent++ {
			if err := x.send(1); err != nil {
				return err
			}
		}
		if err := receive(s, &m, 1); err != nil {
			return err
		}
	}
	return r.Check(m.Size())
}

// askAndTell reports as well.
func (l library) askAndTell(r *peer.Run, callers int) error {
	err := l.ask(r, callers)
	if err == nil {
		fmt.Println(r)
	}
	return err
}

// askAlone is ask of one caller.
func (l library) askAlone(r *peer.Run) error { return l.ask(r, 1) }

// answer sends every request back, with the routing id before it.
func (l library) answer(r *peer.Run) error {
	s, err := l.bound(zmq.Dealer, r.Endpoint)
	if err != nil {
		return err
	}
	r.Ready()
	ctx := context.Background()
	var m zmq.Message
	for {
		if err := s.RecvMessage(ctx, &m); err != nil {
			return err
		}
		if err := s.SendMessage(ctx, &m); err != nil {
			return err
		}
	}
}

// kind is a proxy with its ends, by the name that zproxy gives it.
type kind struct {
	front, back     zmq.Type
	measures, other func(library, *peer.Run) error
	binds           bool // the end that measures is the one behind
}

var kinds = map[string]kind{
	"streamer":  {zmq.Pull, zmq.Push, library.Pull, library.Push, true},
	"forwarder": {zmq.XSub, zmq.XPub, library.followOne, library.publishOne, true},
	"queue":     {zmq.Router, zmq.Dealer, library.askAlone, library.answer, false},
}

// proxy runs a proxy and its ends, and reports allocations too. args are KIND FRONT
// BACK SIZE COUNT. As many messages go first as count, since queues grow now and then.
// It returns when the measuring end has: the others never end.
func (l library) proxy(args []string) error {
	k, ok := kinds[args[0]]
	if !ok {
		return fmt.Errorf("no proxy is a %s", args[0])
	}
	before, err := peer.NewRun(args[1], args[3], args[4])
	if err != nil {
		return err
	}
	before.Least = before.Count
	behind := *before
	behind.Endpoint = args[2]
	measures, other := before, &behind
	if k.binds {
		measures, other = other, measures
	}
	p, err := l.between(k, before.Endpoint, behind.Endpoint)
	if err != nil {
		return err
	}
	behind.WhenReady(func() { untilFull(p) })
	done := make(chan error, 3)
	go func() { done <- p.Run(context.Background()) }()
	go func() {
		if err := k.other(l, other); err != nil {
			done <- err
		}
	}()
	go func() { done <- k.measures(l, measures) }()
	err = <-done
	fmt.Println(measures.Allocations())
	return err
}

// untilFull waits until the proxy passes nothing on any more, since nobody behind it
// takes anything: then all queues are as long as they get, and all the memory for
// that is there.
func untilFull(p *zmq.Proxy) {
	for before, now := uint64(0), uint64(0); now == 0 || now != before; {
		time.Sleep(100 * time.Millisecond)
		before, now = now, p.Stats().BackSent.Messages
	}
}

// between is a proxy that binds to front and connects to back.
func (l library) between(k kind, front, back string) (*zmq.Proxy, error) {
	f, err := l.bound(k.front, front)
	if err != nil {
		return nil, err
	}
	b, err := l.ctx.NewSocket(k.back)
	if err != nil {
		return nil, err
	}
	if k.back == zmq.XPub {
		err = b.Set(zmq.XPubNoDrop, true)
	}
	return zmq.NewProxy(f, b), errors.Join(err, b.Connect(back))
}

// followOne is the one SUB behind a forwarder.
func (l library) followOne(r *peer.Run) error {
	s, err := l.bound(zmq.Sub, r.Endpoint)
	if err != nil {
		return err
	}
	if err := s.Subscribe(""); err != nil {
		return err
	}
	r.Ready()
	var m zmq.Message
	return r.Measure(func(n int) error { return errors.Join(receive(s, &m, n), r.Check(m.Size())) })
}

// publishOne is the publisher before it.
func (l library) publishOne(r *peer.Run) error { return l.publish(r, 1) }
