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

// way is one to make groups of blocks.
type way = func(dst, src *byte, groups int, l *Lanes, key *[32]byte)

// lanes has another nonce in each lane, and one of them counts over 2^32.
func lanes() (l Lanes) {
	for i := range Width {
		l.Set(i, [8]byte{7: byte(i)}, uint64(i+1)<<30-4)
	}
	return l
}

// TestWays compares every way there is on this machine.
func TestWays(t *testing.T) {
	key := [32]byte(pattern(32))
	const groups = 3
	src := pattern(groups * groupSize)
	want := bytes.Clone(src)
	for i := range groups * Width {
		lane := i % Width
		copy(want[i*BlockSize:], plain(src[i*BlockSize:][:BlockSize], [8]byte{7: byte(lane)}, uint64(lane+1)<<30-4+uint64(i/Width*Width), &key))
	}
	for name, way := range ways() {
		l, got := lanes(), make([]byte, len(src))
		way(&got[0], &src[0], groups, &l, &key)
		if !bytes.Equal(got, want) {
			t.Errorf("%s: got %x, want %x", name, got, want)
		}
	}
}

func TestBlocks(t *testing.T) {
	key := [32]byte(pattern(32))
	l := lanes()
	var got [groupSize]byte
	Blocks(&got, &l, &key)
	for i := range Width {
		want := plain(make([]byte, BlockSize), [8]byte{7: byte(i)}, uint64(i+1)<<30-4, &key)
		if b := got[i*BlockSize:][:BlockSize]; !bytes.Equal(b, want) {
			t.Errorf("block %d: got %x, want %x", i, b, want)
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

// FuzzWays compares every way there is on this machine.
func FuzzWays(f *testing.F) {
	f.Add(pattern(32), pattern(8*Width), uint64(0), pattern(groupSize))
	f.Add(pattern(32), []byte{}, uint64(math.MaxUint64-3), pattern(2*groupSize))
	f.Add(pattern(32), []byte{1}, uint64(math.MaxUint32-9), pattern(5*groupSize))
	f.Fuzz(func(t *testing.T, k, nonces []byte, number uint64, src []byte) {
		groups := len(src) / groupSize
		if groups == 0 {
			return
		}
		var key [32]byte
		copy(key[:], k)
		var l Lanes
		for i := range Width {
			var nonce [8]byte
			copy(nonce[:], nonces[min(i*8, len(nonces)):])
			l.Set(i, nonce, number+uint64(i))
		}
		behind, want := l, bytes.Clone(src)
		xorGeneric(&want[0], &want[0], groups, &behind, &key)
		for name, way := range ways() {
			l, got := l, bytes.Clone(src)
			way(&got[0], &got[0], groups, &l, &key)
			if !bytes.Equal(got, want) || l != behind {
				t.Errorf("%s: got %x and then %v, want %x and %v", name, got, l, want, behind)
			}
		}
	})
}

func BenchmarkWays(b *testing.B) {
	var out [groupSize]byte
	for name, way := range ways() {
		b.Run(name, func(b *testing.B) {
			var l Lanes
			var key [32]byte
			b.SetBytes(int64(len(out)))
			for b.Loop() {
				way(&out[0], &out[0], 1, &l, &key)
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
