//go:build !purego

package poly1305

import (
	"encoding/binary"
	"math/bits"
)

// An element is a number modulo 2^130 - 5: limbs of 44 bits, the lowest first, each
// of which may be a little larger. No branch and no address depends on one.
type element struct{ l0, l1, l2 uint64 }

const limb = 1<<44 - 1

// load is a number of 128 bits with another before it.
func load(low, high, before uint64) element {
	return element{low & limb, (low>>44 | high<<20) & limb, high>>24 | before<<40}
}

// powers fills p with those of the key, from the first on.
func powers(p []element, key *[32]byte) {
	low, high := binary.LittleEndian.Uint64(key[:]), binary.LittleEndian.Uint64(key[8:])
	p[0] = load(low&0x0ffffffc0fffffff, high&0x0ffffffc0ffffffc, 0)
	for i := range p[1:] {
		p[i+1] = p[i].times(p[0])
	}
}

// times is the product. What is beyond 132 bits counts 20 times.
func (a element) times(b element) element {
	c1, c2 := 20*b.l1, 20*b.l2
	p0 := product{}.plus(a.l0, b.l0).plus(a.l1, c2).plus(a.l2, c1)
	p1 := product{}.plus(a.l0, b.l1).plus(a.l1, b.l0).plus(a.l2, c2).add(p0.beyond())
	p2 := product{}.plus(a.l0, b.l2).plus(a.l1, b.l1).plus(a.l2, b.l0).add(p1.beyond())
	l0 := p0.low&limb + 20*p2.beyond()
	return element{l0 & limb, p1.low&limb + l0>>44, p2.low & limb}
}

// add adds b to a few sums.
func (a *element) add(b element) {
	a.l0, a.l1, a.l2 = a.l0+b.l0, a.l1+b.l1, a.l2+b.l2
}

// product is a sum of products of limbs.
type product struct{ high, low uint64 }

func (p product) plus(a, b uint64) product {
	high, low := bits.Mul64(a, b)
	p.high += high
	return p.add(low)
}

func (p product) add(a uint64) product {
	low, over := bits.Add64(p.low, a, 0)
	return product{p.high + over, low}
}

// beyond is what goes to the next limb.
func (p product) beyond() uint64 { return p.high<<20 | p.low>>44 }

// finish adds the blocks behind those of the sum, of which the last may be short,
// and the second half of the key.
func finish(out *[Size]byte, sum, r element, m []byte, key *[32]byte) {
	for len(m) > 0 {
		var last [blockSize]byte
		n, before := copy(last[:], m), uint64(1)
		if n < blockSize {
			last[n], before = 1, 0
		}
		sum.add(load(binary.LittleEndian.Uint64(last[:]), binary.LittleEndian.Uint64(last[8:]), before))
		sum = sum.times(r)
		m = m[n:]
	}
	low, high := sum.reduced()
	low, over := bits.Add64(low, binary.LittleEndian.Uint64(key[16:]), 0)
	high, _ = bits.Add64(high, binary.LittleEndian.Uint64(key[24:]), over)
	binary.LittleEndian.PutUint64(out[:], low)
	binary.LittleEndian.PutUint64(out[8:], high)
}

// reduced are the lower 128 bits of the number when it is below 2^130 - 5.
func (a element) reduced() (low, high uint64) {
	for range 2 { // after which it is below 2^130, and so are its limbs
		a.l1, a.l0 = a.l1+a.l0>>44, a.l0&limb
		a.l2, a.l1 = a.l2+a.l1>>44, a.l1&limb
		a.l0, a.l2 = a.l0+5*(a.l2>>42), a.l2&(1<<42-1)
	}
	over := (a.l2 + (a.l1+(a.l0+5)>>44)>>44) >> 42 // 1 if it is not below 2^130 - 5
	low, over = bits.Add64(a.l0|a.l1<<44, 5*over, 0)
	return low, (a.l1>>20 | a.l2<<24) + over
}
