package msg

import (
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"
	"weak"
)

// Buf is a buffer from a Pool.
type Buf struct {
	B     []byte // full capacity of its class
	class int

	Owner  any             // of a foreign buffer: what whoever made it says of it, or nil
	free   func()          // of a foreign buffer: gives the memory back
	behind runtime.Cleanup // calls free if nobody else does
}

// Foreign is a buffer for memory that is not Go's, which whoever made it must not
// change. free is called once: when the buffer is put back, or after whoever had
// it has forgotten that. Nobody may use the memory without holding the buffer.
func Foreign(free func()) *Buf {
	b := &Buf{class: foreign, free: free}
	b.behind = runtime.AddCleanup(b, func(free func()) { free() }, free)
	return b
}

// Keep says that a foreign buffer's memory is somebody else's from now on, who gives it
// back in place of free.
func (b *Buf) Keep() {
	b.class = -1
	b.behind.Stop()
	runtime.KeepAlive(b) // else the collector might find that nobody has it before Stop does
}

// foreign is the class of memory that is not Go's.
const foreign = -2

// The classes are powers of two from 4 KiB to 4 MiB. Larger buffers are made
// and dropped one by one.
const (
	minClass = 12
	maxClass = 22
)

// Pool recycles the bodies of large frames and the memory of queues: without it
// a stream of 64 KiB messages would make the garbage collector run a thousand
// times a second. What was given back last is handed out first, since it is
// still in the processor's caches. The zero value is ready.
type Pool struct {
	classes [maxClass - minClass + 1]stack
	// Lists keeps the lists of bodies that long queues have left behind, each in a
	// box, and Boxes the boxes that are empty.
	Lists, Boxes sync.Pool
	armed        atomic.Bool // trim runs behind each garbage collection
}

// stack keeps the buffers of one class.
type stack struct {
	mu    sync.Mutex // guards the fields below
	free  []*Buf
	least int // the fewest that were free since the last trim
}

// trim lets the garbage collector have buffers that nobody needed since the last
// collection: half of them, so that a queue which is long now and then keeps its
// memory. A sync.Pool gives all of it away, and a queue of 64 KiB messages that
// grows and shrinks then takes new memory for every second message
// (BenchmarkPoolOfAWavingQueue, make compare CELL=proxy).
func (p *Pool) trim() {
	for i := range p.classes {
		p.classes[i].trim()
	}
}

func (s *stack) trim() {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := copy(s.free, s.free[(s.least+1)/2:]) // the first ones have lain there the longest
	clear(s.free[n:])
	s.free, s.least = s.free[:n], n
}

// arm makes trim run behind the next garbage collection, and that arms it again.
// Nothing of that keeps the pool.
func (p *Pool) arm() {
	type tick struct{ _ *byte } // with a pointer it is an object of its own
	runtime.AddCleanup(new(tick), func(w weak.Pointer[Pool]) {
		if p := w.Value(); p != nil {
			p.trim()
			p.arm()
		}
	}, weak.Make(p))
}

// Get returns a buffer with at least n bytes of capacity; its content is
// whatever it held before.
func (p *Pool) Get(n int) *Buf {
	c := bits.Len(uint(max(n, 1) - 1))
	c = max(c, minClass)
	if c > maxClass {
		return &Buf{B: make([]byte, n), class: -1}
	}
	if b := p.classes[c-minClass].pop(); b != nil {
		return b
	}
	return &Buf{B: make([]byte, 1<<c), class: c}
}

// Put gives b back. Nobody may use its bytes afterwards. Nil is allowed.
func (p *Pool) Put(b *Buf) {
	if b == nil || b.class < 0 {
		if b != nil && b.class == foreign {
			b.Keep()
			b.free()
		}
		return
	}
	p.classes[b.class-minClass].push(b)
	if !p.armed.Load() && !p.armed.Swap(true) {
		p.arm()
	}
}

func (s *stack) pop() *Buf {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.free) - 1
	if n < 0 {
		return nil
	}
	b := s.free[n]
	s.free[n] = nil
	s.free, s.least = s.free[:n], min(s.least, n)
	return b
}

func (s *stack) push(b *Buf) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, b)
}

// Copy returns a copy of body in a buffer of the pool.
func (p *Pool) Copy(body []byte) ([]byte, *Buf) {
	b := p.Get(len(body))
	return b.B[:copy(b.B, body)], b
}
