package zmq

import (
	"context"

	"ztools/lib/internal/engine"
)

// The way of a message into the program:
//
//	1 engine.ReadLoop   reads from the network and appends whole batches to
//	2 pipe              which wakes the socket if it was empty
//	3 pattern.Recv      picks the pipe whose turn it is
//	4 Recv, RecvMessage here: copy a small part, take over a large one

// Recv receives one message (zmq_recv(3)) and returns its parts, whose bytes
// belong to the caller. It waits until there is one, ctx is done (ctx.Err()) or
// RCVTIMEO has run out (EAGAIN); a message that is there is received even if
// ctx is done. Other errors: ENOTSUP, EFSM, ETERM, ENOTSOCK.
func (s *Socket) Recv(ctx context.Context) ([][]byte, error) {
	var m Message
	if err := s.RecvMessage(ctx, &m); err != nil {
		return nil, err
	}
	return m.Parts(), nil
}

// TryRecv is Recv that never waits: EAGAIN if there is no message.
func (s *Socket) TryRecv() ([][]byte, error) {
	var m Message
	if err := s.TryRecvMessage(&m); err != nil {
		return nil, err
	}
	return m.Parts(), nil
}

// RecvMessage receives one message into m, whose former content is lost and
// whose memory is used again: with the same m every time nothing is allocated.
// The bytes are m's until its next use. It waits and fails as Recv does; on an
// error m is empty.
func (s *Socket) RecvMessage(ctx context.Context, m *Message) error {
	if m.large {
		m.Reset()
	}
	s.mu.Lock()
	if p := s.sole; p != nil && !s.inbox.pending.Load() {
		if body, meta, ok := p.ReadShort(); ok {
			m.set(body, meta)
			s.mu.Unlock()
			return nil
		}
	} else if t := s.turns; t != nil && !s.inbox.pending.Load() {
		if body, meta, ok := t.ReadShort(); ok {
			m.set(body, meta)
			s.mu.Unlock()
			return nil
		}
	}
	m.Reset()
	m.pool = &s.ctx.pool
	err := s.recvLocked(m)
	if err == EAGAIN {
		err = s.recvWaitLocked(ctx, m)
	}
	s.mu.Unlock()
	return err
}

// recvWaitLocked receives as soon as there is something.
func (s *Socket) recvWaitLocked(ctx context.Context, m *Message) error {
	wait := patience{ctx: ctx, limit: s.opts.RcvTimeo, answers: s.typ.sends()}
	defer wait.stop()
	s.waited = true
	s.dropOnly() // the next Send is eager
	s.waits++
	for {
		if err := s.waitOrReadLocked(&wait, s.lenderLocked(&wait)); err != nil {
			return err
		}
		if err := s.recvLocked(m); err != EAGAIN {
			return err
		}
	}
}

// habit is how many Recvs must have waited without a bound before the socket is
// taken to be used in that way: BenchmarkRoundTrip/tcp.
const habit = 3

// lenderLocked is the connection from which a Recv that waits may read by
// itself, since it is the only one; nil if there is none.
func (s *Socket) lenderLocked(wait *patience) *engine.Engine {
	if wait.bounded() {
		s.pollsLocked()
		return nil
	}
	return s.lentLocked()
}

// lentLocked is lenderLocked for a wait without a bound.
func (s *Socket) lentLocked() *engine.Engine {
	if s.waits < habit || len(s.pipes) != 1 {
		return nil
	}
	if !s.lend.Load() {
		s.lend.Store(true)
	}
	return s.onlyEngineLocked()
}

// onlyEngineLocked is the connection of the only peer; nil if there is none.
func (s *Socket) onlyEngineLocked() *engine.Engine {
	if len(s.pipes) != 1 {
		return nil
	}
	for p := range s.pipes {
		if port, ok := p.Tag.(*engine.Port); ok {
			return port.Engine()
		}
	}
	return nil
}

// hurryLocked has written what was left to be written by a Recv that reads by itself.
func (s *Socket) hurryLocked() {
	if s.lend.Load() {
		if e := s.onlyEngineLocked(); e != nil {
			e.Hurry()
		}
	}
}

// pollsLocked notes that the socket is asked for messages without waiting until
// there is one, so that ReadLoop must do the reading.
func (s *Socket) pollsLocked() {
	if s.waits == 0 {
		return
	}
	s.waits = 0
	s.recallLocked()
}

// recallLocked ends that the only peer's reading is lent out.
func (s *Socket) recallLocked() {
	if !s.lend.Swap(false) {
		return
	}
	if e := s.onlyEngineLocked(); e != nil {
		e.Recall()
		e.Hurry()
	}
}

// TryRecvMessage is RecvMessage that never waits: EAGAIN if there is no
// message.
func (s *Socket) TryRecvMessage(m *Message) error {
	m.Reset()
	m.pool = &s.ctx.pool
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pollsLocked()
	return s.recvLocked(m)
}

// recvLocked receives the frames of one message. A pipe holds only whole
// messages, so after the first frame the others are there.
func (s *Socket) recvLocked(m *Message) error {
	if err := s.aliveLocked(); err != nil {
		return err
	}
	f := &s.in
	for {
		if err := s.pattern.Recv(f); err != nil {
			m.Reset()
			return err
		}
		m.take(f)
		if !f.HasMore() {
			m.meta, m.id, m.group = f.Meta, f.RoutingID, f.Group
			if s.sole == nil && s.source != nil {
				s.sole, s.turns = s.source.Sole(), s.source.Turns()
			}
			return nil
		}
	}
}
