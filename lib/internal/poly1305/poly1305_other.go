//go:build !amd64 || purego

package poly1305

func sum(*[Size]byte, []byte, *[32]byte) bool { return false }
