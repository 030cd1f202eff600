package pattern

import (
	"encoding/binary"
	"math/rand/v2"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pipe"
)

// router puts the sender's routing id in front of what it receives and takes
// the receiver's from the front of what it sends (RFC 28).
//
// A peer says its routing id in the first frame on its pipe. Until that frame
// has come the pipe is anonymous: nothing else is read from it and nothing can
// be sent to it.
type router struct {
	base
	o  *option.Options
	fq fq

	peers     map[string]*pipe.Pipe   // by routing id
	anonymous map[*pipe.Pipe]struct{} // those without one yet
	nextID    uint32                  // number in the next routing id of our own
	connectID string                  // CONNECT_ROUTING_ID, for the next connect

	mandatory bool // ROUTER_MANDATORY
	handover  bool // ROUTER_HANDOVER
	probe     bool // PROBE_ROUTER

	sending   bool       // the id frame of a message was taken
	out       *pipe.Pipe // gets the rest of it; nil: it is dropped
	dropped   uint64     // messages for a peer that is not there, has no room or leaves in the middle
	receiving bool       // the id frame of a message was given
	id        []byte     // that frame's body
}

// Dropped implements Dropper.
func (s *router) Dropped() uint64 { return s.dropped }

func newRouter(o *option.Options) *router {
	return &router{
		o: o, fq: newFQ(), nextID: rand.Uint32(),
		peers:     map[string]*pipe.Pipe{},
		anonymous: map[*pipe.Pipe]struct{}{},
	}
}

func (s *router) Attach(p *pipe.Pipe) {
	if s.probe {
		p.Write(&msg.Msg{})
	}
	switch {
	case p.Local && s.connectID != "":
		id := s.connectID
		s.connectID = ""
		if s.peers[id] != nil {
			hangUp(p)
			return
		}
		s.admit(p, id)
	case s.o.Raw: // such peers have none
		s.admit(p, s.newID())
	default:
		s.anonymous[p] = struct{}{}
		s.identify(p)
	}
}

// identify reads the routing id of an anonymous peer, if it has come, and
// admits the peer.
func (s *router) identify(p *pipe.Pipe) {
	var m msg.Msg
	if !p.Peek(&m) {
		return
	}
	delete(s.anonymous, p)
	id := ""
	if m.Flags&msg.Identity != 0 {
		id = string(m.Body)
		p.Read(&m)
		p.CheckRead() // so that a peer that says no more holds no memory
	}
	if id == "" {
		id = s.newID()
	}
	if old := s.peers[id]; old != nil {
		if !s.handover {
			p.NoDelay() // a peer that nobody can reach or hear
			return
		}
		s.end(old)
	}
	s.admit(p, id)
}

// newID is a routing id that no peer has: 0 and a number.
func (s *router) newID() string {
	for {
		id := string(binary.BigEndian.AppendUint32([]byte{0}, s.nextID))
		s.nextID++
		if s.peers[id] == nil {
			return id
		}
	}
}

// admit lets p take part under that routing id.
func (s *router) admit(p *pipe.Pipe, id string) {
	p.RoutingID = id
	s.peers[id] = p
	s.fq.attach(p)
}

// end has nothing to do with p any more and hangs up.
func (s *router) end(p *pipe.Pipe) {
	s.Detach(p)
	hangUp(p)
}

func (s *router) Detach(p *pipe.Pipe) {
	delete(s.anonymous, p)
	if s.peers[p.RoutingID] == p {
		delete(s.peers, p.RoutingID)
	}
	s.fq.remove(p)
	if s.out == p {
		s.out = nil
	}
}

func (s *router) Readable(p *pipe.Pipe) {
	if _, ok := s.anonymous[p]; ok {
		s.identify(p)
	} else {
		s.fq.activate(p)
	}
}

func (s *router) Ready() Events {
	var m msg.Msg
	return events(s.next(&m) != nil, !s.mandatory || s.anyRoom())
}

// anyRoom reports whether some peer is below its limit.
func (s *router) anyRoom() bool {
	for _, p := range s.peers {
		if p.CheckWrite() {
			return true
		}
	}
	return false
}

// next looks at the next frame to receive and is the pipe it is on, nil if
// there is none. Routing ids that came later, after a reconnect, are dropped:
// a peer keeps its first.
func (s *router) next(m *msg.Msg) *pipe.Pipe {
	for {
		p := s.fq.peek(m)
		if p == nil || m.Flags&msg.Identity == 0 {
			return p
		}
		p.Read(m)
	}
}

func (s *router) Recv(m *msg.Msg) error {
	if s.receiving {
		_, err := s.fq.recv(m)
		s.receiving = m.HasMore()
		return err
	}
	p := s.next(m)
	if p == nil {
		return errno.EAGAIN
	}
	s.receiving = true
	if s.id = append(s.id[:0], p.RoutingID...); len(s.id) >= msg.RefMin {
		s.id = []byte(p.RoutingID) // becomes the caller's
	}
	m.Body, m.Buf, m.Flags = s.id, nil, msg.More
	return nil
}

// PeerReady reports whether the peer of that routing id has room for a message;
// EHOSTUNREACH if there is no such peer.
func (s *router) PeerReady(id []byte) (bool, error) {
	p := s.peers[string(id)]
	if p == nil {
		return false, errno.EHOSTUNREACH
	}
	return p.CheckWrite(), nil
}

// Send takes the routing id, then the frames for that peer. With ROUTER_RAW and
// on STREAM the frames are bytes, and an empty one ends the connection.
func (s *router) Send(m *msg.Msg) error {
	if !s.sending {
		return s.route(m)
	}
	p := s.out
	last := !m.HasMore()
	if s.sending = !last; last {
		s.out = nil
	}
	switch {
	case p != nil && s.o.Raw && len(m.Body) == 0:
		s.end(p)
		return nil
	case p != nil && p.Write(m):
		return nil
	}
	s.out = nil // not there, or it has left since route
	if last {
		s.dropped++
	}
	return nil
}

// route takes the frame with the routing id and finds the pipe for the others.
// Without ROUTER_MANDATORY a message that cannot be delivered is dropped; a
// routing id that nothing follows always is.
func (s *router) route(m *msg.Msg) error {
	if !m.HasMore() {
		return nil
	}
	p := s.peers[string(m.Body)]
	if p != nil && !p.CheckWrite() {
		if s.mandatory && !p.Gone() {
			return errno.EAGAIN
		}
		p = nil
	}
	if p == nil && s.mandatory {
		return errno.EHOSTUNREACH
	}
	s.sending, s.out = true, p
	return nil
}

func (s *router) Set(id option.ID, v any) error {
	switch id {
	case option.RouterMandatory:
		return setFlag(&s.mandatory, v)
	case option.RouterHandover:
		return setFlag(&s.handover, v)
	case option.RouterRaw:
		raw := false
		err := setFlag(&raw, v)
		s.o.Raw = s.o.Raw || raw // for good, as in libzmq
		return err
	case option.ProbeRouter:
		return setFlag(&s.probe, v)
	case option.ConnectRoutingID:
		return s.setConnectID(v)
	}
	return errno.EINVAL
}

// setConnectID names the peer of the next connect. A name that is in use, which
// makes libzmq abort, is EADDRINUSE.
func (s *router) setConnectID(v any) error {
	id, ok := v.([]byte)
	if !ok || len(id) == 0 {
		return errno.EINVAL
	}
	if s.peers[string(id)] != nil {
		return errno.EADDRINUSE
	}
	s.connectID = string(id)
	return nil
}
