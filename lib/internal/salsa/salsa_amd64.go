//go:build !purego

package salsa

import "golang.org/x/sys/cpu"

//go:noescape
func blocksAVX2(out *[Width * BlockSize]byte, l *Lanes, key *[32]byte)

//go:noescape
func blocksAVX512(out *[Width * BlockSize]byte, l *Lanes, key *[32]byte)

// What the processor can do.
var (
	hasAVX2   = cpu.X86.HasAVX2
	hasAVX512 = cpu.X86.HasAVX512F && cpu.X86.HasAVX512VL
)

func blocks(out *[Width * BlockSize]byte, l *Lanes, key *[32]byte) {
	switch {
	case hasAVX512:
		blocksAVX512(out, l, key)
	case hasAVX2:
		blocksAVX2(out, l, key)
	default:
		blocksGeneric(out, l, key)
	}
}
