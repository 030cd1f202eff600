package zmq

import (
	"bytes"

	"ztools/lib/internal/msg"
)

// Properties are what the messages of one connection share, such as Socket-Type
// and Peer-Address; see Message.Property. All messages of a connection have the
// same pointer.
type Properties = msg.Meta

// Part is one part of a message, for those who pass messages on part by part,
// as the C interface does. Everybody else sends and receives whole messages.
type Part struct {
	Body       []byte
	More       bool        // further parts of the same message follow
	Group      string      // RADIO and DISH
	RoutingID  uint32      // SERVER and PEER
	Properties *Properties // of a received part; nil over inproc

	// Free, if it is set, says that a large Body that is sent need not be copied: it
	// stays as it is until Free is called, which happens once, from any goroutine
	// and perhaps with locks held. It must not call anything of this package.
	Free func()
	// Owner of a Body with Free is what a receiver in the same context is told, if it
	// gets the Body as it is (TakeLent); else it is nil there.
	Owner any

	buf  *msg.Buf  // the pool's buffer behind Body, or nil
	lent bool      // buf is for memory that Free is to give back
	pool *msg.Pool // where buf goes
}

// Release gives memory behind Body, if it is the library's or was lent to it, back.
// Nobody may use Body afterwards.
func (p *Part) Release() {
	if p.Free != nil {
		p.Free()
		p.Free = nil
	}
	if p.buf != nil {
		p.pool.Put(p.buf)
		p.Body, p.buf, p.lent = nil, nil, false
	}
}

// Keep makes a received Body with an Owner the caller's, who does what Free would have
// done.
func (p *Part) Keep() {
	p.buf.Keep()
	p.buf = nil
}

// TakeLent says that what the socket receives is received part by part, and each part
// released or kept: bodies that others of its context lend to it then come as they
// are, if its type and theirs do nothing but to pass them on. It is called before the
// socket has peers.
func (s *Socket) TakeLent() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.takesLent = s.typ.in(Pull, Dealer, Pair)
}

// ownLocked makes a large body the library's: by reference if it was lent and goes
// nowhere but to the network or to who takes it, else by a copy. Everybody else may
// lose the buffer behind a body, and leave the body to the garbage collector. A part
// that is tried again may go elsewhere than it would have gone before.
func (s *Socket) ownLocked(p *Part) {
	if len(p.Body) < msg.RefMin || p.buf != nil && !p.lent {
		return
	}
	p.pool = &s.ctx.pool
	switch lent := s.lendsLocked(); {
	case p.lent && lent:
		return
	case p.Free != nil && lent:
		p.buf, p.Free, p.lent = msg.Foreign(p.Free), nil, true
		p.buf.Owner = p.Owner
		return
	}
	before := p.buf
	p.Body, p.buf = p.pool.Copy(p.Body)
	p.lent = false
	p.pool.Put(before)
	if p.Free != nil {
		p.Free()
		p.Free = nil
	}
}

// lendsLocked reports whether messages go to one peer, over a network or to a socket
// that takes what is lent.
func (s *Socket) lendsLocked() bool {
	if s.direct == nil {
		return false
	}
	p := s.direct.Only()
	kind, ok := s.pipes[p]
	return ok && (kind == network || p.Peer().Lent.Load())
}

// TrySendPart sends one part and never waits: EAGAIN if it cannot be sent now.
// The peer gets the parts together with the last one, which has More off; until
// then the socket must not be used to send by anybody else. The bytes are
// copied, unless Free is set. After an error the same part may be tried again, or is to be
// released. Errors are those of Send; only the first part of a message meets
// EAGAIN and EHOSTUNREACH.
func (s *Socket) TrySendPart(p *Part) error {
	if !p.More && len(p.Body) < msg.RefMin && p.RoutingID == 0 && p.Group == "" && s.sendOne(p.Body) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sendPartLocked(p)
}

func (s *Socket) sendPartLocked(p *Part) error {
	begin := s.startSendLocked
	if s.halfway {
		begin = s.aliveLocked
	}
	if err := begin(); err != nil {
		return err
	}
	s.ownLocked(p)
	f := &s.out
	*f = msg.Msg{Body: p.Body, Buf: p.buf, Group: p.Group, RoutingID: p.RoutingID}
	if p.More {
		f.Flags = msg.More
	}
	err := s.pattern.Send(f)
	f.Body, f.Buf = nil, nil
	if err != nil {
		return err
	}
	if p.buf != nil {
		p.Body, p.buf, p.lent = nil, nil, false
	}
	s.halfway = p.More
	if p.More {
		s.dropOnly()
		return nil
	}
	s.eager.Store(false)
	s.catchUpLateLocked()
	return nil
}

// catchUpLateLocked applies what had to wait for the end of a message.
func (s *Socket) catchUpLateLocked() {
	for _, p := range s.late {
		switch p.kind {
		case closed:
			s.detachLocked(p.pipe)
		case hiccup:
			s.pattern.Hiccup(p.pipe)
		}
	}
	s.late = s.late[:0]
}

// TryRecvPart receives the next part of a message into p and never waits: EAGAIN
// if there is no message. A body that fits into room is written there, so that
// nothing is allocated; a larger one is the caller's, who may release it.
// Errors are those of Recv. Whole messages must not be received before the last
// part of a begun one.
func (s *Socket) TryRecvPart(p *Part, room []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pollsLocked()
	return s.recvPartLocked(p, room)
}

// AwaitPart is TryRecvPart for a caller that is told EAGAIN and then waits outside Go,
// for a Watcher and nothing else, as long as it takes: with its Watcher it calls again.
// What it gets besides EAGAIN is, if not -1, a descriptor that it waits for as well: when
// that is readable, it calls again and says so (heard), and reads from the network
// itself, as a Recv that waits does.
func (s *Socket) AwaitPart(p *Part, room []byte, heard bool) (fd int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fd = -1
	if heard {
		fd = s.glanceLocked(true)
	}
	if err := s.recvPartLocked(p, room); err != EAGAIN || fd >= 0 || !s.inbox.watched.Load() {
		return fd, err
	}
	s.waits++
	fd = s.glanceLocked(false)
	return fd, s.recvPartLocked(p, room) // there may have been something left
}

// glanceLocked has a look at the only peer's connection, if that is lent out. It lets go
// of the lock meanwhile.
func (s *Socket) glanceLocked(read bool) int {
	e := s.lentLocked()
	if e == nil {
		return -1
	}
	s.mu.Unlock()
	defer s.mu.Lock()
	return e.Glance(read)
}

func (s *Socket) recvPartLocked(p *Part, room []byte) error {
	if err := s.aliveLocked(); err != nil {
		return err
	}
	if s.next < len(s.parts.parts) {
		s.nextPartLocked(p, room)
		return nil
	}
	f := &s.in
	if err := s.pattern.Recv(f); err != nil {
		if err == EAGAIN && s.inbox.watched.Load() { // somebody waits
			s.waited = true
			s.dropOnly()
		}
		return err
	}
	if !f.HasMore() {
		p.fill(f.Body, f.Buf, room)
		p.pool, p.More = &s.ctx.pool, false
		p.Properties, p.Group, p.RoutingID = f.Meta, f.Group, f.RoutingID
		return nil
	}
	if err := s.gatherLocked(f); err != nil {
		return err
	}
	s.nextPartLocked(p, room)
	return nil
}

// gatherLocked receives the whole message that begins with f: a pattern gives
// messages as a whole.
func (s *Socket) gatherLocked(f *msg.Msg) error {
	m := &s.parts
	m.Reset()
	m.pool = &s.ctx.pool
	s.next = 0
	for m.take(f); f.HasMore(); m.take(f) {
		if err := s.pattern.Recv(f); err != nil {
			m.Reset()
			return err
		}
	}
	m.meta, m.id, m.group = f.Meta, f.RoutingID, f.Group
	return nil
}

// nextPartLocked gives the next part of the gathered message.
func (s *Socket) nextPartLocked(p *Part, room []byte) {
	m := &s.parts
	from := &m.parts[s.next]
	if len(from.Body) >= msg.RefMin {
		p.fill(from.Body, from.Buf, room)
		*from = msg.Part{}
	} else {
		p.fill(from.Body, nil, room)
	}
	s.next++
	p.pool, p.More = m.pool, s.next < len(m.parts)
	p.Properties, p.Group, p.RoutingID = m.meta, m.group, m.id
}

// fill sets the body as TryRecvPart promises.
func (p *Part) fill(body []byte, buf *msg.Buf, room []byte) {
	p.Body, p.buf, p.Owner = body, nil, nil
	switch {
	case len(body) >= msg.RefMin:
		if p.buf = buf; buf != nil {
			p.Owner = buf.Owner
		}
	case len(body) <= len(room):
		p.Body = room[:copy(room, body)]
	default:
		p.Body = bytes.Clone(body)
	}
}
