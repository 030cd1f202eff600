package pattern

import (
	"maps"
	"slices"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/pipe"
)

// dish receives the messages of the groups that it has joined (RFC 48) and
// drops those of others. A peer that comes later, or comes back, is told of all
// groups. Joins never wait: a peer whose pipe is full misses them.
type dish struct {
	base
	fq     fq
	dist   dist
	groups map[string]string // each group by itself, so that its name is found without a copy
}

func newDish() *dish {
	return &dish{fq: newFQ(), dist: newDist(), groups: map[string]string{}}
}

func (s *dish) Attach(p *pipe.Pipe) {
	s.fq.attach(p)
	s.dist.attach(p)
	s.sendAll(p)
}

func (s *dish) Detach(p *pipe.Pipe) {
	s.fq.remove(p)
	s.dist.remove(p)
}

func (s *dish) Readable(p *pipe.Pipe) { s.fq.activate(p) }
func (s *dish) Writable(p *pipe.Pipe) { s.dist.activate(p) }

func (s *dish) Hiccup(p *pipe.Pipe) {
	p.Discard()
	s.dist.activate(p)
	s.sendAll(p)
}

// sendAll tells p of all groups, in byte order as libzmq does.
func (s *dish) sendAll(p *pipe.Pipe) {
	for _, group := range slices.Sorted(maps.Keys(s.groups)) {
		if !p.Write(groupCommand(join, group)) {
			return
		}
	}
}

// Join implements Joiner.
func (s *dish) Join(group string) error {
	if _, joined := s.groups[group]; joined || len(group) > GroupMax {
		return errno.EINVAL
	}
	s.groups[group] = group
	s.tell(join, group)
	return nil
}

// Leave implements Joiner.
func (s *dish) Leave(group string) error {
	if _, joined := s.groups[group]; !joined {
		return errno.EINVAL
	}
	delete(s.groups, group)
	s.tell(leave, group)
	return nil
}

// tell sends a command to all peers.
func (s *dish) tell(verb, group string) {
	s.dist.matchAll()
	s.dist.send(groupCommand(verb, group))
}

// groupCommand is a frame that joins or leaves group.
func groupCommand(verb, group string) *msg.Msg {
	return &msg.Msg{Body: []byte(verb + group), Flags: msg.Command}
}

// Recv is the body, with the group that stood in front of it. What is no group
// and a body, and what belongs to another group, is dropped.
func (s *dish) Recv(m *msg.Msg) error {
	for {
		if _, err := s.fq.recv(m); err != nil {
			return err
		}
		group, joined := s.groups[string(m.Body)]
		if joined && m.HasMore() {
			if _, err := s.fq.recv(m); err != nil {
				return err
			}
			if !m.HasMore() {
				m.Group = group
				return nil
			}
		}
		s.fq.skip(m)
	}
}

// Ready drops what the user does not want until it finds something else.
func (s *dish) Ready() Events {
	for m := (msg.Msg{}); s.fq.peek(&m) != nil; {
		if _, joined := s.groups[string(m.Body)]; joined && m.HasMore() {
			return In
		}
		s.fq.recv(&m)
		s.fq.skip(&m)
	}
	return 0
}

// DishGuard checks the frames that a RADIO sends: a group of at most GroupMax
// bytes, then a body. A connection has one, whose zero value is ready, and is
// ended when it reports false.
type DishGuard struct{ body bool }

// Check reports whether m may come next. Commands may come at any time.
func (g *DishGuard) Check(m *msg.Msg) bool {
	if m.Flags&msg.Command != 0 {
		return true
	}
	ok := m.HasMore() != g.body && (g.body || len(m.Body) <= GroupMax)
	g.body = !g.body
	return ok
}
