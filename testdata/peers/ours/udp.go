package main

import (
	"context"
	"errors"
	"strings"

	"ztools/lib/zmq"
	"ztools/testdata/peers/peer"
)

// RADIO to DISH over udp, which loses what the receiver does not take in time.

const group = "g"

func overUDP(r *peer.Run) bool { return strings.HasPrefix(r.Endpoint, "udp:") }

// speak sends until the process is killed.
func (l library) speak(r *peer.Run) error {
	s, err := l.connected(zmq.Radio, r.Endpoint)
	if err != nil {
		return err
	}
	if err := s.Set(zmq.XPubNoDrop, true); err != nil {
		return err
	}
	ctx := context.Background()
	body := r.Buffer()
	var m zmq.Message
	for {
		m.Reset()
		m.Append(body)
		if err := m.SetGroup(group); err != nil {
			return err
		}
		if err := s.SendMessage(ctx, &m); err != nil {
			return err
		}
	}
}

func (l library) hear(r *peer.Run) error {
	s, err := l.bound(zmq.Dish, r.Endpoint)
	if err != nil {
		return err
	}
	if err := s.Join(group); err != nil {
		return err
	}
	r.Ready()
	var m zmq.Message
	return r.Measure(func(n int) error { return errors.Join(receive(s, &m, n), r.Check(m.Size())) })
}
