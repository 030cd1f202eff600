//go:build !amd64 || purego

package salsa

// ways are those to make blocks on this machine.
func ways() map[string]func(*[Width * BlockSize]byte, *Lanes, *[32]byte) {
	return map[string]func(*[Width * BlockSize]byte, *Lanes, *[32]byte){"generic": blocksGeneric}
}
