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
	if s.log.on(3) {
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
	s.log.print("%s %d %s in %d %s", verb, r.Size(), plural(r.Size(), "byte"), len(r.Parts), plural(len(r.Parts), "part"))
	return nil
}

// watchEvents tells the events of a socket and acts on those that matter.
func (s *session) watchEvents(sock *zmq.Socket) {
	events := sock.Events(s.hard)
	s.helpers.Go(func() {
		peers := 0
		for ev := range events {
			s.tellEvent(ev)
			switch ev.Kind {
			case zmq.HandshakeSucceeded:
				peers++
			case zmq.Disconnected:
				if peers = max(0, peers-1); peers == 0 && s.untilGone && sock.Peers() == 0 {
					s.stop(errGone)
				}
			case zmq.HandshakeFailedAuth, zmq.HandshakeFailedProtocol:
				s.refused(sock, ev)
			}
		}
	})
}

// refused ends the run when the only peer that it could have does not want it:
// such a connection is never tried again.
func (s *session) refused(sock *zmq.Socket, ev zmq.Event) {
	if len(s.endpoints) != len(s.sockets()) || s.bindsAny() || sock.Peers() > 0 {
		return
	}
	if ev.Kind == zmq.HandshakeFailedAuth {
		s.stop(cli.Failf(cli.StatusRefused, "ask who runs the peer for access", "%s refused us: %v", ev.Endpoint, reason(ev)))
		return
	}
	s.stop(cli.Failf(cli.StatusFailed, "is it a ZeroMQ socket of a type that fits?", "handshake with %s failed: %v", ev.Endpoint, reason(ev)))
}

func (s *session) bindsAny() bool {
	for _, e := range s.endpoints {
		if e.Bind {
			return true
		}
	}
	return false
}

func reason(ev zmq.Event) string {
	if ev.Err == nil {
		return "no reason given"
	}
	return ev.Err.Error()
}

// tellEvent is -v for peers and -vv for every event.
func (s *session) tellEvent(ev zmq.Event) {
	switch {
	case s.log.on(2):
		s.log.print("%v %s%s%s", ev.Kind, ev.Endpoint, detail(" remote ", ev.Remote), detail(" ", errText(ev.Err)))
	case ev.Kind == zmq.HandshakeSucceeded:
		s.log.at(1, "peer joined: %s%s%s", ev.SocketType, detail(" at ", ev.Remote), detail(", id ", idText(ev.RoutingID)))
	case ev.Kind == zmq.Disconnected:
		s.log.at(1, "peer left%s", detail(": ", ev.Remote))
	}
}

func detail(label, text string) string {
	if text == "" {
		return ""
	}
	return label + text
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func idText(id []byte) string {
	if len(id) == 0 {
		return ""
	}
	return cli.FormatID(id)
}
