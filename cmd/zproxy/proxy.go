package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// One proxy. It is prepared, which shows whether all options make sense, its capture
// is opened, then it is bound and connected, then it runs. How it ends:
//
//	1 the first signal, or a failure, ends soft: what has come is still passed on
//	2 when nothing is left of that, queued messages still leave
//	3 the end of --linger, or one more signal, ends hard, and with it both

const (
	drainStep    = 2 * time.Millisecond   // between two looks at the queues while they drain
	unreadMoment = 100 * time.Millisecond // to count what was not passed on
)

// The reasons for an end that are no failures.
var (
	errTerminated = errors.New("terminated by its control socket")
	errReplaced   = errors.New("replaced by the new file")
)

// proxy is one proxy with its sockets.
type proxy struct {
	*config
	log         *cli.Log
	zctx        *zmq.Context
	front, back *zmq.Socket
	control     *zmq.Socket  // nil: none
	capture     *capture     // nil: none
	gate        cli.Gate     // decides who may come in
	monitor     *cli.Monitor // nil: none
	relay       *zmq.Proxy

	// soft ends when nothing more is to be waited for; its cause says why.
	soft context.Context
	stop context.CancelCauseFunc
	hard context.Context
	kill context.CancelFunc

	helpers sync.WaitGroup // watchers of events, and what publishes them
	relayed sync.WaitGroup // the relay
}

func newProxy(ctx context.Context, c *config, log *cli.Log) *proxy {
	p := &proxy{config: c, log: log, zctx: zmq.NewContext()}
	p.soft, p.stop = context.WithCancelCause(ctx)
	p.hard, p.kill = context.WithCancel(ctx)
	return p
}

// label names the proxy before a text where there are several.
func (p *proxy) label(text string) string {
	if p.name == "" {
		return text
	}
	return p.name + ": " + text
}

// prepare makes all sockets.
func (p *proxy) prepare() (err error) {
	if p.gate, err = cli.Authenticate(p.zctx, p.log, p.config.front.security, p.config.back.security); err != nil {
		return err
	}
	if p.front, err = p.socket(p.config.front); err != nil {
		return err
	}
	if p.back, err = p.socket(p.config.back); err != nil {
		return err
	}
	p.relay = zmq.NewProxy(p.front, p.back)
	if p.config.control != nil {
		if p.control, err = p.zctx.NewSocket(zmq.Rep); err != nil {
			return err
		}
		p.relay.Control = p.control
	}
	if p.config.capture != "" {
		if p.capture, err = newCapture(p.copies, p.zctx); err != nil {
			return cli.About("capture", err)
		}
	}
	if p.capture != nil || p.topics != nil || p.log.On(3) {
		p.relay.Inspect = p.inspect
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
	if s.security != nil {
		if err := s.security.Apply(sock); err != nil {
			return sock, err
		}
	}
	if err := cli.SetOptions(sock, s.options); err != nil {
		return sock, err
	}
	if s.typ == zmq.Dish {
		return sock, p.join(sock)
	}
	if s.typ == zmq.Sub && !s.sets("subscribe") {
		return sock, sock.Subscribe("")
	}
	return sock, nil
}

// join has a DISH receive its groups.
func (p *proxy) join(dish *zmq.Socket) error {
	for _, group := range p.groups {
		if err := dish.Join(group); err != nil {
			return cli.About("join", cli.Usagef("a group has 255 bytes at most and is joined once", "--join %q: %w", group, err))
		}
	}
	return nil
}

// record opens the file of the capture.
func (p *proxy) record() error {
	if p.capture == nil || p.capture.pub != nil {
		return nil
	}
	return cli.About("capture", p.capture.open(p.config.capture))
}

// attach binds and connects all sockets.
func (p *proxy) attach() (err error) {
	if p.monitor, err = cli.OpenMonitor(p.zctx, p.config.monitor, p.log); err != nil {
		return err
	}
	p.monitor.Watch(p.front)
	p.monitor.Watch(p.back)
	p.helpers.Go(func() { p.monitor.Run(p.hard) })
	for _, s := range []struct {
		sock *zmq.Socket
		side side
	}{{p.front, p.config.front}, {p.back, p.config.back}} {
		if err := cli.Attach(s.sock, s.side.endpoint, p.log); err != nil {
			return cli.About(runKey, err)
		}
		if s.side.security != nil && s.side.endpoint.Bind {
			s.side.security.Tell(p.log, "zcat", s.side.typ, s.sock.LastEndpoint())
		}
	}
	if p.control != nil {
		if err := cli.Attach(p.control, *p.config.control, p.log); err != nil {
			return cli.About("control", err)
		}
	}
	if p.copies != nil {
		return cli.About("capture", cli.Attach(p.capture.pub, *p.copies, p.log))
	}
	return nil
}

// inspect sees each message when it is passed on; false drops it.
func (p *proxy) inspect(to *zmq.Socket, m *zmq.Message) bool {
	direction, toSubscribers := "backend to frontend", p.config.front.typ == zmq.XPub || p.config.front.typ == zmq.Pub
	if to == p.back {
		direction, toSubscribers = "frontend to backend", !toSubscribers
	}
	if p.topics != nil && !p.rule(toSubscribers, to, m) {
		return false
	}
	if p.capture != nil {
		if err := p.capture.take(direction, m); err != nil {
			p.stop(fmt.Errorf("capture to %s: %w", p.config.capture, err))
		}
	}
	if p.log.On(3) {
		parts, size := m.Len(), m.Size()
		p.log.At(3, "%s", p.label(fmt.Sprintf("%s: %d %s in %d %s", direction, size, cli.Plural(size, "byte"), parts, cli.Plural(parts, "part"))))
	}
	return true
}

// rule applies the rules for topics.
func (p *proxy) rule(toSubscribers bool, to *zmq.Socket, m *zmq.Message) bool {
	if toSubscribers {
		return p.topics.publish(m)
	}
	return p.topics.subscribe(m, func(subscription []byte) {
		_ = to.TrySend(subscription) // an XSUB takes all
	})
}

// run passes messages on until a signal or the end of soft.
func (p *proxy) run(signals <-chan os.Signal) error {
	p.relayed.Go(func() {
		err := p.relay.Run(p.hard)
		switch {
		case p.hard.Err() != nil:
		case err == nil:
			p.stop(errTerminated)
		default:
			p.stop(err)
		}
	})
	select {
	case sig := <-signals:
		p.log.At(0, "%s", p.label(fmt.Sprintf("%v: ending within %v; once more ends at once", sig, p.linger)))
		p.stop(cli.Signalled(sig))
	case <-p.soft.Done():
	}
	p.relay.Finish()
	return p.verdict(p.drain(signals))
}

// verdict is the error of a run that ended with so many messages unsent. A
// failure matters more than they do, a signal less.
func (p *proxy) verdict(unsent int) error {
	cause := context.Cause(p.soft)
	if unsent == 0 {
		return harmless(cause)
	}
	p.kill() // nothing more is waited for
	text := fmt.Sprintf("ended with %d %s unsent", unsent, cli.Plural(unsent, "message"))
	var signal *cli.Error
	if harmless(cause) == nil || errors.As(cause, &signal) && signal.Quiet {
		return cli.Failf(cli.StatusUnsent, "", "%s", text)
	}
	p.log.At(0, "%s", p.label(text))
	return cause
}

// harmless is nil for an end that was asked for in order.
func harmless(cause error) error {
	if cause == errTerminated || cause == errReplaced {
		return nil
	}
	return cause
}

// drain waits for the relay and the queues, at most for --linger or until one
// more signal, and returns how many messages stay unsent.
func (p *proxy) drain(signals <-chan os.Signal) int {
	left := make(chan int)
	go func() { // ends with this function, which waits for it
		p.relayed.Wait()
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
		n := int(p.relay.Stats().Lost) + unsent(p.front) + unsent(p.back)
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
	for _, s := range []*zmq.Socket{p.front, p.back} {
		for !subscriptionsOnly(s) && s.TryRecvMessage(&m) == nil && time.Since(start) < unreadMoment {
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

// subscribes tells whether a socket sends nothing but what it wants to receive, which
// nobody misses when a publisher is absent.
func subscribes(s *zmq.Socket) bool {
	return s.Type() == zmq.XSub || s.Type() == zmq.Sub || s.Type() == zmq.Dish
}

// subscriptionsOnly tells whether a socket receives nothing else.
func subscriptionsOnly(s *zmq.Socket) bool { return s.Type() == zmq.XPub || s.Type() == zmq.Pub }

// close closes what was opened and waits for all goroutines. What Unsent no
// longer counts is on its way; it gets --linger unless the run ends at once.
func (p *proxy) close() {
	p.stop(nil)
	for _, s := range []*zmq.Socket{p.front, p.back, p.control} {
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
	p.monitor.Close()
	if p.capture != nil {
		if err := p.capture.close(); err != nil {
			p.log.At(0, "%s", p.label(err.Error()))
		}
	}
	p.kill()
	_ = p.gate.Close()
	_ = p.zctx.Close()
	p.relayed.Wait()
	p.helpers.Wait()
}
