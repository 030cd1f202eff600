//go:build !purego

package salsa

// ways are those to make blocks on this machine.
func ways() map[string]func(*[Width * BlockSize]byte, *Lanes, *[32]byte) {
	w := map[string]func(*[Width * BlockSize]byte, *Lanes, *[32]byte){"generic": blocksGeneric}
	if hasAVX2 {
		w["avx2"] = blocksAVX2
	}
	if hasAVX512 {
		w["avx512"] = blocksAVX512
	}
	return w
}
