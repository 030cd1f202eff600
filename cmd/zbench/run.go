package main

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
	"ztools/lib/zmq/auth"
)

// length is how long something goes on: a number of messages, or a time.
type length struct {
	count int64
	time  time.Duration
}

// run is one measurement of one cell, seen from this end.
type run struct {
	*config
	cell
	number int // from 1

	// Constant once open has made them.
	ctx    context.Context
	cancel context.CancelCauseFunc
	z      *zmq.Context
	plan   plan
	far    *far // nil while there is none, and when the other end is another program

	gauge     gauge
	measuring atomic.Bool            // the window is open
	over      atomic.Bool            // peers may go
	waiting   atomic.Pointer[string] // what to say if nothing happens
	gaveUp    atomic.Bool            // what was missing then is lost
	group     sync.WaitGroup         // the goroutines of this end
	near      []*zmq.Socket
	porter    *auth.Authenticator // nil: nobody asks
	at        string              // where the other end is
	lack      string              // what the window waits for, for people
	goals     []*goal             // ends of warm-up and window; nil if these are times
	spent     chan struct{}       // closed when the rest of the window will not come; nil if nobody can tell
	left      chan struct{}       // closed when the last peer has left, where that is the end
	leave     sync.Once           // closes left
	monitor   *cli.Monitor
	start     moment // of the window
	before    bill
	sample    sample
}

// bill is what both ends had used at a moment.
type bill struct{ near, far usage }

// measure makes one run in fresh sockets. On an error the sample holds what was
// measured until then, if anything was.
func (c *config) measure(ctx context.Context, cell cell, number int) (sample, error) {
	r := &run{config: c, cell: cell, number: number}
	r.plan = plan{Size: cell.Bytes, Options: c.options, Security: newSecurity(cell), Run: rand.Uint32(), own: c.security}
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	defer r.cancel(nil)
	runtime.GC() // every run begins with the same heap
	var err error
	if r.z, err = newContext(c.sockets()); err != nil {
		return r.sample, err
	}
	r.left = make(chan struct{})
	if r.monitor, err = cli.OpenMonitor(r.z, c.monitor, c.log); err != nil {
		return r.sample, errors.Join(err, r.z.Close())
	}
	unhook := context.AfterFunc(r.ctx, r.z.Shutdown)
	r.await("no peer")
	r.group.Go(r.guard)
	err = c.kind.measure(r)
	if cause := context.Cause(r.ctx); cause != nil {
		err = cause // what broke the calls, or came while they ended
	}
	if err == nil && r.sample.Messages == 0 {
		err = cli.Failf(cli.StatusTimeout, "measure longer, or look at the other end", "%s in %v", *r.waiting.Load(), r.sample.Elapsed.Round(time.Millisecond))
	}
	return r.sample, errors.Join(err, r.end(unhook))
}

// end closes everything, waits for all goroutines and adds up.
func (r *run) end(unhook func() bool) error {
	closeAll(r.near)
	if r.porter != nil {
		_ = r.porter.Close() // of a socket nobody asks any more
	}
	var err error
	if r.far != nil {
		err = r.far.close()
	}
	r.cancel(nil)
	unhook()
	r.group.Wait()
	r.monitor.Close()
	if r.ctx.Err() != nil && context.Cause(r.ctx) != context.Canceled {
		err = nil // a process that was killed for it is no further news
	}
	return errors.Join(err, r.z.Close())
}

// open makes the sockets of this end, which close with the run. A peer that goes
// away, or is none, ends it.
func (r *run) open(t zmq.Type, n int, at side) ([]*zmq.Socket, error) {
	var err error
	if r.porter, err = r.plan.Security.porter(r.z, at); err != nil {
		return nil, err
	}
	list, err := r.plan.sockets(r.z, t, n, at)
	r.near = append(r.near, list...)
	r.follow(list)
	for _, s := range list {
		r.monitor.Watch(s)
	}
	r.group.Go(func() { r.monitor.Run(r.ctx) })
	return list, err
}

// join starts the other end with a job, and connects the sockets to it.
func (r *run) join(sockets []*zmq.Socket, j job) (err error) {
	j.Bind, j.Endpoint, j.Plan = true, endpoints[r.Transport], r.plan
	if r.far, err = r.startFar(r.ctx, r.z, j); err != nil {
		return err
	}
	return r.attach(sockets, []cli.Endpoint{r.far.at})
}

// attach connects sockets, or binds the one there is, and waits until they have
// their peers: one for each connect.
func (r *run) attach(sockets []*zmq.Socket, list []cli.Endpoint) error {
	r.at = addresses(list)
	r.await("no peer at " + r.at)
	peers := 0
	for _, e := range list {
		for _, s := range sockets {
			if err := cli.Attach(s, e, r.log); err != nil {
				return err
			}
		}
		if !e.Bind {
			peers++
		}
	}
	for _, s := range sockets {
		if err := s.WaitPeers(r.ctx, max(peers, 1)); err != nil {
			return err
		}
	}
	return nil
}

// order gives the other end an order, if it is ours.
func (r *run) order(order string) (answer, error) {
	if r.far == nil {
		return answer{}, nil
	}
	return r.far.tell(order)
}

// begin is called before anything is sent or received. Counted lengths are goals
// from then on, so that they end with the very message.
func (r *run) begin() {
	r.start = r.gauge.now()
	if n := r.length.count; n > 0 {
		r.goals = r.gauge.until(r.warm.count, r.warm.count+n)
	}
}

// window lets the warm-up pass and then measures: it is over when the gauge has
// counted as much, or so much time has passed, as was asked for.
func (r *run) window() (err error) {
	r.await(cmp.Or(r.lack, "nothing arrived from") + " " + r.at)
	if r.start, err = r.pass("warm-up", 0, r.warm.time); err != nil {
		return err
	}
	if r.before, err = r.bill(); err != nil {
		return err
	}
	if r.goals == nil { // the other end may have been too busy to answer at once
		r.before.near, r.start = usageNow(), r.gauge.now()
	}
	r.measuring.Store(true)
	end, passed := r.pass("measuring", 1, r.length.time)
	r.measuring.Store(false)
	after, err := r.bill()
	r.settle(end, after, err == nil)
	if passed != nil {
		return passed
	}
	return err
}

// settle puts the figures of the window into the sample; those of the other end
// if it told them.
func (r *run) settle(end moment, after bill, told bool) {
	s := &r.sample
	s.Messages = end.total - r.start.total
	s.Elapsed = max(end.time.Sub(r.start.time), 1)
	s.Rate = number(float64(s.Messages) / s.Elapsed.Seconds())
	s.Near = newCost(after.near.since(r.before.near), s.Messages)
	if told && r.far != nil && r.far.separate {
		s.Far = newCost(after.far.since(r.before.far), s.Messages)
	}
}

// bill asks both ends what they have used.
func (r *run) bill() (bill, error) {
	near := usageNow()
	a, err := r.order(orderMark)
	return bill{near, a.Usage}, err
}

// pass waits for a goal, or for a time where nothing is counted, and tells the
// moment of its end. It takes the points of the series meanwhile.
func (r *run) pass(phase string, n int, d time.Duration) (end moment, err error) {
	r.show.phase(r, phase)
	goal, timed := &goal{}, (<-chan time.Time)(nil)
	switch {
	case r.goals != nil:
		goal = r.goals[n]
	case n == 1 && r.length == length{}: // until the peers have left
	default:
		t := time.NewTimer(d)
		defer t.Stop()
		timed = t.C
	}
	every, stop := r.ticks(phase)
	defer stop()
	for err == nil {
		select {
		case <-goal.reached:
			return goal.at, nil
		case <-timed:
			return r.gauge.now(), nil
		case <-r.left:
			return r.gauge.last(), nil
		case <-r.spent:
			return r.gauge.last(), r.giveUp(r.patience)
		case <-every:
			err = r.point()
		case <-r.ctx.Done():
			err = context.Cause(r.ctx)
		}
	}
	return r.gauge.now(), err
}

// ticks are the moments at which --interval wants a point of the series.
func (r *run) ticks(phase string) (<-chan time.Time, func()) {
	if r.interval == 0 || phase != "measuring" {
		return nil, func() {}
	}
	t := time.NewTicker(r.interval)
	return t.C, t.Stop
}

// point notes how far the run is and what both ends hold.
func (r *run) point() error {
	b, err := r.bill()
	if err != nil {
		return err
	}
	now := r.gauge.now()
	p := point{At: now.time.Sub(r.start.time), Messages: now.total - r.start.total, Near: b.near.since(r.before.near)}
	if r.far != nil && r.far.separate {
		far := b.far.since(r.before.far)
		p.Far = &far
	}
	r.sample.Series = append(r.sample.Series, p)
	r.show.aside(func() {
		r.log.At(0, "%v: %d messages, memory %s", p.At.Round(time.Millisecond), p.Messages, memory(p))
	})
	return nil
}

// memory is what both ends hold at a point.
func memory(p point) string {
	text := cli.FormatSize(float64(p.Near.Memory)) + " here"
	if p.Far != nil {
		text += ", " + cli.FormatSize(float64(p.Far.Memory)) + " there"
	}
	return text
}

// quiet is how long nothing may come before the rest counts as lost; drainLimit is
// how long at most the rest is waited for.
const (
	quiet      = 500 * time.Millisecond
	drainLimit = 3 * time.Second
)

// drain stops the far end's senders and takes what is still on its way. It tells
// whether all is there that was sent to so many receivers each, or nothing comes
// any more; the queues of a thousand senders are left undrained.
func (r *run) drain(receivers int64) (whole bool, err error) {
	r.show.phase(r, "draining")
	a, err := r.order(orderStop)
	if err != nil {
		return false, err
	}
	r.sample.Sent = a.Sent
	if a.Slip.Planned > 0 {
		r.sample.Slip = &a.Slip
	}
	if a.Busy {
		return false, nil
	}
	complete := r.gauge.until(a.Sent * receivers)[0].reached
	limit := time.NewTimer(drainLimit)
	defer limit.Stop()
	tick := time.NewTicker(quiet)
	defer tick.Stop()
	for seen := int64(-1); ; {
		select {
		case <-complete:
			return true, nil
		case <-limit.C:
			return false, nil
		case <-r.ctx.Done():
			return false, context.Cause(r.ctx)
		case <-tick.C:
		}
		now := r.gauge.total.Load()
		if now == seen {
			return true, nil
		}
		seen = now
	}
}

// bodies are what sender i of this end sends: what --data says, or numbered ones.
func (r *run) bodies(i int) bodies {
	if r.data != nil {
		return constantBodies(r.data)
	}
	return r.plan.bodies(i)
}
