package salsa

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"golang.org/x/crypto/salsa20/salsa" //lint:ignore SA1019 the box of NaCl is made of it
)

// plain is what golang.org/x/crypto makes of b.
func plain(b []byte, nonce [8]byte, number uint64, key *[32]byte) []byte {
	b = bytes.Clone(b)
	var counter [16]byte
	copy(counter[:], nonce[:])
	binary.LittleEndian.PutUint64(counter[8:], number)
	salsa.XORKeyStream(b, b, &counter, key)
	return b
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8)
	}
	return b
}

func TestXOR(t *testing.T) {
	key := [32]byte(pattern(32))
	nonce := [8]byte{1, 2, 3, 4, 0xFD, 6, 7, 0xFF}
	for n := range 2100 {
		for _, number := range []uint64{0, 1, math.MaxUint32 - 5, math.MaxUint64 - 40} {
			b := pattern(n)
			want := plain(b, nonce, number, &key)
			XOR(b, b, nonce, number, &key)
			if !bytes.Equal(b, want) {
				t.Fatalf("%d bytes from block %d differ", n, number)
			}
		}
	}
}

// TestBlocks compares every way there is on this machine.
func TestBlocks(t *testing.T) {
	key := [32]byte(pattern(32))
	var l Lanes
	var want, got [Width * BlockSize]byte
	for i := range Width {
		nonce, number := [8]byte{7: byte(i)}, uint64(i)<<30
		l.Set(i, nonce, number)
		copy(want[i*BlockSize:], plain(make([]byte, BlockSize), nonce, number, &key))
	}
	for name, way := range ways() {
		clear(got[:])
		way(&got, &l, &key)
		if got != want {
			t.Errorf("%s: got %x, want %x", name, got, want)
		}
	}
}

func FuzzXOR(f *testing.F) {
	f.Add(pattern(32), uint64(1), uint64(0), pattern(700))
	f.Add(pattern(32), uint64(math.MaxUint64), uint64(math.MaxUint64), pattern(129))
	f.Fuzz(func(t *testing.T, k []byte, n, number uint64, b []byte) {
		var key [32]byte
		copy(key[:], k)
		var nonce [8]byte
		binary.BigEndian.PutUint64(nonce[:], n)
		want := plain(b, nonce, number, &key)
		XOR(b, b, nonce, number, &key)
		if !bytes.Equal(b, want) {
			t.Errorf("got %x, want %x", b, want)
		}
	})
}

// FuzzBlocks compares every way there is on this machine.
func FuzzBlocks(f *testing.F) {
	f.Add(pattern(32), pattern(8*Width), uint64(0))
	f.Add(pattern(32), []byte{}, uint64(math.MaxUint64-3))
	f.Fuzz(func(t *testing.T, k, nonces []byte, number uint64) {
		var key [32]byte
		copy(key[:], k)
		var l Lanes
		for i := range Width {
			var nonce [8]byte
			copy(nonce[:], nonces[min(i*8, len(nonces)):])
			l.Set(i, nonce, number+uint64(i))
		}
		var want, got [Width * BlockSize]byte
		blocksGeneric(&want, &l, &key)
		for name, way := range ways() {
			way(&got, &l, &key)
			if got != want {
				t.Errorf("%s: got %x, want %x", name, got, want)
			}
		}
	})
}

func BenchmarkBlocks(b *testing.B) {
	var out [Width * BlockSize]byte
	for name, way := range ways() {
		b.Run(name, func(b *testing.B) {
			var l Lanes
			var key [32]byte
			b.SetBytes(int64(len(out)))
			for b.Loop() {
				way(&out, &l, &key)
			}
		})
	}
}

func BenchmarkXOR(b *testing.B) {
	for _, n := range []int{65, 129, 193, 257, 1024, 64 << 10} {
		var key [32]byte
		buf := make([]byte, n)
		b.Run(fmt.Sprint("ours/", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			for b.Loop() {
				XOR(buf, buf, [8]byte{}, 1, &key)
			}
		})
		b.Run(fmt.Sprint("plain/", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			var counter [16]byte
			for b.Loop() {
				salsa.XORKeyStream(buf, buf, &counter, &key)
			}
		})
	}
}
