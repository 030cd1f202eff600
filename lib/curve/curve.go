// Package curve makes and checks the key pairs of CURVE (ZeroMQ RFC 25 and 26),
// and reads and writes their files.
//
//	Generate, Public, Verify   pairs                          curve.go
//	ParseKeys                  keys in every format           entry.go, zpl.go
//	AppendCertificate          certificates as CZMQ's         certificate.go
//	Load, LoadPair             files, secrets only if private file.go
//	LoadAllowed                allow-lists: a file, or a directory of certificates
//
// A key is 32 bytes, written as 40 characters of Z85. The public key is the
// secret key times the base point of Curve25519 (RFC 7748, X25519), so a pair can
// be derived from its secret half and checked at any time.
package curve

import (
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"ztools/lib/z85"
)

// KeySize is the length of a key in bytes; TextSize that of its Z85 text.
const (
	KeySize  = 32
	TextSize = 40
)

// The errors of ParseKey, Pair.Verify and Entry.Verify.
var (
	ErrText    = errors.New("a CURVE key is 40 characters of Z85")
	ErrPair    = errors.New("the public key does not belong to the secret key")
	ErrZero    = errors.New("the key is all zeros")
	ErrSwapped = errors.New("public and secret key are swapped")
)

// Key is the public or the secret half of a pair.
type Key [KeySize]byte

// ParseKey is the key that 40 characters of Z85 stand for; the error is ErrText.
// It never repeats the text, which may be a secret.
func ParseKey[T string | []byte](text T) (Key, error) {
	if len(text) != TextSize {
		return Key{}, ErrText
	}
	raw, err := z85.Decode(text)
	if err != nil {
		return Key{}, ErrText
	}
	defer clear(raw)
	return Key(raw), nil
}

// Text is the key as 40 characters of Z85.
func (k Key) Text() string {
	text, _ := z85.Encode(k[:]) // 32 is a multiple of four
	return text
}

// Format prints no key, whatever the verb: it may be a secret one. Text does.
func (Key) Format(s fmt.State, _ rune) { io.WriteString(s, "CURVE key") }

// Wipe overwrites the key. Copies that were made of it, as by Text, stay.
func (k *Key) Wipe() { clear(k[:]) }

// Pair is a secret key with its public key.
type Pair struct{ Public, Secret Key }

// String names the pair by its public key, so that a pair in a log is no leak.
func (p Pair) String() string { return "CURVE pair with the public key " + p.Public.Text() }

// GoString is String.
func (p Pair) GoString() string { return p.String() }

// Wipe overwrites the secret key.
func (p *Pair) Wipe() { p.Secret.Wipe() }

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

// Verify checks that the public key belongs to the secret key (ErrPair,
// ErrSwapped) and that neither is zero (ErrZero).
func (p Pair) Verify() error {
	switch {
	case p.Public == Key{} || p.Secret == Key{}:
		return ErrZero
	case Public(p.Secret) == p.Public:
		return nil
	case Public(p.Public) == p.Secret:
		return ErrSwapped
	}
	return ErrPair
}
