//go:build !amd64 || purego

package salsa

func blocks(out *[Width * BlockSize]byte, l *Lanes, key *[32]byte) { blocksGeneric(out, l, key) }
