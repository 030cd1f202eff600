package msg

import (
	"math/bits"
	"runtime"
	"sync"
)

// Buf is a buffer from a Pool.
type Buf struct {
	B     []byte // full capacity of its class
	class int

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
	// Lists keeps the lists of bodies that long queues have left behind.
	Lists sync.Pool
}

// stack keeps the buffers of one class: a few at hand, the others where the
// garbage collector can take them.
type stack struct {
	mu   sync.Mutex // guards top
	top  []*Buf
	rest sync.Pool
}

// atHand is how many bytes of buffers a stack keeps from the garbage
// collector, at least one buffer.
const atHand = 4 << 20

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
			b.class = -1
			b.behind.Stop()
			b.free()
		}
		return
	}
	p.classes[b.class-minClass].push(b)
}

func (s *stack) pop() *Buf {
	s.mu.Lock()
	if n := len(s.top); n > 0 {
		b := s.top[n-1]
		s.top = s.top[:n-1]
		s.mu.Unlock()
		return b
	}
	s.mu.Unlock()
	b, _ := s.rest.Get().(*Buf)
	return b
}

func (s *stack) push(b *Buf) {
	s.mu.Lock()
	if len(s.top) == 0 || len(s.top) < atHand>>b.class {
		s.top = append(s.top, b)
		s.mu.Unlock()
		return
	}
	s.mu.Unlock()
	s.rest.Put(b)
}

// Copy returns a copy of body in a buffer of the pool.
func (p *Pool) Copy(body []byte) ([]byte, *Buf) {
	b := p.Get(len(body))
	return b.B[:copy(b.B, body)], b
}
