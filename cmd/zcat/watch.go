package main

import (
	"fmt"
	"slices"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// What may end a run from outside its loops: events of the sockets, and time
// without traffic.

// watch starts the watchers that need goroutines.
func (s *session) watch() {
	if s.idle > 0 {
		s.traffic.Store(time.Now().UnixNano())
		s.watchers = append(s.watchers, func(direction, *cli.Record) error {
			s.traffic.Store(time.Now().UnixNano())
			return nil
		})
		s.helpers.Go(s.watchIdle)
	}
	s.helpers.Go(func() { s.monitor.Run(s.hard) })
	if s.log.On(3) {
		s.watchers = append(s.watchers, s.tell)
	}
}

// watchIdle stops the run when nothing has moved for --idle.
func (s *session) watchIdle() {
	for {
		rest := s.idle - time.Since(time.Unix(0, s.traffic.Load()))
		if rest <= 0 {
			s.stop(cli.Failf(cli.StatusTimeout, s.loneliness(), "idle for %v: %s", s.idle, s.progress()))
			return
		}
		timer := time.NewTimer(rest)
		select {
		case <-timer.C:
		case <-s.ctx.Done():
			timer.Stop()
			return
		}
	}
}

// tell is -vvv.
func (s *session) tell(d direction, r *cli.Record) error {
	verb := "received"
	if d == outward {
		verb = "sent"
	}
	s.log.At(3, "%s %d %s in %d %s", verb, r.Size(), cli.Plural(r.Size(), "byte"), len(r.Parts), cli.Plural(len(r.Parts), "part"))
	return nil
}

// watchEvents tells the events of a socket, which has these endpoints, and acts on
// those that matter.
func (s *session) watchEvents(sock *zmq.Socket, endpoints []cli.Endpoint) {
	events := sock.Events(s.hard)
	binds := slices.ContainsFunc(endpoints, func(e cli.Endpoint) bool { return e.Bind })
	s.helpers.Go(func() {
		peers := 0
		failed := map[uint64]bool{} // the connects that are not tried again, or would only fail again
		for ev := range events {
			s.log.Event(ev)
			switch ev.Kind {
			case zmq.HandshakeSucceeded:
				peers++
				s.lonely.Store("")
				delete(failed, ev.Conn)
			case zmq.ConnectRetried:
				if peers == 0 {
					s.lonely.Store(fmt.Sprintf("no peer answers at %s: %v", ev.Endpoint, ev.Err))
				}
			case zmq.Disconnected:
				if peers = max(0, peers-1); peers == 0 && s.untilGone && sock.Peers() == 0 {
					s.stop(errGone)
				}
			}
			if err := cli.Refusal(ev); err != nil && !binds {
				if failed[ev.Conn] = true; len(failed) == len(endpoints) { // nobody is left to wait for
					s.stop(err)
				}
			}
		}
	})
}
