package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// How a proxy ends:
//
//	1 the first signal, or a failure, ends soft: what has come is still passed on
//	2 when the loops have nothing left, queued messages still leave
//	3 the end of --linger, or one more signal, ends hard, and with it both

const (
	drainStep    = 2 * time.Millisecond   // between two looks at the queues while they drain
	unreadMoment = 100 * time.Millisecond // to count what was not passed on
)

// proxy is one run.
type proxy struct {
	*config
	log         *cli.Log
	zctx        *zmq.Context
	front, back *zmq.Socket
	directions  []*direction

	// soft ends when nothing more is to be waited for; its cause says why.
	soft context.Context
	stop context.CancelCauseFunc
	hard context.Context
	kill context.CancelFunc

	lost    atomic.Int64   // messages that a loop had in hand at the end of hard
	helpers sync.WaitGroup // watchers of events and the ticker of --stats
	loops   sync.WaitGroup
}

// run is zproxy behind its command line.
func run(a *cli.Args) error {
	if a.ListsOptions() {
		return cli.PrintOptions(a.Out)
	}
	c, err := parseConfig(a)
	if err != nil {
		return err
	}
	signals, release := cli.Interrupts()
	defer release()
	p := newProxy(a.Context, c, cli.NewLog(a))
	defer p.close()
	if err := p.open(); err != nil {
		return err
	}
	return p.run(signals)
}

func newProxy(ctx context.Context, c *config, log *cli.Log) *proxy {
	p := &proxy{config: c, log: log, zctx: zmq.NewContext()}
	p.soft, p.stop = context.WithCancelCause(ctx)
	p.hard, p.kill = context.WithCancel(ctx)
	return p
}

// open makes both sockets.
func (p *proxy) open() error {
	var err error
	if p.front, err = p.socket(p.config.front); err != nil {
		return err
	}
	if p.back, err = p.socket(p.config.back); err != nil {
		return err
	}
	for _, d := range []*direction{
		{label: "frontend to backend", from: p.front, to: p.back},
		{label: "backend to frontend", from: p.back, to: p.front},
	} {
		if roles[d.from.Type()]&gives != 0 && roles[d.to.Type()]&takes != 0 {
			p.directions = append(p.directions, d)
		}
	}
	return nil
}

// socket makes the socket of one side. A SUB without a subscription of its own
// asks for everything.
func (p *proxy) socket(s side) (*zmq.Socket, error) {
	sock, err := p.zctx.NewSocket(s.typ)
	if err != nil {
		return nil, err
	}
	events := sock.Events(p.hard)
	p.helpers.Go(func() {
		for ev := range events {
			p.log.Event(ev)
			if err := cli.Refusal(ev); err != nil && !s.endpoint.Bind {
				p.stop(err)
			}
		}
	})
	if err := cli.SetOptions(sock, s.options); err != nil {
		return sock, err
	}
	if s.typ == zmq.Sub && !s.sets("subscribe") {
		if err := sock.Subscribe(""); err != nil {
			return sock, err
		}
	}
	return sock, cli.Attach(sock, s.endpoint, p.log)
}

// run starts the loops and waits for their end.
func (p *proxy) run(signals <-chan os.Signal) error {
	for _, d := range p.directions {
		p.loops.Go(func() {
			lost, err := d.forward(p.soft, p.hard, p.log)
			if lost {
				p.lost.Add(1)
			}
			if err != nil {
				p.stop(err)
			}
		})
	}
	if p.stats > 0 {
		p.helpers.Go(p.tellStats)
	}
	select {
	case sig := <-signals:
		p.log.At(0, "%v: ending within %v; once more ends at once", sig, p.linger)
		p.stop(cli.Signalled(sig))
	case <-p.soft.Done():
	}
	return p.verdict(p.drain(signals))
}

// verdict is the error of a run that ended with so many messages unsent. A
// failure matters more than they do, a signal less.
func (p *proxy) verdict(unsent int) error {
	cause := context.Cause(p.soft)
	if unsent == 0 {
		return cause
	}
	p.kill() // nothing more is waited for
	text := fmt.Sprintf("ended with %d %s unsent", unsent, cli.Plural(unsent, "message"))
	var signal *cli.Error
	if errors.As(cause, &signal) && signal.Quiet {
		return cli.Failf(cli.StatusUnsent, "", "%s", text)
	}
	p.log.At(0, "%s", text)
	return cause
}

// drain waits for the loops and the queues, at most for --linger or until one
// more signal, and returns how many messages stay unsent.
func (p *proxy) drain(signals <-chan os.Signal) int {
	left := make(chan int)
	go func() { // ends with this function, which waits for it
		p.loops.Wait()
		left <- p.settle()
	}()
	limit := time.NewTimer(p.linger)
	defer limit.Stop()
	select {
	case n := <-left:
		return n
	case <-limit.C:
	case <-signals:
	}
	p.kill()
	return <-left
}

// settle waits until nothing is queued or hard ends, and returns the number of
// messages that are left.
func (p *proxy) settle() int {
	tick := time.NewTicker(drainStep)
	defer tick.Stop()
	for {
		n := int(p.lost.Load()) + unsent(p.front) + unsent(p.back)
		switch {
		case p.hard.Err() != nil:
			return n + p.unread()
		case n == 0:
			return 0
		}
		select {
		case <-tick.C:
		case <-p.hard.Done():
		}
	}
}

// unread counts the messages that came and were not passed on, for a moment:
// busy peers go on sending.
func (p *proxy) unread() (n int) {
	var m zmq.Message
	start := time.Now()
	for _, d := range p.directions {
		for d.from.TryRecvMessage(&m) == nil && time.Since(start) < unreadMoment {
			n++
		}
	}
	return n
}

// unsent counts the messages that wait in a socket.
func unsent(s *zmq.Socket) int {
	if subscribes(s) {
		return 0
	}
	return s.Unsent()
}

// subscribes tells whether a socket sends nothing but subscriptions, which nobody
// misses when a publisher is absent.
func subscribes(s *zmq.Socket) bool { return s.Type() == zmq.XSub || s.Type() == zmq.Sub }

// close closes what was opened and waits for all goroutines. What Unsent no
// longer counts is on its way; it gets --linger unless the run ends at once.
func (p *proxy) close() {
	p.stop(nil)
	for _, s := range []*zmq.Socket{p.front, p.back} {
		if s == nil {
			continue
		}
		linger := p.linger
		if subscribes(s) || p.hard.Err() != nil {
			linger = 0
		}
		_ = s.Set(zmq.Linger, linger) // fails only on a closed socket
		_ = s.Close()
	}
	p.kill()
	_ = p.zctx.Close()
	p.loops.Wait()
	p.helpers.Wait()
}
