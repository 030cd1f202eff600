package pattern

import (
	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pipe"
	"ztools/lib/internal/trie"
)

// A message of RADIO and DISH (RFC 48) belongs to a group, which is compared as
// a whole. To a user the group is a property of the message; on a pipe, as on
// the wire, it is a frame of its own in front of the body:
//
//	radio ──► [group] [body]            ──► dish
//	radio ◄── command JOIN or LEAVE group ◄── dish

// GroupMax is the longest name of a group, in bytes.
const GroupMax = 255

// radio sends each message to the peers that joined its group.
type radio struct {
	base
	dist   dist
	groups trie.Multi[*pipe.Pipe] // who joined what
	all    map[*pipe.Pipe]struct{}
	nodrop bool // XPUB_NODROP
	mark   func(*pipe.Pipe)
}

func newRadio() *radio {
	s := &radio{dist: newDist(), all: map[*pipe.Pipe]struct{}{}}
	s.mark = s.dist.match
	return s
}

// Attach also has the end of p told without waiting until all was read.
func (s *radio) Attach(p *pipe.Pipe) {
	p.NoDelay()
	s.dist.attach(p)
	if p.All {
		s.all[p] = struct{}{}
	}
	s.Readable(p)
}

func (s *radio) Detach(p *pipe.Pipe) {
	s.groups.RemoveAll(p, nil)
	delete(s.all, p)
	s.dist.remove(p)
}

func (s *radio) Writable(p *pipe.Pipe) { s.dist.activate(p) }
func (s *radio) Ready() Events         { return Out }

// Readable reads what p joins and leaves, and drops everything else.
func (s *radio) Readable(p *pipe.Pipe) {
	for m := (msg.Msg{}); p.Read(&m); {
		if m.Flags&msg.Command == 0 {
			continue
		}
		if group, ok := cutCommand(m.Body, join); ok && len(group) <= GroupMax {
			s.groups.Add(group, p)
		} else if group, ok := cutCommand(m.Body, leave); ok {
			s.groups.Remove(group, p)
		}
	}
}

func (s *radio) Send(m *msg.Msg) error {
	if m.HasMore() {
		return errno.EINVAL
	}
	s.dist.unmatch()
	s.groups.Exact([]byte(m.Group), s.mark)
	for p := range s.all {
		s.dist.match(p)
	}
	if s.nodrop && s.dist.full() {
		return errno.EAGAIN
	}
	s.dist.send(&msg.Msg{Body: []byte(m.Group), Flags: msg.More})
	s.dist.send(m)
	return nil
}

func (s *radio) Set(id option.ID, v any) error {
	if id == option.XPubNoDrop {
		return setFlag(&s.nodrop, v)
	}
	return errno.EINVAL
}

// Subscribers is the number of peers that have joined a group now.
func (s *radio) Subscribers() int { return s.groups.Holders() + len(s.all) }
