package security

import (
	"crypto/ecdh"
	"crypto/rand"

	"golang.org/x/crypto/nacl/secretbox"
	"golang.org/x/crypto/salsa20/salsa" //lint:ignore SA1019 the box of NaCl is made of it
)

// boxOverhead is how many bytes a box is longer than what is in it.
const boxOverhead = secretbox.Overhead

// boxKey is a key that two sides share, or one side's own: the key of NaCl's
// crypto_box_afternm and crypto_secretbox.
type boxKey [keySize]byte

// newKey makes a key for one connection.
func newKey() *ecdh.PrivateKey {
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		panic("security: " + err.Error()) // the random source never fails
	}
	return key
}

// agree is the key that two sides have in common, NaCl's crypto_box_beforenm. An
// error says that the public key gives the same with every secret one.
func agree(secret *ecdh.PrivateKey, public *ecdh.PublicKey) (key boxKey, err error) {
	shared, err := secret.ECDH(public)
	if err != nil {
		return key, err
	}
	key = boxKey(shared)
	clear(shared)
	return key.derive([16]byte{}), nil
}

// derive is the key for 16 bytes of a nonce (HSalsa20).
func (k *boxKey) derive(nonce [16]byte) (key boxKey) {
	salsa.HSalsa20((*[keySize]byte)(&key), &nonce, (*[keySize]byte)(k), &salsa.Sigma)
	return key
}

// seal appends the box with plain in it to dst. prefix and number make up the 24
// bytes of the nonce; number may be a part of dst.
func (k *boxKey) seal(dst []byte, prefix string, number, plain []byte) []byte {
	nonce := boxNonce(prefix, number)
	return secretbox.Seal(dst, plain, &nonce, (*[keySize]byte)(k))
}

// open is what is in a box.
func (k *boxKey) open(prefix string, number, box []byte) (plain []byte, ok bool) {
	nonce := boxNonce(prefix, number)
	return secretbox.Open(nil, box, &nonce, (*[keySize]byte)(k))
}

func boxNonce(prefix string, number []byte) (nonce [24]byte) {
	copy(nonce[copy(nonce[:], prefix):], number)
	return nonce
}
