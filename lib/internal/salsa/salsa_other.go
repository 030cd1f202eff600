//go:build !amd64 || purego

package salsa

func xor(dst, src *byte, groups int, l *Lanes, key *[32]byte) {
	xorGeneric(dst, src, groups, l, key)
}
