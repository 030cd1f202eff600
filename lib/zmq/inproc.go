package zmq

import (
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pipe"
)

// Inproc joins two sockets of one context by a pipe; no bytes move through the
// system (zmq_inproc(7)):
//
//	connect   a pipe is made; one end is attached to the connecting socket, the
//	          other is posted to the bound one, or waits until the name is bound
//	bind      takes over the ends that wait

// pending is a connect to a name that is not bound yet.
type pending struct {
	end    *pipe.Pipe // the end for the socket that will bind
	wantID bool       // the connector wants the binder's routing id
}

// inprocName is one Bind to inproc.
type inprocName struct {
	sock *Socket
	name string
	opts *option.Options // as they were at the bind
}

func (n *inprocName) unsent() int { return 0 }

// close frees the name and ends the pipes that were made through it.
func (n *inprocName) close(int) {
	n.sock.mu.Lock()
	defer n.sock.mu.Unlock()
	n.sock.ctx.unbindName(n)
	n.sock.closeTaggedLocked(n.name)
}

// inprocLink is one Connect to inproc.
type inprocLink struct {
	sock *Socket
	end  *pipe.Pipe
	name string
}

func (l *inprocLink) unsent() int { return 0 }

// close ends the pipe; what was sent can still be read.
func (l *inprocLink) close(int) {
	l.sock.mu.Lock()
	defer l.sock.mu.Unlock()
	l.sock.detachLocked(l.end)
}

// bindInprocLocked binds a name and takes in the connects that wait for it.
func (s *Socket) bindInprocLocked(name string) error {
	n := &inprocName{s, name, s.snapshotLocked()}
	waiting, err := s.ctx.bindName(n)
	if err != nil {
		return err
	}
	s.last = name
	s.endpoints[name] = append(s.endpoints[name], n)
	for _, p := range waiting {
		out, in := p.end.Limits()
		out.Snd, in.Rcv = s.opts.SndHWM, s.opts.RcvHWM
		p.end.SetLimits(out, in)
		if p.wantID {
			p.end.Write(identity(s.opts.RoutingID))
		}
		greet(p.end, s.typ.hello(&s.opts))
		remember(p.end, s.typ.farewell(&s.opts))
		if !s.typ.wantsIdentity() {
			var f msg.Msg
			p.end.Read(&f) // the connector's routing id, not wanted
		}
		p.end.Tag = name
		s.attachLocked(p.end, inproc)
	}
	return nil
}

// connectInprocLocked connects to a name, bound or not.
func (s *Socket) connectInprocLocked(name string) error {
	s.ctx.mu.Lock()
	defer s.ctx.mu.Unlock()
	mine, other := s.joinLocked(s.ctx.names[name])
	mine.Local, mine.Tag, other.Tag = true, name, name
	mine.Conn, other.Conn = s.ctx.conn.Add(1), s.ctx.conn.Add(1)
	s.last = name
	s.endpoints[name] = append(s.endpoints[name], &inprocLink{s, mine, name})
	s.attachLocked(mine, inproc)
	if binder := s.ctx.names[name]; binder != nil {
		other.Lent.Store(binder.sock.takesLent)
		binder.sock.inbox.post(attached, other)
		binder.sock.reclaim()
	} else {
		s.ctx.waiting[name] = append(s.ctx.waiting[name], &pending{other, s.typ.wantsIdentity()})
	}
	return nil
}

// joinLocked makes the pipe to a binder, or to one that is not there yet. The
// routing ids are its first frames; a binder that does not want one drops it.
func (s *Socket) joinLocked(binder *inprocName) (mine, other *pipe.Pipe) {
	c := pipe.Config{
		Pool:     &s.ctx.pool,
		AtoB:     pipe.Limit{Snd: s.opts.SndHWM, Rcv: pipe.NoBoost},
		BtoA:     pipe.Limit{Snd: pipe.NoBoost, Rcv: s.opts.RcvHWM},
		Conflate: s.opts.Conflate && s.typ.conflates(),
	}
	if binder == nil {
		mine, other = pipe.New(c)
		mine.Write(identity(s.opts.RoutingID))
		greet(mine, s.typ.hello(&s.opts))
		return mine, other
	}
	theirs, typ := binder.opts, binder.sock.typ
	c.AtoB.Rcv, c.BtoA.Snd = theirs.RcvHWM, theirs.SndHWM
	mine, other = pipe.New(c)
	if typ.wantsIdentity() {
		mine.Write(identity(s.opts.RoutingID))
	}
	if s.typ.wantsIdentity() {
		other.Write(identity(theirs.RoutingID))
	}
	greet(mine, s.typ.hello(&s.opts))
	greet(other, typ.hello(theirs))
	remember(other, typ.farewell(theirs))
	return mine, other
}

// identity is the frame that tells a peer a socket's routing id.
func identity(id []byte) *msg.Msg { return &msg.Msg{Flags: msg.Identity, Body: id} }

// closeTaggedLocked ends the pipes that came in through a bound name.
func (s *Socket) closeTaggedLocked(name string) {
	for p := range s.pipes {
		if p.Tag == name && !p.Local {
			s.detachLocked(p)
		}
	}
}

// unbindInprocLocked frees all names of a socket that is being closed.
func (s *Socket) unbindInprocLocked() {
	s.ctx.mu.Lock()
	defer s.ctx.mu.Unlock()
	for name, n := range s.ctx.names {
		if n.sock == s {
			delete(s.ctx.names, name)
		}
	}
}

// dropInprocLocked forgets the Connect behind a pipe that has ended.
func (s *Socket) dropInprocLocked(p *pipe.Pipe) {
	for name, list := range s.endpoints {
		for i, e := range list {
			if l, ok := e.(*inprocLink); ok && l.end == p {
				s.endpoints[name] = append(list[:i:i], list[i+1:]...)
			}
		}
		if len(s.endpoints[name]) == 0 {
			delete(s.endpoints, name)
		}
	}
}

// bindName gives a name to a socket and returns the connects that wait for it.
func (c *Context) bindName(n *inprocName) ([]*pending, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.names[n.name] != nil {
		return nil, EADDRINUSE
	}
	c.names[n.name] = n
	waiting := c.waiting[n.name]
	delete(c.waiting, n.name)
	return waiting, nil
}

// unbindName frees a name.
func (c *Context) unbindName(n *inprocName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.names[n.name] == n {
		delete(c.names, n.name)
	}
}
