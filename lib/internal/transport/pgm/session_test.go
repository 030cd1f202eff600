package pgm

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"ztools/lib/internal/msg"
	"ztools/lib/internal/transport/multicast"
	"ztools/lib/internal/wire"
)

// message is message i of a test: two frames, the second with size bytes.
func message(i, size int) []byte {
	b := wire.AppendFrameV2(nil, msg.More, fmt.Appendf(nil, "%06d", i))
	return wire.AppendFrameV2(b, 0, bytes.Repeat([]byte{byte(i)}, size))
}

// numbers reads messages back; it fails on anything else.
func numbers(t *testing.T, b []byte, size int) (list []int) {
	t.Helper()
	one := len(message(0, size))
	if len(b)%one != 0 {
		t.Fatalf("%d bytes are no whole number of messages", len(b))
	}
	for ; len(b) > 0; b = b[one:] {
		var i int
		if _, err := fmt.Sscanf(string(b[2:8]), "%06d", &i); err != nil || !bytes.Equal(b[:one], message(i, size)) {
			t.Fatalf("%q is no message", b[:one])
		}
		list = append(list, i)
	}
	return list
}

// upTo is the numbers from first to below end.
func upTo(first, end int) (list []int) {
	for i := first; i < end; i++ {
		list = append(list, i)
	}
	return list
}

func TestAllArrives(t *testing.T) {
	for _, tt := range []struct {
		name         string
		loss, repeat float64
		jitter       time.Duration
	}{
		{"a good network", 0, 0, 0},
		{"5% loss", 0.05, 0, 0},
		{"20% loss", 0.2, 0, 0},
		{"every packet twice", 0, 1, 0},
		{"reordering", 0, 0, 30 * time.Millisecond},
		{"all of it", 0.05, 0.05, 30 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{0, 100, 5000} {
				n := newNetwork(uint64(size))
				lost := 0
				r := n.receiver(4096, func(TSI) { lost++ })
				s := n.source(7, 1<<20, 4096)
				n.run(time.Second) // so that the receiver knows where the session begins
				n.loss, n.repeat, n.jitter = tt.loss, tt.repeat, tt.jitter
				var p packer
				const count = 300
				for i := range count {
					n.write(s, &p, message(i, size))
					n.run(time.Millisecond)
				}
				n.run(30 * time.Second)
				if got := numbers(t, r.out, size); !slices.Equal(got, upTo(0, count)) || lost > 0 {
					t.Errorf("size %d: got %d messages, %d losses: %v", size, len(got), lost, got)
				}
				if r.held != 0 {
					t.Errorf("size %d: %d bytes are still held", size, r.held)
				}
			}
		})
	}
}

// A receiver that cannot keep up loses most of a burst, and gets it in the end.
func TestBurst(t *testing.T) {
	n := newNetwork(3)
	lost := 0
	r := n.receiver(100_000, func(TSI) { lost++ })
	s := n.source(7, 25<<20, 100_000)
	n.run(time.Second)
	n.drop = func(*Packet) bool { return len(n.flying) > 20 }
	n.loss, n.repeat, n.jitter = 0.05, 0.05, 3*time.Millisecond
	var p packer
	const count = 2000
	for i := range count {
		n.write(s, &p, message(i, 1000))
	}
	n.run(60 * time.Second)
	if got := numbers(t, r.out, 1000); !slices.Equal(got, upTo(0, count)) || lost > 0 {
		t.Errorf("got %d messages, %d losses", len(got), lost)
	}
}

func TestJoinInTheMiddle(t *testing.T) {
	n := newNetwork(1)
	s := n.source(7, 1<<24, 1000)
	var p packer
	for i := range 5 {
		n.write(s, &p, message(i, 4000))
	}
	n.run(time.Second)
	r := n.receiver(1000, nil)
	n.write(s, &p, message(5, 4000))
	n.write(s, &p, message(6, 4000))
	n.run(time.Second)
	if got := numbers(t, r.out, 4000); !slices.Equal(got, []int{5, 6}) {
		t.Errorf("got %v", got)
	}

	begun := s.lead + 1
	n.drop = func(p *Packet) bool { return p.Type != ODATA || p.Sqn == begun }
	late := n.receiver(1000, nil)
	n.write(s, &p, message(7, 4000)) // its beginning is never seen
	n.write(s, &p, message(8, 4000))
	n.run(time.Second)
	if got := numbers(t, late.out, 4000); !slices.Equal(got, []int{8}) {
		t.Errorf("the late one got %v", got)
	}
}

func TestLossBeyondTheWindow(t *testing.T) {
	n := newNetwork(1)
	lost := 0
	r := n.receiver(10, func(TSI) { lost++ })
	s := n.source(7, 1<<24, 10)
	n.run(time.Second)
	var p packer
	n.write(s, &p, message(0, 1000))
	n.run(time.Second)
	n.drop = func(*Packet) bool { return true }
	for i := 1; i < 21; i++ {
		n.write(s, &p, message(i, 1000))
	}
	n.run(50 * time.Millisecond)
	n.drop = nil
	n.run(10 * time.Second)
	if got, want := numbers(t, r.out, 1000), append([]int{0}, upTo(11, 21)...); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if lost != 1 {
		t.Errorf("%d losses were told", lost)
	}
}

func TestGivingUp(t *testing.T) {
	n := newNetwork(1)
	lost := 0
	r := n.receiver(100, func(TSI) { lost++ })
	s := n.source(7, 1<<24, 100)
	n.run(time.Second)
	n.drop = func(p *Packet) bool { return p.Sqn == 1 && (p.Type == ODATA || p.Type == RDATA) }
	var p packer
	for i := range 3 {
		n.write(s, &p, message(i, 1000))
	}
	n.run(5 * time.Second)
	if got := numbers(t, r.out, 1000); !slices.Equal(got, []int{0}) || lost > 0 {
		t.Errorf("after 5 s: got %v, %d losses", got, lost)
	}
	n.run(30 * time.Second)
	if got := numbers(t, r.out, 1000); !slices.Equal(got, []int{0, 2}) || lost != 1 {
		t.Errorf("at the end: got %v, %d losses", got, lost)
	}
}

func TestHeartbeats(t *testing.T) {
	n := newNetwork(1)
	s := n.source(7, 1<<24, 100)
	n.run(29 * time.Second)
	if got := n.count(SPM); got != openSPMs {
		t.Errorf("%d SPMs before anything is due", got)
	}
	n.run(time.Second)
	if got := n.count(SPM); got != openSPMs+1 {
		t.Errorf("%d SPMs after 30 s", got)
	}
	var p packer
	n.write(s, &p, message(0, 1))
	for _, tt := range []struct {
		at   time.Duration
		want int
	}{{99, 0}, {100, 1}, {200, 2}, {300, 3}, {400, 4}, {1699, 4}, {1700, 5}, {8700, 6}, {24700, 7}} {
		n.run(30*time.Second + tt.at*time.Millisecond - n.now + time.Microsecond)
		if got := n.count(SPM) - openSPMs - 1; got != tt.want {
			t.Errorf("%d SPMs %d ms after data, want %d", got, tt.at, tt.want)
		}
	}
	before := n.count(SPM)
	s.Finish()
	if last := n.sent[len(n.sent)-1]; n.count(SPM) != before+openSPMs || !last.Fin {
		t.Errorf("the end is announced by %+v", last)
	}
}

func TestRequestForSPM(t *testing.T) {
	n := newNetwork(1)
	s := n.source(7, 1<<24, 100)
	n.run(time.Second)
	n.receiver(100, nil)
	var p packer
	n.drop = func(p *Packet) bool { return p.Type == SPM && n.count(SPMR) == 0 }
	n.write(s, &p, message(0, 1))
	n.run(90 * time.Millisecond)
	if n.count(SPMR) != 1 || n.count(SPM) != openSPMs+2 {
		t.Errorf("%d SPMRs, %d SPMs", n.count(SPMR), n.count(SPM))
	}
}

func TestRate(t *testing.T) {
	for _, rate := range []int64{12500, 1 << 20, 20 << 20} {
		n := newNetwork(1)
		s := n.source(7, rate, 100)
		var p packer
		bytes := 0
		s.emit = func(b []byte, _ multicast.Target) { bytes += len(b) + s.overhead }
		n.write(s, &p, message(0, 32<<10)) // uses up what was saved
		start, begin := n.now, bytes
		for i := 0; n.now < start+2*time.Second; i++ {
			n.write(s, &p, message(i, 1000))
		}
		got := float64(bytes-begin) / (n.now - start).Seconds()
		if got < 0.99*float64(rate) || got > 1.01*float64(rate) {
			t.Errorf("rate %d: sent at %.0f", rate, got)
		}
	}
}

func TestSequenceNumbersWrap(t *testing.T) {
	n := newNetwork(1)
	r := n.receiver(64, nil)
	s := n.source(7, 1<<24, 64)
	s.lead, s.trail = 1<<32-50, 1<<32-49
	s.slots = make([]sent, 64)
	n.flying = nil
	n.loss = 0.1
	var p packer
	s.spm(false)
	n.run(200 * time.Millisecond)
	for i := range 200 {
		n.write(s, &p, message(i, 1000))
		n.run(20 * time.Millisecond)
	}
	n.loss = 0
	n.run(10 * time.Second)
	if got := numbers(t, r.out, 1000); !slices.Equal(got[len(got)-150:], upTo(50, 200)) {
		t.Errorf("got %v", got)
	}
}
