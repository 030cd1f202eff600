package norm

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// Whatever is lost, any k symbols give back the data.
func TestParity(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for _, tt := range []struct{ k, parity int }{{1, 1}, {4, 2}, {16, 4}, {200, 55}} {
		const size = 64
		var all [][]byte
		var numbers []int
		for i := range tt.k {
			v := make([]byte, size-random.IntN(size/2)) // short ones count as padded
			for j := range v {
				v[j] = byte(random.Uint32())
			}
			all, numbers = append(all, v), append(numbers, i)
		}
		for i := range tt.parity {
			all = append(all, interpolate(numbers[:tt.k], all[:tt.k], tt.k+i, size))
			numbers = append(numbers, tt.k+i)
		}
		for range 5 {
			order := random.Perm(tt.k + tt.parity)
			known, vectors := order[:tt.k], make([][]byte, tt.k)
			for i, n := range known {
				vectors[i] = all[n]
			}
			for _, n := range order[tt.k:] {
				want := make([]byte, size)
				copy(want, all[n])
				if got := interpolate(known, vectors, n, size); !bytes.Equal(got, want) {
					t.Fatalf("%d and %d: symbol %d from %v: got %x, want %x", tt.k, tt.parity, n, known, got, want)
				}
			}
		}
	}
}

// With one data symbol all parity is a copy of it; with two it is the line through
// 0 and 1: point α gives a + α(a+b).
func TestParityByHand(t *testing.T) {
	if got := interpolate([]int{0}, [][]byte{{7}}, 1, 1); got[0] != 7 {
		t.Errorf("got %d", got[0])
	}
	if got := interpolate([]int{0, 1}, [][]byte{{3}, {5}}, 2, 1); got[0] != 3^multiply(2, 3^5) {
		t.Errorf("got %d", got[0])
	}
}
