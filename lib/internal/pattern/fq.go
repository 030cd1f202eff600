package pattern

import (
	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/pipe"
)

// fq queues fairly: one message from each pipe that has some, in turn (libzmq's
// fq.cpp).
type fq struct {
	ring
	touched int // the sum of what warm has read, so that it does read
}

func newFQ() fq { return fq{ring: ring{list: list{slot: inSlot}}} }

// attach adds p and takes it to have something to read.
func (f *fq) attach(p *pipe.Pipe) {
	f.add(p)
	f.activate(p)
}

// Sole implements Source.
func (f *fq) Sole() *pipe.Pipe {
	if len(f.pipes) != 1 {
		return nil
	}
	return f.pipes[0]
}

// recv reads one frame and returns the pipe it came from. Once the first frame
// of a message was read, the others follow without fail.
func (f *fq) recv(m *msg.Msg) (*pipe.Pipe, error) {
	for f.active > 0 {
		p := f.pipes[f.current]
		if p.Read(m) {
			if m.Flags&msg.More == 0 {
				f.advance()
				if f.active > cold {
					f.warm()
				}
			}
			return p, nil
		}
		f.suspend()
	}
	return nil, errno.EAGAIN
}

// cold is how many pipes take turns when the processor has forgotten each by
// the time its turn comes again: looking ahead makes 1,000 peers 1.2 to 1.4 times and
// 10,000 twice as fast (make compare CELL=peers).
const cold = 256

// ahead is how many pipes are looked at together, so that the processor waits for
// all of them at once: BenchmarkPullRecvMany.
const ahead = 16

// warm looks at the pipes whose turns are next: those that come later themselves,
// those that come first at their next frames.
func (f *fq) warm() {
	at := f.current + ahead
	if f.current%ahead != 0 || at+2*ahead > f.active {
		return
	}
	sum := 0
	for _, p := range f.pipes[at : at+ahead] {
		sum += p.TouchFrame()
	}
	for _, p := range f.pipes[at+ahead : at+2*ahead] {
		sum += p.Touch()
	}
	f.touched += sum
}

// peek is recv that leaves the frame where it is; nil if there is none.
func (f *fq) peek(m *msg.Msg) *pipe.Pipe {
	for f.active > 0 {
		p := f.pipes[f.current]
		if p.Peek(m) {
			return p
		}
		f.suspend()
	}
	return nil
}

// skip reads and drops what is left of the message that m is a frame of.
func (f *fq) skip(m *msg.Msg) {
	for m.HasMore() {
		if _, err := f.recv(m); err != nil {
			return
		}
	}
}

// hasIn reports whether a message can be received.
func (f *fq) hasIn() bool {
	for f.active > 0 {
		if f.pipes[f.current].CheckRead() {
			return true
		}
		f.suspend()
	}
	return false
}
