package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"ztools/lib/zmq"
	"ztools/testdata/peers/peer"
)

// Works with subscriptions, as c/topics.c does them.

// publish sends to subs subscribers when all have come, and waits for whom it has
// no room for.
func (l library) publish(r *peer.Run, subs int) error {
	s, err := l.ctx.NewSocket(zmq.XPub)
	if err != nil {
		return err
	}
	if err := errors.Join(s.Set(zmq.XPubNoDrop, true), s.Set(zmq.XPubVerbose, true), l.join(s, r.Endpoint)); err != nil {
		return err
	}
	ctx := context.Background()
	for range subs {
		if _, err := s.Recv(ctx); err != nil {
			return err
		}
	}
	if err := newSender(s, r).send(r.Total()); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// join binds to an endpoint that begins with @, and says so; it connects to others.
func (l library) join(s *zmq.Socket, endpoint string) error {
	if at, ok := strings.CutPrefix(endpoint, "@"); ok {
		defer fmt.Println("ready")
		return s.Bind(at)
	}
	return s.Connect(endpoint)
}

// subscribe receives on subs sockets, each of which gets every message, and reports
// what all get together, from when the first is warm until the last has all.
func (l library) subscribe(r *peer.Run, subs int) error {
	sockets := make([]*zmq.Socket, subs)
	for i := range sockets {
		s, err := l.ctx.NewSocket(zmq.Sub)
		if err != nil {
			return err
		}
		if err := errors.Join(s.Subscribe(""), l.join(s, r.Endpoint)); err != nil {
			return err
		}
		sockets[i] = s
	}
	begins, ends, errs := make([]time.Time, subs), make([]time.Time, subs), make([]error, subs)
	var all sync.WaitGroup
	for i, s := range sockets {
		all.Go(func() { begins[i], ends[i], errs[i] = follow(s, r) })
	}
	all.Wait()
	took := slices.MaxFunc(ends, time.Time.Compare).Sub(slices.MinFunc(begins, time.Time.Compare))
	n := r.Count * subs
	fmt.Printf("%d %d %.9f\n", n, n*r.Size, took.Seconds())
	return errors.Join(errs...)
}

// follow takes what one subscriber gets, and tells when it was warm and when it had
// all.
func follow(s *zmq.Socket, r *peer.Run) (begin, end time.Time, err error) {
	var m zmq.Message
	if err := receive(s, &m, r.Warm()); err != nil {
		return begin, end, err
	}
	begin = time.Now()
	err = receive(s, &m, r.Count)
	return begin, time.Now(), errors.Join(err, r.Check(m.Size()))
}

// The topics of prefixes and how they are handed over.
const (
	topicLength = 20
	underWay    = 500 // topics at most
	second      = 7919
	third       = 104729
)

// topic is one that is different for each seed, the same as in c/topics.c.
func topic(seed uint64) []byte {
	t := make([]byte, topicLength)
	for i := range t {
		seed = seed*6364136223846793005 + 1442695040888963407
		t[i] = "abcdefghijklmnopqrstuvwxyz0123456789"[(seed>>33)%36]
	}
	return t
}

// prefixes is n topics from a SUB to an XPUB over inproc.
func (l library) prefixes(n int) error {
	pub, err := l.bound(zmq.XPub, "inproc://prefixes")
	if err != nil {
		return err
	}
	sub, err := l.ctx.NewSocket(zmq.Sub)
	if err != nil {
		return err
	}
	if err := errors.Join(sub.Set(zmq.SndHWM, 0), sub.Connect("inproc://prefixes")); err != nil {
		return err
	}
	names := make([][]byte, n)
	for i := range names {
		names[i] = topic(uint64(i))
	}
	before, err := resident()
	if err != nil {
		return err
	}
	ctx := context.Background()
	add, err := pass(names, 1, func(t []byte) error { return sub.Subscribe(string(t)) }, pub)
	if err != nil {
		return err
	}
	after, err := resident()
	if err != nil {
		return err
	}
	match, err := pass(names, second, func(t []byte) error { return pub.Send(ctx, t) }, sub)
	if err != nil {
		return err
	}
	remove, err := pass(names, third, func(t []byte) error { return sub.Unsubscribe(string(t)) }, pub)
	fmt.Printf("%d %.9f %.9f %.9f %d\n", n, add, match, remove, after-before)
	return err
}

// pass hands all topics over in turn and takes what comes of them from a socket;
// step goes round in another order.
func pass(names [][]byte, step int, give func([]byte) error, from *zmq.Socket) (seconds float64, err error) {
	ctx := context.Background()
	var m zmq.Message
	start := time.Now()
	for i, at := 0, 0; i < len(names); i, at = i+1, (at+step)%len(names) {
		if err := give(names[at]); err != nil {
			return 0, err
		}
		if i%underWay != underWay-1 && i != len(names)-1 {
			continue
		}
		for range i%underWay + 1 {
			if err := from.RecvMessage(ctx, &m); err != nil {
				return 0, err
			}
		}
	}
	return time.Since(start).Seconds(), nil
}

// resident is the memory of the process in bytes, without what the garbage
// collector can give back.
func resident() (int, error) {
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	var all, here int
	_, err = fmt.Sscan(string(text), &all, &here)
	return here * os.Getpagesize(), err
}
