package main

import (
	"bytes"
	"errors"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// receive is the loop from the socket to the stages:
//
//	1 TryRecvMessage takes what is there; only when nothing is there
//	2 the stages are told to let go of what they hold, and RecvMessage waits
//	3 the first stage gets the message
//
// When the run ends for another reason than a reached -n, what has already
// arrived is still passed on.
func (s *session) receive(first stage) error {
	err := s.receiveAll(first)
	if ended := first.end(); err == nil {
		err = ended
	}
	return err
}

func (s *session) receiveAll(first stage) error {
	var m zmq.Message
	var r cli.Record
	var parts [][]byte
	for n := int64(0); s.count == 0 || n < s.count || s.kind.main() == outward; n++ {
		err := s.in.TryRecvMessage(&m)
		if errors.Is(err, zmq.EAGAIN) {
			if err := first.flush(); err != nil {
				return err
			}
			err = s.in.RecvMessage(s.ctx, &m)
		}
		if err != nil {
			return s.interrupted(err)
		}
		parts = s.describe(&r, &m, parts)
		if s.notice(&r) {
			n--
			continue
		}
		s.received.Add(1)
		if err := s.saw(inward, &r); err != nil {
			return err
		}
		if err := first.put(&r); err != nil {
			return s.interrupted(err)
		}
		if s.hard.Err() != nil {
			return nil
		}
	}
	s.stop(errDone)
	return nil
}

// describe makes a record of a message. It returns the storage of the parts.
func (s *session) describe(r *cli.Record, m *zmq.Message, parts [][]byte) [][]byte {
	parts = parts[:0]
	for i := range m.Len() {
		parts = append(parts, m.Part(i))
	}
	r.Parts, r.ID = parts, nil
	switch {
	case s.kind.has(numbered):
		r.ID = peerID(m.RoutingID())
	case s.kind.has(routes) && len(parts) > 1:
		r.ID, r.Parts = parts[0], parts[1:]
		if s.kind.typ == zmq.Dgram { // whose addresses end as strings of C do
			r.ID = bytes.TrimRight(r.ID, "\x00")
		}
	}
	if s.described() {
		r.Seq = s.received.Load() + 1
		r.Time = time.Now()
		r.Peer, _ = m.Property("Peer-Address")
		r.Group = m.Group()
		r.Endpoint = s.endpoint()
	}
	return parts
}

// described tells whether anybody looks at more than the bytes.
func (s *session) described() bool {
	return s.output.Template != "" || s.output.Format == "json" || len(s.watchers) > 0 || s.exec != ""
}

func (s *session) endpoint() string {
	if len(s.endpoints) == 1 {
		return s.endpoints[0].Addr
	}
	return ""
}

// notice swallows the empty messages by which STREAM tells that a connection
// opened or closed; the first of them names the only peer.
func (s *session) notice(r *cli.Record) bool {
	if s.kind.typ != zmq.Stream || r.Size() > 0 {
		return false
	}
	select {
	case s.first <- append([]byte{}, r.ID...):
	default:
	}
	return true
}

// saw shows a message to all watchers.
func (s *session) saw(d direction, r *cli.Record) error {
	if len(s.watchers) == 0 {
		return nil
	}
	s.watching.Lock()
	defer s.watching.Unlock()
	for _, w := range s.watchers {
		if err := w(d, r); err != nil {
			return err
		}
	}
	return nil
}
