//go:build !amd64 || purego

package poly1305

// ways are those there are on this machine.
func ways() map[string]way { return map[string]way{"sum": Sum} }
