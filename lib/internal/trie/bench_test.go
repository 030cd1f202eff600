package trie

import (
	"math/rand/v2"
	"runtime"
	"testing"
)

// keys are n topics of 20 random letters and digits, as in libzmq's
// benchmark_radix_tree.
func keys(n int) [][]byte {
	const chars = "abcdefghijklmnopqrstuvwxyz0123456789"
	rng := rand.New(rand.NewPCG(1, 2))
	list := make([][]byte, n)
	for i := range list {
		list[i] = make([]byte, 20)
		for j := range list[i] {
			list[i][j] = chars[rng.IntN(len(chars))]
		}
	}
	return list
}

func BenchmarkMatch(b *testing.B) {
	for name, n := range map[string]int{"10k": 10_000, "1M": 1_000_000} {
		list := keys(n)
		var s Set
		var m Multi[*int]
		holder, hits := new(int), 0
		for _, k := range list {
			s.Add(k)
			m.Add(k, holder)
		}
		rng := rand.New(rand.NewPCG(3, 4))
		rng.Shuffle(n, func(i, j int) { list[i], list[j] = list[j], list[i] })
		b.Run("Set/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if !s.Match(list[i%n]) {
					b.Fatal("no match")
				}
			}
		})
		count := func(*int) { hits++ }
		b.Run("Multi/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				m.Match(list[i%n], count)
			}
		})
	}
}

func BenchmarkAddRemove1M(b *testing.B) {
	list := keys(1_000_000)
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		var s Set
		for _, k := range list {
			s.Add(k)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		for _, k := range list {
			s.Remove(k)
		}
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "B/prefix")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2e6, "ns/op-each")
}
