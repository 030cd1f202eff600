// Command salsa writes lib/internal/salsa/salsa_amd64.s, the blocks of Salsa20
// eight at a time:
//
//	go generate ./lib/internal/salsa
//
// A vector register holds the same word of all eight blocks. With AVX2 the state
// lives in memory, since its 16 words leave no registers for the work; with
// AVX-512VL there are 32 registers and a rotation is one instruction.
package main

import (
	"fmt"
	"os"
	"strings"
)

// The quarter rounds of a column round and of a row round, as the words they
// work on.
var (
	columns = [4][4]int{{0, 4, 8, 12}, {5, 9, 13, 1}, {10, 14, 2, 6}, {15, 3, 7, 11}}
	rows    = [4][4]int{{0, 1, 2, 3}, {5, 6, 7, 4}, {10, 11, 8, 9}, {15, 12, 13, 14}}
)

// steps are those of a quarter round: the word that changes, the two that are
// added, and by how much the sum is rotated.
var steps = [4][4]int{{1, 0, 3, 7}, {2, 1, 0, 9}, {3, 2, 1, 13}, {0, 3, 2, 18}}

// source is an assembly file in the making.
type source struct{ strings.Builder }

func (s *source) line(format string, args ...any) { fmt.Fprintf(s, "\t"+format+"\n", args...) }

func main() {
	if err := os.WriteFile("salsa_amd64.s", []byte(assembly()), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// assembly is the whole file.
func assembly() string {
	var s source
	s.WriteString("// Written by scripts/salsa. DO NOT EDIT.\n\n//go:build !purego\n\n#include \"textflag.h\"\n\n")
	for i, word := range []string{"0x61707865", "0x3320646e", "0x79622d32", "0x6b206574"} {
		fmt.Fprintf(&s, "DATA sigma<>+%d(SB)/4, $%s\n", 4*i, word)
	}
	s.WriteString("GLOBL sigma<>(SB), NOPTR|RODATA, $16\n")
	s.avx2()
	s.avx512()
	return s.String()
}

// head begins a function.
func (s *source) head(name string, frame int) {
	fmt.Fprintf(s, "\n// func %s(out *[512]byte, l *Lanes, key *[32]byte)\n", name)
	fmt.Fprintf(s, "TEXT ·%s(SB), 0, $%d-24\n", name, frame)
	s.line("MOVQ out+0(FP), DI")
	s.line("MOVQ l+8(FP), SI")
	s.line("MOVQ key+16(FP), DX")
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
		s.line("%s %d(SI), Y%d", move, 32*(i-6), reg)
	}
}

// loop repeats body ten times.
func (s *source) loop(label string, body func()) {
	s.line("MOVQ $10, CX")
	fmt.Fprintf(s, "\n%s:\n", label)
	body()
	s.line("DECQ CX")
	s.line("JNZ %s", label)
}

func (s *source) avx2() {
	s.head("blocksAVX2", 512)
	for i := range 16 {
		s.first(i, i%4, "VMOVDQU")
		s.line("VMOVDQU Y%d, %d(SP)", i%4, 32*i)
	}
	s.loop("rounds2", func() {
		for _, round := range [2][4][4]int{columns, rows} {
			s.quartersAVX2(round[0], round[1])
			s.quartersAVX2(round[2], round[3])
		}
	})
	for half := range 2 {
		for i := range 8 {
			s.line("VMOVDQU %d(SP), Y%d", 32*(8*half+i), i)
			s.first(8*half+i, 8, "VMOVDQU")
			s.line("VPADDD Y8, Y%d, Y%d", i, i)
		}
		s.transpose(0, 8)
		for i := range 4 {
			s.line("VPERM2I128 $0x20, Y%d, Y%d, Y%d", 4+i, i, 8)
			s.line("VPERM2I128 $0x31, Y%d, Y%d, Y%d", 4+i, i, 9)
			s.line("VMOVDQU Y8, %d(DI)", 64*i+32*half)
			s.line("VMOVDQU Y9, %d(DI)", 64*(4+i)+32*half)
		}
	}
	s.line("VZEROUPPER")
	s.line("RET")
}

// quartersAVX2 does two quarter rounds, mixed so that none waits for itself.
func (s *source) quartersAVX2(words ...[4]int) {
	for q, w := range words {
		for k := range 4 {
			s.line("VMOVDQU %d(SP), Y%d", 32*w[k], 4*q+k)
		}
	}
	each := func(do func(reg, sum, left int)) {
		for q := range words {
			do(4*q, 8+2*q, 9+2*q)
		}
	}
	for _, step := range steps {
		each(func(reg, sum, _ int) { s.line("VPADDD Y%d, Y%d, Y%d", reg+step[1], reg+step[2], sum) })
		each(func(_, sum, left int) { s.line("VPSLLD $%d, Y%d, Y%d", step[3], sum, left) })
		each(func(_, sum, _ int) { s.line("VPSRLD $%d, Y%d, Y%d", 32-step[3], sum, sum) })
		each(func(reg, _, left int) { s.line("VPXOR Y%d, Y%d, Y%d", left, reg+step[0], reg+step[0]) })
		each(func(reg, sum, _ int) { s.line("VPXOR Y%d, Y%d, Y%d", sum, reg+step[0], reg+step[0]) })
	}
	for q, w := range words {
		for k := range 4 {
			s.line("VMOVDQU Y%d, %d(SP)", 4*q+k, 32*w[k])
		}
	}
}

func (s *source) avx512() {
	s.head("blocksAVX512", 0)
	for i := range 16 {
		s.first(i, i, "VMOVDQU")
	}
	s.loop("rounds5", func() {
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
			s.line("VMOVDQU32 Y%d, %d(DI)", 16+2*i, 64*i+32*half)
			s.line("VMOVDQU32 Y%d, %d(DI)", 17+2*i, 64*(4+i)+32*half)
		}
	}
	s.line("VZEROUPPER")
	s.line("RET")
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
