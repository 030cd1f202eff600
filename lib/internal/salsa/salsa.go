// Package salsa is the key stream of Salsa20, many blocks at a time. It gives
// what golang.org/x/crypto/salsa20/salsa gives, and is there because that has no
// way with AVX2: libsodium has one, and is twice as fast on large messages.
package salsa

//go:generate go run ztools/scripts/assembly salsa

import (
	"crypto/subtle"
	"encoding/binary"
	"unsafe"

	"golang.org/x/crypto/salsa20/salsa" //lint:ignore SA1019 the box of NaCl is made of it
)

const (
	// BlockSize is the size of a block in bytes.
	BlockSize = 64
	// Width is how many blocks are made at a time.
	Width = 8
)

// Lanes says which blocks to make: for each its nonce, 8 bytes, and its number
// in the stream of that nonce, each as two words of the cipher.
type Lanes struct {
	nonce, number [2][Width]uint32
}

// Set chooses block i. The nonce is as it stands in a message.
func (l *Lanes) Set(i int, nonce [8]byte, number uint64) {
	l.nonce[0][i] = binary.LittleEndian.Uint32(nonce[:4])
	l.nonce[1][i] = binary.LittleEndian.Uint32(nonce[4:])
	l.number[0][i], l.number[1][i] = uint32(number), uint32(number>>32)
}

// groupSize is the size of Width blocks in bytes.
const groupSize = Width * BlockSize

// Blocks writes the blocks of l to out. Then l has the numbers behind them, each
// Width higher.
func Blocks(out *[groupSize]byte, l *Lanes, key *[32]byte) {
	clear(out[:])
	xor(&out[0], &out[0], 1, l, key)
}

// xorGeneric makes the blocks one by one: so many groups, each of the blocks of l
// and with numbers Width higher than the one before.
func xorGeneric(dst, src *byte, groups int, l *Lanes, key *[32]byte) {
	to, from := unsafe.Slice(dst, groups*groupSize), unsafe.Slice(src, groups*groupSize)
	for range groups {
		for i := range Width {
			var counter [16]byte
			binary.LittleEndian.PutUint32(counter[0:], l.nonce[0][i])
			binary.LittleEndian.PutUint32(counter[4:], l.nonce[1][i])
			number := uint64(l.number[1][i])<<32 | uint64(l.number[0][i])
			binary.LittleEndian.PutUint64(counter[8:], number)
			salsa.XORKeyStream(to[:BlockSize], from[:BlockSize], &counter, key)
			to, from = to[BlockSize:], from[BlockSize:]
			number += Width
			l.number[0][i], l.number[1][i] = uint32(number), uint32(number>>32)
		}
	}
}

// few is the length up to which making eight blocks would take longer.
const few = 2 * BlockSize

// XOR encrypts or decrypts src with the blocks of nonce from that number on and
// writes as many bytes to dst, which is src itself or shares nothing with it.
func XOR(dst, src []byte, nonce [8]byte, number uint64, key *[32]byte) {
	dst = dst[:len(src)]
	if len(src) > few {
		var l Lanes
		for i := range Width {
			l.Set(i, nonce, number+uint64(i))
		}
		if groups := len(src) / groupSize; groups > 0 {
			xor(&dst[0], &src[0], groups, &l, key)
			dst, src, number = dst[groups*groupSize:], src[groups*groupSize:], number+uint64(groups*Width)
		}
		if len(src) > few {
			var last [groupSize]byte
			xor(&last[0], &last[0], 1, &l, key)
			subtle.XORBytes(dst, src, last[:])
			return
		}
	}
	if len(src) > 0 {
		var counter [16]byte
		copy(counter[:], nonce[:])
		binary.LittleEndian.PutUint64(counter[8:], number)
		salsa.XORKeyStream(dst, src, &counter, key)
	}
}
