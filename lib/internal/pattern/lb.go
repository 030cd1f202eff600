package pattern

import (
	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/pipe"
)

// lb balances the load: messages go to the pipes with room in turn, each as a
// whole (libzmq's lb.cpp).
type lb struct{ ring }

func newLB() lb { return lb{ring{list: list{slot: outSlot}}} }

// attach adds p, with its turn after those of the active pipes.
func (l *lb) attach(p *pipe.Pipe) {
	l.add(p)
	l.activate(p)
}

// Only implements Direct.
func (l *lb) Only() *pipe.Pipe {
	if len(l.pipes) != 1 {
		return nil
	}
	return l.pipes[0]
}

// send writes one frame and returns the pipe that took it. Only the first frame
// of a message can fail, with EAGAIN; the others follow it.
func (l *lb) send(m *msg.Msg) (*pipe.Pipe, error) {
	for l.active > 0 {
		p := l.pipes[l.current]
		if p.Write(m) {
			if m.Flags&msg.More == 0 {
				l.advance()
			}
			return p, nil
		}
		l.suspend()
	}
	return nil, errno.EAGAIN
}

// hasOut reports whether a message can be sent.
func (l *lb) hasOut() bool {
	for l.active > 0 {
		if l.pipes[l.current].CheckWrite() {
			return true
		}
		l.suspend()
	}
	return false
}
