package pattern

import "ztools/lib/internal/pipe"

// The places in pipe.Pipe.Index at which the lists note where a pipe stands.
const (
	inSlot  = 0 // fair queue
	outSlot = 1 // load balancer or distributor
)

// list is a list of pipes that each know their place in it, so that a pipe is
// found, moved and removed in constant time. The strategies keep runs of
// pipes in the same state at its front.
type list struct {
	slot    int // constant: index into pipe.Pipe.Index
	pipes   []*pipe.Pipe
	windows []pipe.Window // of the pipes at the same places, or of none
}

// has reports whether p is in the list.
func (l *list) has(p *pipe.Pipe) bool { return p.Index[l.slot] >= 0 }

// add puts p at the end.
func (l *list) add(p *pipe.Pipe) {
	p.Index[l.slot] = len(l.pipes)
	l.pipes = append(l.pipes, p)
}

// swap exchanges the pipes at i and j.
func (l *list) swap(i, j int) {
	l.settle(i)
	l.settle(j)
	a, b := l.pipes[i], l.pipes[j]
	l.pipes[i], l.pipes[j] = b, a
	a.Index[l.slot], b.Index[l.slot] = j, i
}

// settle gives what is left in the window of the pipe at i back to it.
func (l *list) settle(i int) {
	if i < len(l.windows) {
		l.pipes[i].Settle(&l.windows[i])
	}
}

// remove takes p out; the last pipe moves to its place.
func (l *list) remove(p *pipe.Pipe) {
	last := len(l.pipes) - 1
	l.swap(p.Index[l.slot], last)
	p.Index[l.slot] = -1
	l.pipes[last] = nil
	l.pipes = l.pipes[:last]
}

// ring is a list of pipes that take turns. The first active ones may be ready;
// the others said that they are not and wait to be activated. libzmq's lb.cpp
// and fq.cpp move pipes in just this way, and it decides whose turn it is.
type ring struct {
	list
	active  int
	current int // whose turn it is; 0 if none is active
}

// remove takes p out, if it is in.
func (r *ring) remove(p *pipe.Pipe) {
	if !r.has(p) {
		return
	}
	if i := p.Index[r.slot]; i < r.active {
		r.active--
		r.swap(i, r.active)
		if r.current == r.active {
			r.current = 0
		}
	}
	r.list.remove(p)
}

// activate says that p may be ready again. It does nothing if p is active
// or not in the ring.
func (r *ring) activate(p *pipe.Pipe) {
	if i := p.Index[r.slot]; i >= r.active {
		r.swap(i, r.active)
		r.active++
	}
}

// suspend says that the current pipe is not ready. The next one has its turn.
func (r *ring) suspend() {
	r.active--
	r.swap(r.current, r.active)
	if r.current == r.active {
		r.current = 0
	}
}

// advance gives the turn to the next pipe.
func (r *ring) advance() {
	if r.current++; r.current >= r.active {
		r.current = 0
	}
}
