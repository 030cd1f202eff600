//go:build !purego

package salsa

// ways are those there are on this machine.
func ways() map[string]way {
	w := map[string]way{"generic": xorGeneric}
	if hasAVX2 {
		w["avx2"] = xorAVX2
	}
	if hasAVX512 {
		w["avx512"] = xorAVX512
	}
	return w
}
