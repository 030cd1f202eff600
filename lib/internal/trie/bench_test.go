package trie

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
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

// BenchmarkMillion adds a million prefixes, matches each once and removes each, in
// another order, and says what each of these takes, and the memory of a prefix.
func BenchmarkMillion(b *testing.B) {
	b.Run("Set", func(b *testing.B) {
		benchMillion(b, func() (add, match, remove func([]byte) bool) {
			s := new(Set)
			return s.Add, s.Match, s.Remove
		})
	})
	b.Run("Multi", func(b *testing.B) {
		benchMillion(b, func() (add, match, remove func([]byte) bool) {
			m, holder := new(Multi[*int]), new(int)
			hits := 0
			hit := func(*int) { hits++ }
			return func(k []byte) bool { return m.Add(k, holder) },
				func(k []byte) bool { before := hits; m.Match(k, hit); return hits > before },
				func(k []byte) bool { return m.Remove(k, holder) == Last }
		})
	})
}

func benchMillion(b *testing.B, fresh func() (add, match, remove func([]byte) bool)) {
	const n = 1_000_000
	var before, after runtime.MemStats
	var took [3]time.Duration
	for b.Loop() {
		list := keys(n)
		runtime.GC()
		runtime.ReadMemStats(&before)
		add, match, remove := fresh()
		took[0] += each(b, list, add)
		runtime.GC()
		runtime.ReadMemStats(&after)
		rng := rand.New(rand.NewPCG(3, 4))
		rng.Shuffle(n, func(i, j int) { list[i], list[j] = list[j], list[i] })
		took[1] += each(b, list, match)
		took[2] += each(b, list, remove)
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "B/prefix")
	for i, name := range []string{"add", "match", "remove"} {
		b.ReportMetric(float64(took[i].Nanoseconds())/float64(b.N)/n, name+"-ns")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkLeave lets holders of ten prefixes each leave, one by one, a set that
// holds so many in all.
func BenchmarkLeave(b *testing.B) {
	const each = 10
	for name, n := range map[string]int{"10k": 10_000, "1M": 1_000_000} {
		b.Run(name, func(b *testing.B) {
			var before, after runtime.MemStats
			list := keys(n)
			runtime.GC()
			runtime.ReadMemStats(&before)
			var m Multi[int]
			for i, k := range list {
				m.Add(k, i/each)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			removed := 0
			count := func([]byte, Result) { removed++ }
			for i := 0; b.Loop(); i++ {
				p := i % (n / each)
				m.RemoveAll(p, count)
				b.StopTimer()
				for _, k := range list[p*each:][:each] {
					m.Add(k, p)
				}
				b.StartTimer()
			}
			if removed != b.N*each {
				b.Fatalf("%d of %d were removed", removed, b.N*each)
			}
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "B/prefix")
		})
	}
}

// each is the time that f takes for all of list; it has to find each.
func each(b *testing.B, list [][]byte, f func([]byte) bool) time.Duration {
	start := time.Now()
	for _, k := range list {
		if !f(k) {
			b.Fatalf("%s: not as it should be", k)
		}
	}
	return time.Since(start)
}
