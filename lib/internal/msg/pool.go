package msg

import (
	"math/bits"
	"sync"
)

// Buf is a buffer from a Pool.
type Buf struct {
	B     []byte // full capacity of its class
	class int
}

// The classes are powers of two from 4 KiB to 4 MiB. Larger buffers are made
// and dropped one by one.
const (
	minClass = 12
	maxClass = 22
)

// Pool recycles the bodies of large frames: without it a stream of 64 KiB
// messages would make the garbage collector run a thousand times a second.
// The zero value is ready.
type Pool struct {
	classes [maxClass - minClass + 1]sync.Pool
}

// Get returns a buffer with at least n bytes of capacity; its content is
// whatever it held before.
func (p *Pool) Get(n int) *Buf {
	c := bits.Len(uint(max(n, 1) - 1))
	c = max(c, minClass)
	if c > maxClass {
		return &Buf{B: make([]byte, n), class: -1}
	}
	if b, ok := p.classes[c-minClass].Get().(*Buf); ok {
		return b
	}
	return &Buf{B: make([]byte, 1<<c), class: c}
}

// Put gives b back. Nobody may use its bytes afterwards. Nil is allowed.
func (p *Pool) Put(b *Buf) {
	if b == nil || b.class < 0 {
		return
	}
	p.classes[b.class-minClass].Put(b)
}

// Copy returns a copy of body in a buffer of the pool.
func (p *Pool) Copy(body []byte) ([]byte, *Buf) {
	b := p.Get(len(body))
	return b.B[:copy(b.B, body)], b
}
