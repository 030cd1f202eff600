package main

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// numbered is a message of a stream.
func numbered(o origin, seq uint64) []byte {
	body := make([]byte, stampSize+4)
	stamp{o.extra(), seq}.put(body)
	return body
}

func TestLedger(t *testing.T) {
	whole, lap := origin{run: 7, bits: 64}, origin{run: 7, bits: 3}
	for _, tt := range []struct {
		name   string
		origin origin
		shared bool
		seqs   []uint64
		want   tally
	}{
		{"in order", whole, false, []uint64{0, 1, 2, 3}, tally{}},
		{"lost at first and within", whole, false, []uint64{2, 3, 7}, tally{Lost: 5}},
		{"twice", whole, false, []uint64{0, 1, 1, 2, 0}, tally{Duplicated: 2}},
		{"late, so not lost", whole, false, []uint64{0, 3, 1, 4, 2}, tally{Reordered: 2}},
		{"late and then again", whole, false, []uint64{0, 2, 1, 1}, tally{Reordered: 1, Duplicated: 1}},
		{"numbers of three bits begin again", lap, false, []uint64{0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2}, tally{}},
		{"lost over their end", lap, false, []uint64{0, 1, 2, 3, 4, 5, 6, 1, 2}, tally{Lost: 2}},
		{"late with three bits", lap, false, []uint64{0, 1, 3, 2, 4}, tally{Reordered: 1}},
		{"others have the rest", whole, true, []uint64{1, 5, 6, 30}, tally{}},
		{"others have the rest, out of order", whole, true, []uint64{1, 5, 4}, tally{Reordered: 1}},
	} {
		l := ledger{shared: tt.shared}
		for _, seq := range tt.seqs {
			l.see(numbered(tt.origin, seq))
		}
		tt.want.Received, tt.want.Bytes = int64(len(tt.seqs)), int64(len(tt.seqs)*(stampSize+4))
		if l.tally != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, l.tally, tt.want)
		}
	}
}

// Behind a PUB a backward step of a number with few bits is a long gap.
func TestLedgerOfLosses(t *testing.T) {
	for _, tt := range []struct {
		bits uint64
		want tally
	}{{3, tally{Lost: 2 + 6 + 7}}, {64, tally{Lost: 1, Reordered: 1, Duplicated: 1}}} {
		l := ledger{lossy: true}
		for _, seq := range []uint64{0, 1, 2, 5, 4, 4} {
			l.see(numbered(origin{bits: tt.bits}, seq))
		}
		tt.want.Received, tt.want.Bytes = 6, 6*(stampSize+4)
		if l.tally != tt.want {
			t.Errorf("%d bits: %+v, want %+v", tt.bits, l.tally, tt.want)
		}
	}
}

// Streams of several senders, and of several runs, do not mix.
func TestLedgerOfManySenders(t *testing.T) {
	var l ledger
	for seq := range uint64(3) {
		for sender := range uint64(5) {
			l.see(numbered(origin{run: 1, sender: sender, bits: 64}, seq))
			l.see(numbered(origin{run: 2, sender: sender, bits: 64}, seq))
		}
	}
	l.see([]byte("short"))
	l.see(make([]byte, 100))
	if want := (tally{Received: 32, Bytes: 30*(stampSize+4) + 105, Unnumbered: 2}); l.tally != want {
		t.Errorf("%+v, want %+v", l.tally, want)
	}
}

func TestBalance(t *testing.T) {
	for _, tt := range []struct{ sent, want int64 }{{10, 0}, {13, 3}, {5, 1}} {
		got := tally{Received: 11, Duplicated: 1, Lost: 1}
		if got.balance(tt.sent); got.Lost != tt.want {
			t.Errorf("%d sent: %d lost, want %d", tt.sent, got.Lost, tt.want)
		}
	}
}

// Whatever comes, counts add up and memory is bounded.
func FuzzLedger(f *testing.F) {
	f.Add(numbered(origin{bits: 64}, 1), uint64(1), uint64(9))
	f.Add(numbered(origin{bits: 1}, 1<<63), uint64(0), uint64(1<<63))
	f.Add([]byte{}, uint64(0), uint64(0))
	f.Fuzz(func(t *testing.T, body []byte, second, third uint64) {
		var l ledger
		body = bytes.Clone(body)
		l.see(body)
		for _, seq := range []uint64{second, third, second} {
			if len(body) >= stampSize {
				binary.LittleEndian.PutUint64(body[8:], seq)
			}
			l.see(body)
		}
		if l.Received != 4 || l.Unnumbered > 4 || l.Duplicated < 0 || l.Reordered < 0 || l.Duplicated+l.Reordered > 4 {
			t.Errorf("%+v", l.tally)
		}
		for _, s := range l.streams {
			if len(s.gaps) > 4 {
				t.Errorf("%d gaps after 4 messages", len(s.gaps))
			}
		}
	})
}
