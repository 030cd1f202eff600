//go:build !purego

package poly1305

import "golang.org/x/sys/cpu"

//go:noescape
func sumsAVX2(sums *[5][4]uint64, m *byte, groups int, power *[9][4]uint64)

//go:noescape
func sumsIFMA(sums *[3][8]uint64, m *byte, groups int, power *[5]uint64)

// What the processor can do.
var (
	hasAVX2 = cpu.X86.HasAVX2
	hasIFMA = cpu.X86.HasAVX512F && cpu.X86.HasAVX512IFMA
)

// enough is the length from which on several blocks at a time are faster
// (BenchmarkWays).
const enough = 1024

// sum writes the authenticator of m if there is a way that is faster than taking one
// block after the other.
func sum(out *[Size]byte, m []byte, key *[32]byte) bool {
	switch {
	case len(m) < enough:
		return false
	case hasIFMA:
		sumIFMA(out, m, key)
	case hasAVX2:
		sumAVX2(out, m, key)
	default:
		return false
	}
	return true
}

// sumAVX2 makes four sums, each of every fourth block and in the fourth power of r,
// and of them the sum in which each has the power for its place.
func sumAVX2(out *[Size]byte, m []byte, key *[32]byte) {
	const group = 4 * blockSize
	var p [4]element
	powers(p[:], key)
	var power [9][4]uint64
	for i, l := range p[3].narrow() {
		power[i] = [4]uint64{l, l, l, l}
		if l *= 5; i > 0 {
			power[4+i] = [4]uint64{l, l, l, l}
		}
	}
	var sums [5][4]uint64
	groups := len(m) / group
	if groups > 0 {
		sumsAVX2(&sums, &m[0], groups, &power)
	}
	var total element
	for i, at := range [4]int{3, 1, 2, 0} { // the blocks are 0, 2, 1, 3
		sum := widened(sums[0][i], sums[1][i], sums[2][i], sums[3][i], sums[4][i])
		total.add(sum.times(p[at]))
	}
	finish(out, total, p[0], m[groups*group:], key)
}

// sumIFMA does the same with eight sums, whose limbs have 44 bits.
func sumIFMA(out *[Size]byte, m []byte, key *[32]byte) {
	const group = 8 * blockSize
	var p [8]element
	powers(p[:], key)
	power := [5]uint64{p[7].l0, p[7].l1, p[7].l2, 20 * p[7].l1, 20 * p[7].l2}
	var sums [3][8]uint64
	groups := len(m) / group
	if groups > 0 {
		sumsIFMA(&sums, &m[0], groups, &power)
	}
	var total element
	for i, at := range [8]int{7, 3, 6, 2, 5, 1, 4, 0} { // the blocks are 0, 4, 1, 5, 2, 6, 3, 7
		sum := element{sums[0][i], sums[1][i], sums[2][i]}
		total.add(sum.times(p[at]))
	}
	finish(out, total, p[0], m[groups*group:], key)
}

// narrow are limbs of 26 bits.
func (a element) narrow() [5]uint64 {
	const limb26 = 1<<26 - 1
	l1 := a.l1 + a.l0>>44
	l2 := a.l2 + l1>>44
	return [5]uint64{a.l0 & limb26, a.l0&limb>>26 | l1<<18&limb26, l1 >> 8 & limb26, l1&limb>>34 | l2<<10&limb26, l2 >> 16}
}

// widened is the number with limbs of 26 bits.
func widened(l0, l1, l2, l3, l4 uint64) element {
	w0 := l0 + l1<<26
	w1 := w0>>44 + l2<<8 + l3<<34
	return element{w0 & limb, w1 & limb, w1>>44 + l4<<16}
}
