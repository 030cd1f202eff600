package msg

import (
	"runtime"
	"testing"
)

// What a long queue needed is kept for the next one, and given to the garbage
// collector when none comes.
func TestPoolTrims(t *testing.T) {
	var p Pool
	const most, size = 100, 64 << 10
	var held []*Buf
	wave := func() {
		for range most {
			held = append(held, p.Get(size))
		}
		for _, b := range held {
			p.Put(b)
		}
		held = held[:0]
	}
	wave()
	p.trim()
	if n := testing.AllocsPerRun(10, func() { p.trim(); wave() }); n != 0 {
		t.Errorf("%v objects for a queue as long as the one before", n)
	}
	free := func() int {
		s := &p.classes[16-minClass]
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.free)
	}
	if n := free(); n != most {
		t.Fatalf("%d free buffers, want %d", n, most)
	}
	for range 1000 { // the cleanup runs some time after the collection
		if free() == 0 {
			return
		}
		runtime.GC()
		runtime.Gosched()
	}
	t.Errorf("%d buffers are kept of %d that nobody uses", free(), most)
}

// BenchmarkPoolOfAWavingQueue is a queue of 64 KiB messages that grows to a
// thousand and shrinks again.
func BenchmarkPoolOfAWavingQueue(b *testing.B) {
	b.ReportAllocs()
	var p Pool
	var held []*Buf
	for n := 0; b.Loop(); n++ {
		if n/1000%2 == 0 {
			held = append(held, p.Get(64<<10))
		} else if last := len(held) - 1; last >= 0 {
			p.Put(held[last])
			held = held[:last]
		}
		if n%3000 == 0 {
			runtime.GC()
		}
	}
}
