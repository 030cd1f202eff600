package zmq

import (
	"context"

	"ztools/lib/internal/msg"
	"ztools/lib/internal/pattern"
	"ztools/lib/internal/pipe"
)

// The way of a message out of the program:
//
//	1 Send, SendMessage     here: lock the socket, hand frame by frame to
//	2 pattern.Send          which picks the pipe and writes to
//	3 pipe.Write            which appends to the queue and wakes
//	4 engine.WriteLoop      which writes the whole batch to the network
//
// If no pipe has room, steps 1 and 2 are tried again whenever something happens
// to the socket.

// Send sends one message of the given parts (zmq_send(3)); with no parts, one
// empty part. The bytes are copied; the caller keeps them. While nobody can
// take the message it waits as the socket's type says, until ctx is done
// (ctx.Err()) or SNDTIMEO has run out (EAGAIN). A message that can be sent is
// sent even if ctx is done. Other errors: ENOTSUP, EFSM, EHOSTUNREACH, ETERM,
// ENOTSOCK.
func (s *Socket) Send(ctx context.Context, parts ...[]byte) error {
	if len(parts) == 1 && len(parts[0]) < msg.RefMin {
		if p := s.atOnce(); p != nil && p.WriteShort(parts[0]) || s.sendOneByLock(parts[0]) {
			return nil
		}
	}
	for _, p := range parts {
		if len(p) >= msg.RefMin {
			return s.sendCopy(ctx, parts)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.sendPartsLocked(parts)
	if err != EAGAIN {
		return err
	}
	wait := patience{ctx: ctx, limit: s.opts.SndTimeo}
	defer wait.stop()
	for err == EAGAIN {
		if err := s.waitLocked(&wait); err != nil {
			return err
		}
		err = s.sendPartsLocked(parts)
	}
	return err
}

// atOnce is the only peer, to which a message may be written without even the socket's
// lock; nil if there is none, or if there is something to catch up with.
func (s *Socket) atOnce() *pipe.Pipe {
	if s.inbox.pending.Load() {
		return nil
	}
	return s.only.Load()
}

// sendOne is Send for the commonest message and the commonest state of the
// socket: one small part, nothing to catch up with. false if it did nothing.
func (s *Socket) sendOne(body []byte) bool {
	p := s.atOnce()
	return p != nil && p.WriteShort(body) || s.sendOneByLock(body)
}

// sendOneByLock is sendOne where there are more peers, or perhaps only one.
func (s *Socket) sendOneByLock(body []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inbox.pending.Load() || s.waited || s.halfway {
		return false
	}
	s.small.Body = body
	if s.pattern.Send(&s.small) != nil {
		return false
	}
	if s.direct != nil {
		s.only.Store(s.direct.Only())
	}
	return true
}

// TrySend is Send that never waits: EAGAIN if the message cannot be sent now.
func (s *Socket) TrySend(parts ...[]byte) error {
	for _, p := range parts {
		if len(p) >= msg.RefMin {
			m := s.copyOf(parts)
			defer m.Reset()
			return s.TrySendMessage(m)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sendPartsLocked(parts)
}

// SendMessage sends m (zmq_msg_send(3)). Parts of 4 KiB and more are not copied:
// on success all bytes of m belong to the library, which gives them to the
// receiver or drops them, and m is empty. On an error m is as it was. It waits
// and fails as Send does.
func (s *Socket) SendMessage(ctx context.Context, m *Message) error {
	if s.sendAtOnce(m) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.sendMessageLocked(m)
	if err != EAGAIN {
		return err
	}
	wait := patience{ctx: ctx, limit: s.opts.SndTimeo}
	defer wait.stop()
	for err == EAGAIN {
		if err := s.waitLocked(&wait); err != nil {
			return err
		}
		err = s.sendMessageLocked(m)
	}
	return err
}

// sendAtOnce is SendMessage to the only peer there is, for which not even the
// socket's lock is needed, of one large part or of several small ones. false if it
// did nothing.
func (s *Socket) sendAtOnce(m *Message) bool {
	p := s.atOnce()
	if p == nil || len(m.parts) == 0 {
		return false
	}
	switch first := &m.parts[0]; {
	case len(m.parts) > 1:
		if s.typ >= Server || !p.WriteParts(m.parts) {
			return false
		}
	case len(first.Body) < msg.RefMin || !p.WriteLarge(first.Body, first.Buf):
		return false
	}
	m.sent()
	return true
}

// TrySendMessage is SendMessage that never waits: EAGAIN if m cannot be sent
// now.
func (s *Socket) TrySendMessage(m *Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sendMessageLocked(m)
}

// sendPartsLocked sends small parts, which are copied.
func (s *Socket) sendPartsLocked(parts [][]byte) error {
	if err := s.startSendLocked(); err != nil {
		return err
	}
	if len(parts) == 0 {
		parts = emptyPart
	}
	f := &s.small
	for i, p := range parts {
		f.Body, f.Flags = p, 0
		if i < len(parts)-1 {
			f.Flags = msg.More
		}
		if err := s.pattern.Send(f); err != nil {
			f.Flags = 0
			return err
		}
	}
	s.eager.Store(false)
	return nil
}

// emptyPart is what a message without parts is sent as.
var emptyPart = [][]byte{nil}

// sendMessageLocked sends m and empties it.
func (s *Socket) sendMessageLocked(m *Message) error {
	if len(m.parts) == 0 {
		return s.sendPartsLocked(nil)
	}
	if err := s.startSendLocked(); err != nil {
		return err
	}
	f := &s.out
	for i := range m.parts {
		f.Body, f.Buf, f.Flags = m.parts[i].Body, m.parts[i].Buf, 0
		f.Group, f.RoutingID = m.group, m.id
		if i < len(m.parts)-1 {
			f.Flags = msg.More
		}
		if err := s.pattern.Send(f); err != nil {
			return err
		}
	}
	m.sent()
	s.eager.Store(false)
	if s.direct != nil && !s.halfway {
		s.only.Store(s.direct.Only())
	}
	return nil
}

// startSendLocked catches up, and finds out whether this Send answers a Recv
// that had to wait: such a message is written by the sender itself. Where there is
// more to receive, further answers follow, and all go out together.
func (s *Socket) startSendLocked() error {
	if err := s.aliveLocked(); err != nil {
		return err
	}
	eager := s.waited && s.pattern.Ready()&pattern.In == 0
	if s.eager.Load() != eager {
		s.eager.Store(eager)
	}
	s.waited = false
	return nil
}

// sendCopy sends parts of which at least one is large, from copies.
func (s *Socket) sendCopy(ctx context.Context, parts [][]byte) error {
	m := s.copyOf(parts)
	defer m.Reset()
	return s.SendMessage(ctx, m)
}

// copyOf makes a message of copies that live in the pool.
func (s *Socket) copyOf(parts [][]byte) *Message {
	m := &Message{pool: &s.ctx.pool}
	for _, p := range parts {
		if len(p) < msg.RefMin {
			m.AppendCopy(p)
			continue
		}
		body, buf := s.ctx.pool.Copy(p)
		m.parts = append(m.parts, msg.Part{Body: body, Buf: buf})
		m.large = true
	}
	return m
}
