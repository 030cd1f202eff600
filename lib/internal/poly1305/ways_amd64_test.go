//go:build !purego

package poly1305

// ways are those there are on this machine.
func ways() map[string]way {
	w := map[string]way{"sum": Sum}
	if hasAVX2 {
		w["avx2"] = sumAVX2
	}
	if hasIFMA {
		w["ifma"] = sumIFMA
	}
	return w
}
