package main

import "fmt"

// The sums of Poly1305, several blocks at a time. A vector register holds the same
// limb of several sums, each in 64 bits: one sum of every fourth or eighth block.
// All are multiplied by the power of the key that has their number.

// poly1305 is the file of the package of that name.
func (s *source) poly1305() {
	s.sums("sumsAVX2", "sums *[5][4]uint64, m *byte, groups int, power *[9][4]uint64", 26, func() {}, func() {
		s.multiply()
		s.add()
		s.carry()
		s.line("ADDQ $64, SI")
	}, func() {
		for i := range limbs {
			s.line("VMOVDQU Y%d, %d(DI)", i, 32*i)
		}
	})
	s.sums("sumsIFMA", "sums *[3][8]uint64, m *byte, groups int, power *[5]uint64", 44, func() {
		for i := range 2*limbs44 - 1 {
			s.line("VPBROADCASTQ %d(DX), Z%d", 8*i, power+i)
		}
	}, func() {
		s.load44()
		s.multiply44()
		s.carry44()
		s.line("ADDQ $128, SI")
	}, func() {
		for i := range limbs44 {
			s.line("VMOVDQU64 Z%d, %d(DI)", i, 64*i)
		}
	})
}

// Registers of both functions; the sums begin with 0.
const (
	pad  = 14 // the bit behind each block
	mask = 15 // the bits of a limb
)

// sums is a function whose limbs have so many bits: what comes before, for each
// group and behind.
func (s *source) sums(name, args string, bits int, before, group, behind func()) {
	s.WriteString("\n")
	for i, value := range []uint64{1<<bits - 1, 1 << (128 % bits)} {
		fmt.Fprintf(s, "DATA limb%d<>+%d(SB)/8, $%#x\n", bits, 8*i, value)
	}
	fmt.Fprintf(s, "GLOBL limb%d<>(SB), NOPTR|RODATA, $16\n", bits)
	s.head(name, 0, args, "DI", "SI", "CX", "DX")
	vector := map[int]string{26: "Y", 44: "Z"}[bits]
	s.line("VPBROADCASTQ limb%d<>+0(SB), %s%d", bits, vector, mask)
	s.line("VPBROADCASTQ limb%d<>+8(SB), %s%d", bits, vector, pad)
	for i := range limbs {
		s.line("VPXOR Y%d, Y%d, Y%d", i, i, i)
	}
	before()
	s.label("group")
	group()
	s.line("DECQ CX")
	s.line("JNZ group")
	behind()
	s.tail()
}

// With AVX2 there are four sums, of five limbs with 26 bits.
const (
	limbs   = 5
	product = 5  // the products of the sums
	free    = 10 // for the work
)

// multiply makes the products. What is behind limb 4 counts five times from limb
// 0 on, since 2^130 is 5: those multiples of the power follow it.
func (s *source) multiply() {
	for i := range limbs {
		for k := range limbs {
			at := k - i
			if at < 0 {
				at += 2*limbs - 1
			}
			if i == 0 {
				s.line("VPMULUDQ %d(DX), Y%d, Y%d", 32*at, i, product+k)
			} else {
				s.line("VPMULUDQ %d(DX), Y%d, Y%d", 32*at, i, free+k%4)
				s.line("VPADDQ Y%d, Y%d, Y%d", free+k%4, product+k, product+k)
			}
		}
	}
}

// add adds the next blocks, which come in the order 0, 2, 1, 3.
func (s *source) add() {
	const low, high, limb, more = free, free + 1, free + 2, free + 3
	s.line("VMOVDQU 0(SI), Y%d", limb)
	s.line("VMOVDQU 32(SI), Y%d", more)
	s.line("VPUNPCKLQDQ Y%d, Y%d, Y%d", more, limb, low)
	s.line("VPUNPCKHQDQ Y%d, Y%d, Y%d", more, limb, high)
	sum := func(k int) { s.line("VPADDQ Y%d, Y%d, Y%d", limb, product+k, product+k) }

	s.line("VPAND Y%d, Y%d, Y%d", mask, low, limb)
	sum(0)
	s.line("VPSRLQ $26, Y%d, Y%d", low, limb)
	s.line("VPAND Y%d, Y%d, Y%d", mask, limb, limb)
	sum(1)
	s.line("VPSRLQ $52, Y%d, Y%d", low, limb)
	s.line("VPSLLQ $12, Y%d, Y%d", high, more)
	s.line("VPOR Y%d, Y%d, Y%d", more, limb, limb)
	s.line("VPAND Y%d, Y%d, Y%d", mask, limb, limb)
	sum(2)
	s.line("VPSRLQ $14, Y%d, Y%d", high, limb)
	s.line("VPAND Y%d, Y%d, Y%d", mask, limb, limb)
	sum(3)
	s.line("VPSRLQ $40, Y%d, Y%d", high, limb)
	s.line("VPOR Y%d, Y%d, Y%d", pad, limb, limb)
	sum(4)
}

// carry makes the sums of the products: what a limb has beyond 26 bits goes to the
// next, in two chains side by side. A product is below 2^58, and the limbs of a sum
// end below 2^26 + 2^10.
func (s *source) carry() {
	excess := func(k int) int { return free + k%4 }
	beyond := func(k int) { s.line("VPSRLQ $26, Y%d, Y%d", product+k, excess(k)) }
	keep := func(k, to int) { s.line("VPAND Y%d, Y%d, Y%d", mask, product+k, to) }
	pass := func(k, to int) {
		next := product + (k+1)%limbs
		s.line("VPADDQ Y%d, Y%d, Y%d", excess(k), next, to)
	}
	stay := func(k int) int { return product + k }

	beyond(3)
	beyond(0)
	keep(3, stay(3))
	keep(0, stay(0))
	pass(3, stay(4))
	pass(0, stay(1))

	beyond(4)
	beyond(1)
	keep(4, stay(4))
	keep(1, stay(1))
	pass(4, stay(0))
	s.line("VPSLLQ $2, Y%d, Y%d", excess(4), excess(4))
	pass(4, stay(0))
	pass(1, stay(2))

	beyond(2)
	beyond(0)
	keep(2, 2)
	keep(0, 0)
	pass(2, stay(3))
	pass(0, 1)

	beyond(3)
	keep(3, 3)
	pass(3, 4)
}

// With AVX-512 IFMA there are eight sums, of three limbs with 44 bits. A product of
// two limbs comes in two parts of 52 bits.
const (
	limbs44 = 3
	low     = 5  // the products, low parts
	high    = 8  // and high ones
	free44  = 11 // for the work
	power   = 16
)

// load44 makes limbs of the next blocks, which come in the order 0, 4, 1, 5, 2, 6,
// 3, 7, where the products will be added.
func (s *source) load44() {
	s.line("VMOVDQU64 0(SI), Z%d", free44)
	s.line("VMOVDQU64 64(SI), Z%d", free44+1)
	s.line("VPUNPCKLQDQ Z%d, Z%d, Z%d", free44+1, free44, low)
	s.line("VPUNPCKHQDQ Z%d, Z%d, Z%d", free44+1, free44, low+2)
	s.line("VPSRLQ $44, Z%d, Z%d", low, low+1)
	s.line("VPSLLQ $20, Z%d, Z%d", low+2, free44)
	s.line("VPORQ Z%d, Z%d, Z%d", free44, low+1, low+1)
	s.line("VPSRLQ $24, Z%d, Z%d", low+2, low+2)
	s.line("VPANDQ Z%d, Z%d, Z%d", mask, low, low)
	s.line("VPANDQ Z%d, Z%d, Z%d", mask, low+1, low+1)
	s.line("VPORQ Z%d, Z%d, Z%d", pad, low+2, low+2)
}

// multiply44 adds the products. What is behind limb 2 counts 20 times from limb 0
// on, since 2^132 is 20: those multiples of the power follow it.
func (s *source) multiply44() {
	for k := range limbs44 {
		s.line("VPXORQ Z%d, Z%d, Z%d", high+k, high+k, high+k)
	}
	for _, i := range [limbs44]int{1, 2, 0} { // the last is known last
		for k := range limbs44 {
			at := k - i
			if at < 0 {
				at += 2*limbs44 - 1
			}
			s.line("VPMADD52LUQ Z%d, Z%d, Z%d", power+at, i, low+k)
			s.line("VPMADD52HUQ Z%d, Z%d, Z%d", power+at, i, high+k)
		}
	}
}

// carry44 makes the sums of the products. A high part counts 2^8 in the next limb.
// It is below 2^42, a low one below 2^54, and the limbs of a sum end below 2^44 +
// 2^17.
func (s *source) carry44() {
	shifted := func(shift string, n, from, to int) {
		s.line("%s $%d, Z%d, Z%d", shift, n, from, free44)
		s.line("VPADDQ Z%d, Z%d, Z%d", free44, to, to)
	}
	shifted("VPSLLQ", 12, high+2, low) // 20 times 2^8
	shifted("VPSLLQ", 10, high+2, low)
	shifted("VPSLLQ", 8, high, low+1)
	shifted("VPSLLQ", 8, high+1, low+2)
	for k := range limbs44 {
		s.line("VPANDQ Z%d, Z%d, Z%d", mask, low+k, k)
		if k < limbs44-1 {
			shifted("VPSRLQ", 44, low+k, low+k+1)
		}
	}
	s.line("VPSRLQ $44, Z%d, Z%d", low+2, low+2)
	shifted("VPSLLQ", 4, low+2, 0)
	shifted("VPSLLQ", 2, low+2, 0)
}
