package main

import (
	"fmt"
	"strings"
)

// The blocks of Salsa20, eight at a time. A vector register holds the same word of
// all eight. With AVX2 two of the 16 words live in memory, for the work needs two of
// the 16 registers; with AVX-512VL there are 32, and a rotation is one instruction.

// The quarter rounds of a column round and of a row round, as the words they
// work on.
var (
	columns = [4][4]int{{0, 4, 8, 12}, {5, 9, 13, 1}, {10, 14, 2, 6}, {15, 3, 7, 11}}
	rows    = [4][4]int{{0, 1, 2, 3}, {5, 6, 7, 4}, {10, 11, 8, 9}, {15, 12, 13, 14}}
)

// steps are those of a quarter round: the word that changes, the two that are
// added, and by how much the sum is rotated.
var steps = [4][4]int{{1, 0, 3, 7}, {2, 1, 0, 9}, {3, 2, 1, 13}, {0, 3, 2, 18}}

// salsa is the file of the package of that name.
func (s *source) salsa() {
	s.WriteString("\n")
	for i, word := range []string{"0x61707865", "0x3320646e", "0x79622d32", "0x6b206574"} {
		s.word("sigma", 4*i, word)
	}
	s.word("step", 0, "8")
	s.word("step", 4, "7")
	s.WriteString("GLOBL sigma<>(SB), NOPTR|RODATA, $16\nGLOBL step<>(SB), NOPTR|RODATA, $8\n")
	s.salsaAVX2()
	s.salsaAVX512()
}

func (s *source) word(table string, at int, value string) {
	fmt.Fprintf(s, "DATA %s<>+%d(SB)/4, $%s\n", table, at, value)
}

// groups is a function that makes groups of eight blocks, with body for each.
func (s *source) groups(name string, frame int, body func()) {
	s.head(name, frame, "dst *byte, src *byte, groups int, l *Lanes, key *[32]byte", "DI", "SI", "R8", "R9", "DX")
	if frame > 0 { // no line of the cache shall be crossed
		s.line("LEAQ 31(SP), R10")
		s.line("ANDQ $~31, R10")
	}
	s.label("group")
	body()
	s.advance()
	s.line("ADDQ $512, DI")
	s.line("ADDQ $512, SI")
	s.line("DECQ R8")
	s.line("JNZ group")
	s.tail()
}

// advance counts all numbers up by eight: the low word has turned over if it is
// at most 7 afterwards.
func (s *source) advance() {
	s.line("VMOVDQU 64(R9), Y0")
	s.line("VMOVDQU 96(R9), Y1")
	s.line("VPBROADCASTD step<>+0(SB), Y2")
	s.line("VPBROADCASTD step<>+4(SB), Y3")
	s.line("VPADDD Y2, Y0, Y0")
	s.line("VPMINUD Y3, Y0, Y3")
	s.line("VPCMPEQD Y3, Y0, Y3")
	s.line("VPSUBD Y3, Y1, Y1")
	s.line("VMOVDQU Y0, 64(R9)")
	s.line("VMOVDQU Y1, 96(R9)")
}

// first loads word i of the state as it is before the rounds.
func (s *source) first(i, reg int, move string) {
	switch {
	case i%5 == 0:
		s.line("VPBROADCASTD sigma<>+%d(SB), Y%d", i/5*4, reg)
	case i < 5:
		s.line("VPBROADCASTD %d(DX), Y%d", 4*(i-1), reg)
	case i > 10:
		s.line("VPBROADCASTD %d(DX), Y%d", 4*(i-7), reg)
	default:
		s.line("%s %d(R9), Y%d", move, 32*(i-6), reg)
	}
}

// loop repeats body ten times.
func (s *source) loop(label string, body func()) {
	s.line("MOVQ $10, CX")
	s.label(label)
	body()
	s.line("DECQ CX")
	s.line("JNZ %s", label)
}

// inMemory are the two words, of which no quarter round has both.
var inMemory = [2]int{8, 13}

// place is where word i is with AVX2. Words 14 and 15 have the registers of those
// two.
func place(i int) string {
	switch i {
	case inMemory[0], inMemory[1]:
		return slot(i)
	case 14, 15:
		i = inMemory[i-14]
	}
	return fmt.Sprintf("Y%d", i)
}

func slot(i int) string { return fmt.Sprintf("%d(R10)", 32*i) }

func (s *source) salsaAVX2() {
	s.groups("xorAVX2", 512+32, func() {
		for i := range 16 {
			s.first(i, 15, "VMOVDQU")
			s.line("VMOVDQU Y15, %s", place(i))
		}
		s.loop("rounds", func() {
			for _, round := range [2][4][4]int{columns, rows} {
				for _, step := range steps {
					for _, w := range round {
						s.stepAVX2(place(w[step[0]]), place(w[step[1]]), place(w[step[2]]), step[3])
					}
				}
			}
		})
		for i := range 16 {
			if place(i) != slot(i) {
				s.line("VMOVDQU %s, %s", place(i), slot(i))
			}
		}
		for half := range 2 {
			for i := range 8 {
				s.line("VMOVDQU %s, Y%d", slot(8*half+i), i)
				s.first(8*half+i, 8, "VMOVDQU")
				s.line("VPADDD Y8, Y%d, Y%d", i, i)
			}
			s.transpose(0, 8)
			for i := range 4 {
				s.line("VPERM2I128 $0x20, Y%d, Y%d, Y%d", 4+i, i, 8)
				s.line("VPERM2I128 $0x31, Y%d, Y%d, Y%d", 4+i, i, 9)
				s.out("VPXOR", "VMOVDQU", 8, 64*i+32*half)
				s.out("VPXOR", "VMOVDQU", 9, 64*(4+i)+32*half)
			}
		}
	})
}

// stepAVX2 changes word x by the sum of a and b.
func (s *source) stepAVX2(x, a, b string, rotation int) {
	const sum, left = "Y14", "Y15"
	if strings.Contains(b, "(") {
		a, b = b, a // only the first may be in memory
	}
	s.line("VPADDD %s, %s, %s", a, b, sum)
	s.line("VPSLLD $%d, %s, %s", rotation, sum, left)
	s.line("VPSRLD $%d, %s, %s", 32-rotation, sum, sum)
	s.line("VPXOR %s, %s, %s", x, left, left)
	if strings.Contains(x, "(") {
		s.line("VPXOR %s, %s, %s", sum, left, left)
		s.line("VMOVDQU %s, %s", left, x)
	} else {
		s.line("VPXOR %s, %s, %s", sum, left, x)
	}
}

// out writes 32 bytes of the key stream, added to the input.
func (s *source) out(xor, move string, reg, at int) {
	s.line("%s %d(SI), Y%d, Y%d", xor, at, reg, reg)
	s.line("%s Y%d, %d(DI)", move, reg, at)
}

func (s *source) salsaAVX512() {
	s.groups("xorAVX512", 0, func() {
		for i := range 16 {
			s.first(i, i, "VMOVDQU")
		}
		s.loop("rounds", func() {
			for _, round := range [2][4][4]int{columns, rows} {
				for _, step := range steps {
					for q, w := range round {
						s.line("VPADDD Y%d, Y%d, Y%d", w[step[1]], w[step[2]], 16+q)
					}
					for q := range round {
						s.line("VPROLD $%d, Y%d, Y%d", step[3], 16+q, 16+q)
					}
					for q, w := range round {
						s.line("VPXORD Y%d, Y%d, Y%d", 16+q, w[step[0]], w[step[0]])
					}
				}
			}
		})
		for half := range 2 {
			for i := range 8 {
				s.first(8*half+i, 16+i, "VMOVDQU32")
			}
			for i := range 8 {
				s.line("VPADDD Y%d, Y%d, Y%d", 16+i, 8*half+i, 8*half+i)
			}
			s.transpose(8*half, 16)
			for i := range 4 {
				s.line("VSHUFI32X4 $0, Y%d, Y%d, Y%d", 8*half+4+i, 8*half+i, 16+2*i)
				s.line("VSHUFI32X4 $3, Y%d, Y%d, Y%d", 8*half+4+i, 8*half+i, 17+2*i)
			}
			for i := range 4 {
				s.out("VPXORD", "VMOVDQU32", 16+2*i, 64*i+32*half)
				s.out("VPXORD", "VMOVDQU32", 17+2*i, 64*(4+i)+32*half)
			}
		}
	})
}

// transpose turns eight words of eight blocks in the registers from base on into
// pieces of 16 bytes of a block: those of blocks i and 4+i end in register
// base+i, the first 16 bytes of both, and base+4+i, the second. It uses the
// eight registers from free on.
func (s *source) transpose(base, free int) {
	for i := range 4 {
		s.line("VPUNPCKLDQ Y%d, Y%d, Y%d", base+2*i+1, base+2*i, free+2*i)
		s.line("VPUNPCKHDQ Y%d, Y%d, Y%d", base+2*i+1, base+2*i, free+2*i+1)
	}
	for i := range 2 {
		for k := range 2 {
			s.line("VPUNPCKLQDQ Y%d, Y%d, Y%d", free+4*i+2+k, free+4*i+k, base+4*i+2*k)
			s.line("VPUNPCKHQDQ Y%d, Y%d, Y%d", free+4*i+2+k, free+4*i+k, base+4*i+2*k+1)
		}
	}
}
