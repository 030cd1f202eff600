package pattern

import (
	"math"

	"ztools/lib/internal/msg"
	"ztools/lib/internal/pipe"
)

// Taker is a Pattern that can be received from by the run. TakerOf tells which are.
type Taker interface {
	// Take moves messages to b that Recv would give, in the same order: at most n,
	// and no more beyond so many bytes. If there are none, Recv says why.
	Take(b *pipe.Batch, n, size int) pipe.Tally
}

// Putter is a Pattern that can be sent to by the run. PutterOf tells which are.
type Putter interface {
	// Put sends messages from the cursor of b on, as Send would. Those that it leaves
	// there are for Send.
	Put(b *pipe.Batch, c *pipe.Cursor) pipe.Tally
}

// TakerOf is p as a Taker; nil if it is none. A type that embeds one of these has its
// methods, but rules of its own as well (REQ, REP), and is not asked for them.
func TakerOf(p Pattern) Taker {
	switch p := p.(type) {
	case *pull:
		return p
	case *dealer:
		return p
	case *router:
		return p
	case *stream:
		return p
	case *xsub:
		return p
	}
	return nil
}

// PutterOf is p as a Putter; nil if it is none.
func PutterOf(p Pattern) Putter {
	switch p := p.(type) {
	case *push:
		return p
	case *dealer:
		return p
	case *router:
		return p
	case *xpub:
		return p
	case pub:
		return p
	}
	return nil
}

func (s *pull) Take(b *pipe.Batch, n, size int) pipe.Tally   { return s.fq.take(b, n, size, nil) }
func (s *dealer) Take(b *pipe.Batch, n, size int) pipe.Tally { return s.fq.take(b, n, size, nil) }
func (s *push) Put(b *pipe.Batch, c *pipe.Cursor) pipe.Tally { return s.lb.put(b, c) }
func (s *dealer) Put(b *pipe.Batch, c *pipe.Cursor) pipe.Tally {
	return s.lb.put(b, c)
}

func (s *xsub) Take(b *pipe.Batch, n, size int) pipe.Tally   { return s.fq.take(b, n, size, nil) }
func (s *router) Take(b *pipe.Batch, n, size int) pipe.Tally { return s.fq.take(b, n, size, s.front) }

// front is the frame with the routing id of p; nil if that is a long one.
func (s *router) front(p *pipe.Pipe) []byte {
	if len(p.RoutingID) > math.MaxUint8 {
		return nil
	}
	s.id = append(append(s.id[:0], byte(msg.More), byte(len(p.RoutingID))), p.RoutingID...)
	return s.id
}

// Put implements Putter: messages for the same peer that follow each other go to it
// together. Those that nobody takes are left to Send.
func (s *router) Put(b *pipe.Batch, c *pipe.Cursor) (t pipe.Tally) {
	for !s.o.Raw && !c.Done(b) && b.Bytes[c.At] == byte(msg.More) {
		front := b.Bytes[c.At : c.At+2+int(b.Bytes[c.At+1])]
		p := s.peers[string(front[2:])]
		if p == nil {
			break
		}
		run := p.Put(b, c, math.MaxInt, front)
		if run.Msgs == 0 {
			break
		}
		t.Add(run)
	}
	return t
}

// Put implements Putter where there is one peer that gets what it has subscribed to.
func (s *xpub) Put(b *pipe.Batch, c *pipe.Cursor) (t pipe.Tally) {
	if len(s.dist.pipes) != 1 || s.manual || s.o.InvertMatching {
		return t
	}
	p := s.dist.pipes[0]
	n, room := 0, p.Puts()
	for at := *c; n < room && !at.Done(b) && s.subs.Any(at.First(b)) && at.Pass(b); n++ {
	}
	if n == 0 {
		return t
	}
	p.Credit = 0
	return p.Put(b, c, n, nil)
}

// take moves messages of the pipes whose turn it is. front, unless it is nil, makes
// the frame to put before those of a pipe.
func (f *fq) take(b *pipe.Batch, n, size int, front func(*pipe.Pipe) []byte) (t pipe.Tally) {
	for f.active > 0 && t.Msgs < n && t.Bytes < size {
		p, turn := f.pipes[f.current], n-t.Msgs
		if f.active > 1 {
			turn = 1
		}
		var id []byte
		if front != nil {
			if id = front(p); id == nil {
				break
			}
		}
		f.settle(f.current)
		run := p.Take(b, turn, size-t.Bytes, id)
		if run.Msgs == 0 {
			break
		}
		t.Add(run)
		f.advance()
		if f.active > cold {
			f.warm()
		}
	}
	return t
}

// put moves messages to the pipes whose turn it is.
func (l *lb) put(b *pipe.Batch, c *pipe.Cursor) (t pipe.Tally) {
	for l.active > 0 && !c.Done(b) {
		turn := math.MaxInt
		if l.active > 1 {
			turn = 1
		}
		run := l.pipes[l.current].Put(b, c, turn, nil)
		if run.Msgs == 0 {
			break
		}
		t.Add(run)
		l.advance()
	}
	return t
}
