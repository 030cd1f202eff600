package main

import (
	"context"
	"math"
	"sync"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// host is one end for peers elsewhere: zbench --to, or libzmq's own programs.
// It tells of each session, which ends with its last peer or after --count
// messages.
type host struct {
	*config
	out    *cli.Stream
	socket *zmq.Socket
	gauge  gauge
	ledger ledger
	group  sync.WaitGroup
	cell   cell
}

// served are the kinds of server: the socket, what goes through it, and what is
// told of a session.
var served = map[string]struct {
	typ     zmq.Type
	run     func(*host) error
	what    string
	columns []column
}{
	"thr": {zmq.Pull, func(v *host) error { return poll(v.socket, &v.ledger, &v.gauge) }, "received by PULL", join(
		[]column{messages, rateColumn("messages/s"), meanBytes, seenMegabytes, costs[0], costs[2], lost, duplicated, reordered})},
	"lat": {zmq.Rep, func(v *host) error { return echo(v.socket, &v.gauge) }, "answered by REP", []column{messages, rateColumn("trips/s"), costs[0], costs[2]}},
}

// sessionLook is how often a server looks whether its peers are gone.
const sessionLook = 50 * time.Millisecond

func serve(a *cli.Args) error {
	work, ok := served[a.Words[1]]
	if !ok {
		return cli.Usagef("serve thr receives, serve lat answers", "cannot serve %q", a.Words[1])
	}
	to := endpointsOf(a, a.Words[2:], true)
	c := &config{
		kind: &kind{what: work.what, columns: work.columns}, word: a.Words[1], prog: a.Prog, log: cli.NewLog(a), to: to, gone: a.Bool("until-peers-gone"), monitor: a.Endpoint("monitor"),
		options: a.SocketOptions("option"), security: a.Security(""), length: length{count: a.Number("count", 0)}, runs: 1, format: parseFormat(a),
	}
	timeout := a.Duration("timeout", 0)
	if err := a.Check(); err != nil {
		return err
	}
	ctx, release := within(a, timeout)
	defer release()
	v := &host{config: c, out: a.Out}
	v.cell.Transport, v.cell.Mechanism = schemes(to), mechanismOf(a)
	return v.serve(ctx, work.typ, work.run)
}

func (v *host) serve(ctx context.Context, t zmq.Type, run func(*host) error) error {
	z, err := newContext(1)
	if err != nil {
		return err
	}
	defer z.Close()
	gate, err := cli.Authenticate(z, v.log, v.security)
	if err != nil {
		return err
	}
	defer gate.Close()
	monitor, err := cli.OpenMonitor(z, v.monitor, v.log)
	if err != nil {
		return err
	}
	defer monitor.Close()
	defer v.group.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop() // the monitor
	sockets, err := plan{Options: v.options, own: v.security}.sockets(z, t, 1, server)
	defer closeAll(sockets)
	if err != nil {
		return err
	}
	v.socket = sockets[0]
	if err := v.socket.Set(zmq.Linger, restLimit); err != nil { // the last reply is to leave
		return err
	}
	events := v.socket.Events(ctx)
	v.group.Go(func() {
		for ev := range events {
			v.log.Event(ev)
		}
	})
	monitor.Watch(v.socket)
	v.group.Go(func() { monitor.Run(ctx) })
	for _, e := range v.to {
		if err := cli.Attach(v.socket, e, v.log); err != nil {
			return err
		}
	}
	v.security.Tell(v.log, v.prog, t, v.socket.LastEndpoint())
	failed := make(chan error, 1)
	v.group.Go(func() { failed <- run(v) })
	for {
		more, err := v.session(ctx, failed)
		if err != nil || !more {
			return err
		}
	}
}

// session waits for the first message, then for the end, and tells of it.
func (v *host) session(ctx context.Context, failed <-chan error) (more bool, err error) {
	began := v.gauge.total.Load()
	goals := []int64{began + 1}
	if v.length.count > 0 {
		goals = append(goals, began+v.length.count)
	}
	begin := v.gauge.until(goals...)
	select {
	case <-begin[0].reached:
	case err := <-failed:
		return false, err
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	first, before, at := begin[0].at, usageNow(), time.Now()
	complete := &goal{}
	if len(begin) > 1 {
		complete = begin[1]
	}
	last, err := v.rest(ctx, complete, failed)
	if n := last.total - began; err == nil && n < v.length.count && !v.gone {
		err = cli.Failf(cli.StatusFailed, "", "the last peer went away after %d of %d messages", n, v.length.count)
	}
	s := sample{Messages: last.total - began, Elapsed: last.time.Sub(first.time), Rate: number(math.NaN())}
	if s.Elapsed > 0 && last.total > first.total {
		s.Rate = number(float64(last.total-first.total) / s.Elapsed.Seconds())
	}
	s.Near = newCost(usageNow().since(before), s.Messages)
	if err != nil {
		s.Partial = err.Error()
	}
	return v.length.count == 0 && !v.gone, v.tell(at, s, err)
}

// rest waits for the end of a session and tells when its last message came.
func (v *host) rest(ctx context.Context, complete *goal, failed <-chan error) (moment, error) {
	tick := time.NewTicker(sessionLook)
	defer tick.Stop()
	for seen := int64(-1); ; {
		select {
		case <-complete.reached:
			return complete.at, nil
		case err := <-failed:
			return v.gauge.last(), err
		case <-ctx.Done():
			return v.gauge.last(), context.Cause(ctx)
		case <-tick.C:
		}
		now := v.gauge.total.Load()
		if now == seen && len(v.socket.Stats().Peers) == 0 { // a peer that left something to read counts
			return v.gauge.last(), nil
		}
		seen = now
	}
}

// tell prints the figures of a session and begins a new ledger.
func (v *host) tell(began time.Time, s sample, failed error) error {
	v.ledger.mu.Lock()
	s.Tally = v.ledger.tally
	v.ledger.tally, v.ledger.streams, v.ledger.last = tally{}, nil, nil
	v.ledger.mu.Unlock()
	r := result{cell: v.cell, Runs: []sample{s}}
	r.Bytes = int(s.Tally.meanBytes())
	r.Rate = s.Rate
	rep := newReport(v.config, began, []result{r})
	for _, note := range rep.Notes {
		v.log.At(0, "%s", note)
	}
	if err := rep.print(v.out, v.format); err != nil {
		return err
	}
	return failed
}
