package poly1305

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/poly1305" //lint:ignore SA1019 it says what is right
)

// way is one to make an authenticator.
type way = func(out *[Size]byte, m []byte, key *[32]byte)

// check compares every way there is on this machine.
func check(t *testing.T, m []byte, key *[32]byte) {
	t.Helper()
	var want [Size]byte
	poly1305.Sum(&want, m, key)
	for name, way := range ways() {
		var got [Size]byte
		if way(&got, m, key); got != want {
			t.Fatalf("%s: %d bytes with key %x: got %x, want %x", name, len(m), *key, got, want)
		}
	}
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8 + i*i>>5)
	}
	return b
}

// Vectors of RFC 8439: that of 2.5.2, and 7 to 11 of A.3, which are about carries.
func TestVectors(t *testing.T) {
	const ones = "ffffffffffffffffffffffffffffffff"
	for _, v := range []struct{ r, s, text, tag string }{
		{"85d6be7857556d337f4452fe42d506a8", "0103808afb0db2fd4abff6af4149f51b",
			hex.EncodeToString([]byte("Cryptographic Forum Research Group")), "a8061dc1305136c6c22b8baf0c0127a9"},
		{"02", "", ones, "03"},
		{"02", ones, block("02"), "03"},
		{"01", "", ones + "f0ffffffffffffffffffffffffffffff" + block("11"), "05"},
		{"01", "", ones + "fbfefefefefefefefefefefefefefefe" + "01010101010101010101010101010101", ""},
		{"02", "", "fdffffffffffffffffffffffffffffff", "faffffffffffffffffffffffffffffff"},
		{"010000000000000004", "", "e33594d7505e43b90000000000000000" + block("3394d7505e4379cd01") + block("") + block("01"),
			"140000000000000055"},
		{"010000000000000004", "", "e33594d7505e43b90000000000000000" + block("3394d7505e4379cd01") + block(""), "13"},
	} {
		var key [32]byte
		var want [Size]byte
		hex.Decode(key[:16], []byte(v.r))
		hex.Decode(key[16:], []byte(v.s))
		hex.Decode(want[:], []byte(v.tag))
		text, _ := hex.DecodeString(v.text)
		for name, way := range ways() {
			var got [Size]byte
			if way(&got, text, &key); got != want {
				t.Errorf("%s: %s with r %s: got %x, want %x", name, v.text, v.r, got, want)
			}
		}
	}
}

// block is a block in hexadecimal that begins so.
func block(begin string) string { return begin + strings.Repeat("0", 2*blockSize-len(begin)) }

// Every length up to 1024 and some more, aligned in every way.
func TestLengths(t *testing.T) {
	key, m := [32]byte(pattern(32)), pattern(5000)
	for n := range 1025 {
		check(t, m[n%64:][:n], &key)
	}
	for n := 1026; n < len(m); n += 61 {
		check(t, m[:n], &key)
	}
}

// The largest blocks and keys, and the smallest.
func TestExtremes(t *testing.T) {
	for _, k := range []byte{0, 1, 0x0f, 0xfc, 0xff} {
		for _, b := range []byte{0, 1, 0x80, 0xff} {
			key := [32]byte(bytes.Repeat([]byte{k}, 32))
			m := bytes.Repeat([]byte{b}, 3000)
			for n := range len(m) {
				check(t, m[:n], &key)
			}
			check(t, bytes.Repeat(m, 300), &key)
		}
	}
}

// Sums next to 2^130 - 5, to its half and to 2^128, for which the last block is
// chosen.
func TestEdges(t *testing.T) {
	one := big.NewInt(1)
	p := new(big.Int).Sub(new(big.Int).Lsh(one, 130), big.NewInt(5))
	random := rand.New(rand.NewPCG(1, 2))
	for _, r := range [][]byte{{1}, {2}, {4: 4}, pattern(16), bytes.Repeat([]byte{0xff}, 16)} {
		var key [32]byte
		copy(key[:], r)
		for _, edge := range []*big.Int{p, new(big.Int).Rsh(p, 1), new(big.Int).Lsh(one, 128)} {
			for off := int64(-6); off <= 6; off++ {
				sum := new(big.Int).Add(edge, big.NewInt(off))
				m := ending(random, sum.Mod(sum, p), p, &key)
				check(t, m, &key)
				check(t, append(pattern(16*9), m...), &key)
			}
		}
	}
}

// ending is a message of many blocks with that sum modulo p.
func ending(random *rand.Rand, sum, p *big.Int, key *[32]byte) []byte {
	r, _ := new(big.Int).SetString("0ffffffc0ffffffc0ffffffc0fffffff", 16)
	r.And(r, number(key[:16]))
	last := new(big.Int).ModInverse(r, p)
	last.Mul(last, sum)
	top := new(big.Int).Lsh(big.NewInt(1), 128)
	for {
		m := make([]byte, 16*(16+random.IntN(9)))
		for i := range m {
			m[i] = byte(random.Uint32())
		}
		before := new(big.Int)
		for block := range slices.Chunk(m, blockSize) {
			before.Add(before, number(block)).Add(before, top).Mul(before, r).Mod(before, p)
		}
		b := new(big.Int).Sub(last, before)
		if b.Mod(b, p).Sub(b, top); b.Sign() >= 0 && b.BitLen() <= 128 {
			block := b.FillBytes(make([]byte, blockSize))
			slices.Reverse(block)
			return append(m, block...)
		}
	}
}

// number is what little-endian bytes mean.
func number(b []byte) *big.Int {
	b = bytes.Clone(b)
	slices.Reverse(b)
	return new(big.Int).SetBytes(b)
}

func FuzzSum(f *testing.F) {
	f.Add(pattern(32), pattern(700))
	f.Add(bytes.Repeat([]byte{0xff}, 32), bytes.Repeat([]byte{0xff}, 1030))
	f.Add([]byte{1}, []byte{})
	f.Fuzz(func(t *testing.T, k, m []byte) {
		var key [32]byte
		copy(key[:], k)
		check(t, m, &key)
		check(t, bytes.Repeat(m, 9), &key)
	})
}

func BenchmarkWays(b *testing.B) {
	all := ways()
	all["plain"] = poly1305.Sum
	for _, n := range []int{16, 256, 1024, 8 << 10, 64 << 10} {
		for name, way := range all {
			b.Run(fmt.Sprint(name, "/", n), func(b *testing.B) {
				var out [Size]byte
				m, key := pattern(n), [32]byte(pattern(32))
				b.SetBytes(int64(n))
				for b.Loop() {
					way(&out, m, &key)
				}
			})
		}
	}
}
