package zmq

import (
	"ztools/lib/internal/option"
	"ztools/lib/internal/pattern"
	"ztools/lib/internal/security"
	"ztools/lib/internal/transport"
	"ztools/lib/internal/transport/ipc"
	"ztools/lib/internal/transport/norm"
	"ztools/lib/internal/transport/pgm"
	"ztools/lib/internal/transport/tcp"
	"ztools/lib/internal/transport/tipc"
	"ztools/lib/internal/transport/udp"
	"ztools/lib/internal/transport/vsock"
	"ztools/lib/internal/transport/ws"
)

// endpoint is one bind or connect of a socket.
type endpoint interface {
	// close ends it; what is queued may linger so many milliseconds.
	close(linger int)
	// unsent counts the messages that wait in it.
	unsent() int
}

// schemes are those other than inproc.
var schemes = map[string]transport.Scheme{
	"tcp":   tcp.Transport{},
	"ipc":   ipc.Transport{},
	"pgm":   pgm.Medium{},
	"epgm":  pgm.Medium{UDP: true},
	"norm":  norm.Medium{},
	"tipc":  tipc.Transport{},
	"udp":   udp.Medium{},
	"vmci":  vsock.Transport{VMCI: true},
	"vsock": vsock.Transport{},
	"ws":    ws.Transport{},
	"wss":   ws.Transport{Secure: true},
}

// lookup finds the scheme of an endpoint; nil stands for inproc.
func lookup(ep string) (t transport.Scheme, rest string, err error) {
	scheme, rest, err := transport.Split(ep)
	if err != nil {
		return nil, "", err
	}
	if scheme == "inproc" {
		return nil, rest, nil
	}
	t, ok := schemes[scheme]
	if !ok {
		return nil, "", EPROTONOSUPPORT
	}
	return t, rest, nil
}

// resolveLocked is how each call about an endpoint begins.
func (s *Socket) resolveLocked(ep string) (t transport.Scheme, rest string, err error) {
	if err := s.aliveLocked(); err != nil {
		return nil, "", err
	}
	return lookup(ep)
}

// openLocked is how Bind and Connect begin: without IO_THREADS there is no
// network.
func (s *Socket) openLocked(ep string) (t transport.Scheme, rest string, err error) {
	t, rest, err = s.resolveLocked(ep)
	if err == nil && t != nil && s.ctx.noThreads {
		err = EMTHREAD
	}
	return t, rest, err
}

// namesLocked lets go of the lock while f runs, which may have to look up a host
// name. Afterwards the socket may have ended.
func (s *Socket) namesLocked(f func()) error {
	s.mu.Unlock()
	f()
	s.mu.Lock()
	return s.aliveLocked()
}

// snapshotLocked is a copy of the options for a bind or connect.
func (s *Socket) snapshotLocked() *option.Options {
	o := s.opts
	return &o
}

// Bind makes the socket accept connections at an endpoint (zmq_bind(3)):
// tcp://interface:port, ipc://path, inproc://name and those of the other
// transports, which ztools-transports(7) lists. The port may be * or 0, an ipc path may be *: LastEndpoint
// then tells the real one. Errors: EINVAL, EPROTONOSUPPORT, EADDRINUSE,
// EADDRNOTAVAIL, ENODEV, ENAMETOOLONG, EMTHREAD if IO_THREADS was 0, ETERM,
// ENOTSOCK, ENOTSUP (the security mechanism is not built in) and those of the
// system.
func (s *Socket) Bind(ep string) error {
	if err := s.bind(ep); err != nil {
		return &Error{"bind", ep, err}
	}
	return nil
}

func (s *Socket) bind(ep string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, rest, err := s.openLocked(ep)
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case transport.Transport:
		return s.listenLocked(t, ep, rest)
	case transport.Medium:
		return s.enterLocked(t, ep, rest, true)
	}
	return s.bindInprocLocked(ep)
}

func (s *Socket) listenLocked(t transport.Transport, ep, rest string) (err error) {
	b := &binding{sock: s, opts: s.snapshotLocked(), given: ep}
	if b.secure, err = security.Prepare(b.opts, &s.ctx.memory); err != nil {
		return err
	}
	ended := s.namesLocked(func() { b.listener, err = t.Listen(rest, b.opts) })
	if err != nil {
		s.emitBindFailed(ep, rest, err)
		return err
	}
	if ended != nil {
		b.listener.Close()
		return ended
	}
	b.endpoint = b.listener.Endpoint()
	b.peers = map[*session]struct{}{}
	s.last = b.endpoint
	s.endpoints[b.endpoint] = append(s.endpoints[b.endpoint], b)
	b.emit(Listening, b.descriptor(), nil)
	s.wg.Add(1)
	go b.accept()
	return nil
}

// Connect makes the socket connect to an endpoint (zmq_connect(3)) and returns
// without waiting for the network: the connection is made, and made again when
// it breaks, in the background for as long as the socket lives. Nobody has to
// listen yet. On DEALER, SUB, PUB and REQ a second Connect to the same endpoint
// does nothing. Errors: EINVAL, EPROTONOSUPPORT, ENAMETOOLONG, ETERM, ENOTSOCK.
func (s *Socket) Connect(ep string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.connectLocked(ep); err != nil {
		return &Error{"connect", ep, err}
	}
	return nil
}

// ConnectPeer is Connect on a PEER socket and returns the routing id of the
// peer, to which messages can be addressed at once and as long as the endpoint
// is connected (zmq_connect_peer(3)). Errors also: ENOTSUP on another type,
// EFAULT with IMMEDIATE.
func (s *Socket) ConnectPeer(ep string) (id uint32, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	peers, ok := s.pattern.(pattern.Numbered)
	switch {
	case !ok || s.typ != Peer:
		err = ENOTSUP
	case s.opts.Immediate:
		err = EFAULT
	default:
		err = s.connectLocked(ep)
	}
	if err != nil {
		return 0, &Error{"connect", ep, err}
	}
	return peers.Latest(), nil
}

// DisconnectPeer ends the connection of a SERVER or PEER socket to the peer with
// that routing id (zmq_disconnect_peer(3)). Errors: EHOSTUNREACH if there is
// none, ENOTSUP on another type, ETERM, ENOTSOCK.
func (s *Socket) DisconnectPeer(id uint32) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.aliveLocked()
	if p, ok := s.pattern.(pattern.Numbered); err == nil && ok {
		err = p.Disconnect(id)
	} else if err == nil {
		err = ENOTSUP
	}
	if err != nil {
		return &Error{Op: "disconnect peer", Err: err}
	}
	return nil
}

func (s *Socket) connectLocked(ep string) error {
	t, rest, err := s.openLocked(ep)
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case transport.Transport:
		return s.dialLocked(t, ep, rest)
	case transport.Medium:
		return s.enterLocked(t, ep, rest, false)
	}
	return s.connectInprocLocked(ep)
}

func (s *Socket) dialLocked(t transport.Transport, ep, rest string) error {
	if s.typ.once() && len(s.endpoints[ep]) > 0 {
		return nil
	}
	o := s.snapshotLocked()
	if err := t.Check(rest, o); err != nil {
		return err
	}
	secure, err := security.Prepare(o, &s.ctx.memory)
	if err != nil {
		return err
	}
	c := &connector{session: s.newSession(o, ep, false), transport: t, rest: rest}
	c.secure, c.name = secure, ep
	if !o.Immediate {
		_, end := c.newPipe()
		end.Local = true
		s.attachLocked(end, network)
	}
	s.last = ep
	s.endpoints[ep] = append(s.endpoints[ep], c)
	s.wg.Add(1)
	go c.run()
	return nil
}

// Unbind ends a Bind (zmq_unbind(3)): it stops to accept, and closes the
// connections that were accepted there. The endpoint is the one LastEndpoint
// told. ENOENT if it is not bound.
func (s *Socket) Unbind(ep string) error { return s.term("unbind", ep) }

// Disconnect ends all Connects to an endpoint (zmq_disconnect(3)), given as it
// was connected. What is queued may linger. ENOENT if it is not connected.
func (s *Socket) Disconnect(ep string) error { return s.term("disconnect", ep) }

func (s *Socket) term(op, ep string) error {
	list, linger, err := s.take(ep)
	if err != nil {
		return &Error{op, ep, err}
	}
	for _, e := range list {
		e.close(linger)
	}
	return nil
}

// take takes the binds and connects of an endpoint off the list, and tells LINGER.
func (s *Socket) take(ep string) ([]endpoint, int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, rest, err := s.resolveLocked(ep)
	if err != nil {
		return nil, 0, err
	}
	list, err := s.takeLocked(t, ep, rest)
	return list, s.opts.Linger, err
}

// takeLocked takes the binds and connects of an endpoint off the list. Other
// names of it are only looked up if there is none of that name.
func (s *Socket) takeLocked(t transport.Scheme, ep, rest string) ([]endpoint, error) {
	names := []string{ep}
	if t != nil && len(s.endpoints[ep]) == 0 {
		o := s.snapshotLocked()
		if err := s.namesLocked(func() { names = t.Aliases(rest, o) }); err != nil {
			return nil, err
		}
	}
	for _, name := range names {
		if list := s.endpoints[name]; len(list) > 0 {
			delete(s.endpoints, name)
			return list, nil
		}
	}
	return s.takeAliasLocked(ep)
}

// aliased is an endpoint with a second name, by which it can be ended too.
type aliased interface{ alias() string }

// takeAliasLocked takes one bind or connect off the list by its second name.
func (s *Socket) takeAliasLocked(ep string) ([]endpoint, error) {
	for name, list := range s.endpoints {
		for _, e := range list {
			if a, ok := e.(aliased); ok && a.alias() == ep {
				s.removeLocked(name, e)
				return []endpoint{e}, nil
			}
		}
	}
	return nil, ENOENT
}

// forget takes one endpoint that has ended by itself off the list.
func (s *Socket) forget(name string, e endpoint) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removeLocked(name, e)
}

func (s *Socket) removeLocked(name string, e endpoint) {
	list := s.endpoints[name]
	for i := range list {
		if list[i] == e {
			s.endpoints[name] = append(list[:i:i], list[i+1:]...)
		}
	}
	if len(s.endpoints[name]) == 0 {
		delete(s.endpoints, name)
	}
}

// LastEndpoint is the endpoint of the last Bind or Connect, with wildcards
// replaced by what they became (ZMQ_LAST_ENDPOINT).
func (s *Socket) LastEndpoint() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}
