// Package poly1305 is the authenticator of that name, several blocks at a time. It
// gives what golang.org/x/crypto/poly1305 gives, and is there because that takes
// one block after the other: libsodium does not, and is faster on large messages.
package poly1305

//go:generate go run ztools/scripts/assembly poly1305

import "golang.org/x/crypto/poly1305" //lint:ignore SA1019 the box of NaCl is made of it

// Size is the size of an authenticator in bytes.
const Size = poly1305.TagSize

const blockSize = 16 // in bytes

// Sum writes the authenticator of m to out. Its key must not be used for another.
func Sum(out *[Size]byte, m []byte, key *[32]byte) {
	if !sum(out, m, key) {
		poly1305.Sum(out, m, key)
	}
}
