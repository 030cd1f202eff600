package main

import (
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
			s.stop(cli.Failf(cli.StatusTimeout, "", "idle for %v: %s", s.idle, s.progress()))
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

// watchEvents tells the events of a socket and acts on those that matter.
func (s *session) watchEvents(sock *zmq.Socket) {
	events := sock.Events(s.hard)
	s.helpers.Go(func() {
		peers := 0
		for ev := range events {
			s.log.Event(ev)
			switch ev.Kind {
			case zmq.HandshakeSucceeded:
				peers++
			case zmq.Disconnected:
				if peers = max(0, peers-1); peers == 0 && s.untilGone && sock.Peers() == 0 {
					s.stop(errGone)
				}
			}
			if err := cli.Refusal(ev); err != nil {
				s.refused(sock, err)
			}
		}
	})
}

// refused ends the run when the only peer that it could have does not want it:
// such a connection is never tried again.
func (s *session) refused(sock *zmq.Socket, err error) {
	if len(s.endpoints) != len(s.made) || s.bindsAny() || sock.Peers() > 0 {
		return
	}
	s.stop(err)
}

func (s *session) bindsAny() bool {
	for _, e := range s.endpoints {
		if e.Bind {
			return true
		}
	}
	return false
}
