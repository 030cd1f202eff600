//go:build !amd64 || purego

package salsa

// ways are those there are on this machine.
func ways() map[string]way {
	return map[string]way{"generic": xorGeneric}
}
