package transport

import (
	"math"
	"slices"
	"testing"
	"time"

	"ztools/lib/internal/option"
)

// pauses takes n pauses; rand always returns jitter. -1 stands for none.
func pauses(b *Backoff, n, jitter int, asked *[]int) []int {
	var got []int
	for range n {
		d, ok := b.Next(func(n int) int { *asked = append(*asked, n); return jitter })
		if !ok {
			d = -time.Millisecond
		}
		got = append(got, int(d/time.Millisecond))
	}
	return got
}

func TestBackoff(t *testing.T) {
	for _, c := range []struct {
		name             string
		ivl, max, jitter int
		want, asked      []int
	}{
		{"defaults", 100, 0, 42, []int{142, 142, 142}, []int{100, 100, 100}},
		{"doubling", 100, 500, 42, []int{100, 200, 400, 500, 500}, nil},
		{"maximum below the interval", 100, 30, 42, []int{30, 30}, nil},
		{"maximum equal to the interval", 100, 100, 42, []int{100, 100}, nil},
		{"never", -1, 0, 42, []int{-1, -1}, nil},
		{"never, whatever the maximum", -1, 500, 42, []int{-1}, nil},
		{"0 is never", 0, 500, 42, []int{-1}, nil},
		{"no overflow with jitter", math.MaxInt32, 0, math.MaxInt32 - 1, []int{math.MaxInt32}, []int{math.MaxInt32}},
		{"no overflow by doubling", math.MaxInt32 - 1, math.MaxInt32, 0, []int{math.MaxInt32 - 1, math.MaxInt32}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := NewBackoff(&option.Options{ReconnectIvl: c.ivl, ReconnectIvlMax: c.max})
			var asked []int
			got := pauses(&b, len(c.want), c.jitter, &asked)
			if !slices.Equal(got, c.want) || !slices.Equal(asked, c.asked) {
				t.Errorf("pauses %v after rand of %v, want %v and %v", got, asked, c.want, c.asked)
			}
			b.Reset()
			if got := pauses(&b, 1, c.jitter, &asked); got[0] != c.want[0] {
				t.Errorf("%d after Reset, want %d", got[0], c.want[0])
			}
		})
	}
}
