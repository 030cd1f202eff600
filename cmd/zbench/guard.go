package main

import (
	"slices"
	"sync"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// A run ends early, with what it has measured marked as partial, for one of these:
//
//	1 guard    nothing happens for as long as --idle allows
//	2 heed     the peer refuses us, is no ZeroMQ program or goes away, unless that is the end
//	3 spent    all requests have left, and some replies do not come (openloop.go)
//	4 finish   the window is over, and a reply or room for a message does not come

// restLimit is how long what is still missing after the last request, or after the
// window, may take, unless --idle says it.
const restLimit = 3 * time.Second

// looks is how often the gauge is looked at in the time after which a run gives up.
const looks = 10

// await says what is missing if nothing happens from now on.
func (r *run) await(what string) { r.waiting.Store(&what) }

// guard ends the run when nothing has happened for as long as --idle allows, and
// says before that what it waits for. The pauses of a schedule do not count.
func (r *run) guard() {
	limit := r.idle + r.every
	if !r.lively(r.ctx.Done(), limit, r.tellWaiting) {
		r.cancel(r.giveUp(limit))
	}
}

// lively waits until done is closed or the run ends; false if the gauge stands
// still for a time before that. Each time it has come to a stand, tell hears how
// far it was and how long ago.
func (r *run) lively(done <-chan struct{}, limit time.Duration, tell func(count int64, ago time.Duration)) bool {
	look := max(limit/looks, time.Millisecond)
	tick := time.NewTicker(look)
	defer tick.Stop()
	seen, still := int64(-1), 0
	for {
		select {
		case <-done:
			return true
		case <-r.ctx.Done():
			return true
		case <-tick.C:
		}
		if now := r.gauge.total.Load(); now != seen {
			seen, still = now, 0
			continue
		}
		switch still++; still {
		case 1:
			tell(seen, look)
		case looks:
			return false
		}
	}
}

// tellWaiting tells people what the run waits for.
func (r *run) tellWaiting(count int64, ago time.Duration) {
	since := "so far"
	if count > 0 {
		since = "for " + ago.String()
	}
	r.show.aside(func() { r.log.At(0, "waiting: %s %s", *r.waiting.Load(), since) })
}

// silently is for a wait during which the guard tells.
func silently(int64, time.Duration) {}

// giveUp is the error of a run that waits no longer. What is missing is lost.
func (r *run) giveUp(waited time.Duration) error {
	r.gaveUp.Store(true)
	return cli.Failf(cli.StatusTimeout, "--idle TIME waits longer", "%s in %v", *r.waiting.Load(), waited)
}

// finish waits after the window for the users of sockets, which may still lack
// something of their peer. If it does not come, or the window failed with err, the
// sockets are closed under them.
func (r *run) finish(users *sync.WaitGroup, sockets []*zmq.Socket, err error) error {
	done := make(chan struct{})
	r.group.Go(func() {
		users.Wait()
		close(done)
	})
	if err == nil && !r.lively(done, r.patience, silently) {
		err = r.giveUp(r.patience)
	}
	if err != nil {
		closeAll(sockets)
	}
	<-done
	return err
}

// follow heeds the events of sockets until the run ends.
func (r *run) follow(sockets []*zmq.Socket) {
	for _, s := range sockets {
		events := s.Events(r.ctx)
		r.group.Go(func() {
			known := map[uint64]zmq.Event{} // the connections whose handshake is done
			for ev := range events {
				switch ev.Kind {
				case zmq.Connected:
					delete(known, ev.Conn)
				case zmq.HandshakeSucceeded:
					known[ev.Conn] = ev
				}
				shaken, ok := known[ev.Conn]
				r.heed(ev, shaken, ok)
			}
		})
	}
}

// heed ends the run for an event after which it cannot go on. A peer is known once
// its handshake is done, by the event that told so.
func (r *run) heed(ev, shaken zmq.Event, known bool) {
	r.log.Event(ev)
	if err := cli.Refusal(ev); err != nil {
		r.cancel(err)
	}
	if ev.Kind != zmq.Disconnected {
		return
	}
	select {
	case <-time.After(parting):
	case <-r.ctx.Done():
	}
	const doubt = "is it a ZeroMQ socket?"
	switch {
	case r.over.Load():
	case known && r.gone:
		if !slices.ContainsFunc(r.near, func(s *zmq.Socket) bool { return s.Peers() > 0 }) {
			r.leave.Do(func() { close(r.left) })
		}
	case known && shaken.SocketType == "": // ZMTP 1.0 has no signature, so that other protocols may pass for it
		r.cancel(cli.Failf(cli.StatusFailed, doubt, "the peer at %s went away", ev.Endpoint))
	case known:
		r.cancel(cli.Failf(cli.StatusFailed, "", "the peer at %s went away", ev.Endpoint))
	default:
		r.cancel(cli.Failf(cli.StatusFailed, doubt, "%s closed the connection before its handshake was done", ev.Endpoint))
	}
}

// parting is how long a run may take to see that it is complete when the peer, who
// counts, too, has left.
const parting = 200 * time.Millisecond
