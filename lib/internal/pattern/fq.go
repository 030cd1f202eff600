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

// FairQueue is a fair queue to those who receive short messages from it directly.
type FairQueue = fq

// Turns implements Source.
func (f *fq) Turns() *FairQueue {
	if len(f.windows) == 0 {
		return nil
	}
	return f
}

// remove takes p out. Few pipes need no windows.
func (f *fq) remove(p *pipe.Pipe) {
	f.ring.remove(p)
	if len(f.windows) > 0 && len(f.pipes) <= cold {
		for i := range f.pipes {
			f.settle(i)
		}
		f.windows = nil
	}
}

// recv reads one frame and returns the pipe it came from. Once the first frame
// of a message was read, the others follow without fail.
func (f *fq) recv(m *msg.Msg) (*pipe.Pipe, error) {
	if f.active > cold || len(f.windows) > 0 {
		return f.recvMany(m)
	}
	for f.active > 0 {
		p := f.pipes[f.current]
		if p.Read(m) {
			if m.Flags&msg.More == 0 {
				f.advance()
			}
			return p, nil
		}
		f.suspend()
	}
	return nil, errno.EAGAIN
}

// recvMany is recv where many pipes take turns.
func (f *fq) recvMany(m *msg.Msg) (*pipe.Pipe, error) {
	for f.active > 0 {
		p := f.pipes[f.current]
		if w := f.window(); w != nil {
			w.Read(m)
		} else if !f.readCold(p, m) {
			f.suspend()
			continue
		}
		if m.Flags&msg.More == 0 {
			f.advance()
			f.warm()
		}
		return p, nil
	}
	return nil, errno.EAGAIN
}

// ReadShort is recv for the commonest message of many, one in a window. false if it did
// nothing.
func (f *fq) ReadShort() (body []byte, meta *msg.Meta, ok bool) {
	if f.empty(f.current) {
		return nil, nil, false
	}
	body, meta = f.windows[f.current].Next()
	f.advance()
	f.warm()
	return body, meta, true
}

// window is that of the pipe whose turn it is, nil if nothing is in it.
func (f *fq) window() *pipe.Window {
	if f.empty(f.current) {
		return nil
	}
	return &f.windows[f.current]
}

// readCold reads from p itself, whose turn it is, and opens a window to what comes
// next.
func (f *fq) readCold(p *pipe.Pipe, m *msg.Msg) bool {
	f.settle(f.current)
	if !p.Read(m) {
		return false
	}
	if f.active > cold {
		if n := len(f.pipes) - len(f.windows); n > 0 {
			f.windows = append(f.windows, make([]pipe.Window, n)...)
		}
		p.Open(&f.windows[f.current])
	}
	return true
}

// cold is how many pipes take turns when the processor has forgotten each by
// the time its turn comes again: looking ahead makes 1,000 peers 1.2 to 1.4 times and
// 10,000 twice as fast, and windows 1,000 another 1.1 times (make compare CELL=peers).
const cold = 256

// ahead is how many pipes are looked at together, so that the processor waits for
// all of them at once: BenchmarkPullRecvMany.
const ahead = 16

// warm looks at the pipes whose turns are next and whose windows are empty: those
// that come later themselves, those that come first at their next frames.
func (f *fq) warm() {
	at := f.current + ahead
	if f.current%ahead != 0 || at+2*ahead > f.active {
		return
	}
	sum := 0
	for i := at; i < at+ahead; i++ {
		if f.empty(i) {
			sum += f.pipes[i].TouchWindow()
		} else {
			sum += f.windows[i].Touch()
		}
	}
	for i := at + ahead; i < at+2*ahead; i++ {
		if f.empty(i) {
			sum += f.pipes[i].Touch()
		}
	}
	f.touched += sum
}

// empty reports whether nothing is in the window of the pipe at i.
func (f *fq) empty(i int) bool { return i >= len(f.windows) || f.windows[i].Empty() }

// peek is recv that leaves the frame where it is; nil if there is none.
func (f *fq) peek(m *msg.Msg) *pipe.Pipe {
	for f.active > 0 {
		p := f.pipes[f.current]
		if w := f.window(); w != nil {
			w.Peek(m)
			return p
		}
		f.settle(f.current)
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
		if f.window() != nil {
			return true
		}
		f.settle(f.current)
		if f.pipes[f.current].CheckRead() {
			return true
		}
		f.suspend()
	}
	return false
}
