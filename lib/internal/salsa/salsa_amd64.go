//go:build !purego

package salsa

import "golang.org/x/sys/cpu"

//go:noescape
func xorAVX2(dst, src *byte, groups int, l *Lanes, key *[32]byte)

//go:noescape
func xorAVX512(dst, src *byte, groups int, l *Lanes, key *[32]byte)

// What the processor can do.
var (
	hasAVX2   = cpu.X86.HasAVX2
	hasAVX512 = cpu.X86.HasAVX512F && cpu.X86.HasAVX512VL
)

func xor(dst, src *byte, groups int, l *Lanes, key *[32]byte) {
	switch {
	case hasAVX512:
		xorAVX512(dst, src, groups, l, key)
	case hasAVX2:
		xorAVX2(dst, src, groups, l, key)
	default:
		xorGeneric(dst, src, groups, l, key)
	}
}
