// Package curve makes and checks the key pairs of CURVE (ZeroMQ RFC 25 and 26).
//
// A key is 32 bytes, written as 40 characters of Z85. The public key is the
// secret key times the base point of Curve25519 (RFC 7748, X25519), so a pair can
// be derived from its secret half and checked at any time.
package curve

import (
	"crypto/ecdh"
	"crypto/rand"
	"errors"

	"ztools/lib/z85"
)

// KeySize is the length of a key in bytes; TextSize that of its Z85 text.
const (
	KeySize  = 32
	TextSize = 40
)

// The errors of ParseKey and Pair.Verify.
var (
	ErrText = errors.New("curve: a key is 40 characters of Z85")
	ErrPair = errors.New("curve: the public key does not belong to the secret key")
)

// Key is the public or the secret half of a pair.
type Key [KeySize]byte

// ParseKey is the key that 40 characters of Z85 stand for; the error is ErrText.
// It never repeats the text, which may be a secret.
func ParseKey(text string) (Key, error) {
	raw, err := z85.Decode(text)
	if err != nil || len(raw) != KeySize {
		return Key{}, ErrText
	}
	return Key(raw), nil
}

// Text is the key as 40 characters of Z85.
func (k Key) Text() string {
	text, _ := z85.Encode(k[:]) // 32 is a multiple of four
	return text
}

// Pair is a secret key with its public key.
type Pair struct{ Public, Secret Key }

// Generate makes a pair from the system's random source, as zmq_curve_keypair(3).
func Generate() Pair {
	var secret Key
	rand.Read(secret[:]) // never fails: crypto/rand ends the program instead
	return Pair{Public(secret), secret}
}

// Public is the public key that belongs to secret, as zmq_curve_public(3).
func Public(secret Key) Key {
	// Neither call can fail: the length is right, and X25519 takes any 32 bytes.
	private, err := ecdh.X25519().NewPrivateKey(secret[:])
	if err != nil {
		panic("curve: " + err.Error())
	}
	return Key(private.PublicKey().Bytes())
}

// Verify checks that the public key belongs to the secret key; the error is
// ErrPair.
func (p Pair) Verify() error {
	if Public(p.Secret) != p.Public {
		return ErrPair
	}
	return nil
}
