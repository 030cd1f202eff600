package norm

import (
	"math"
	"time"
)

// A pacer says how fast a source may send, and knows the greatest round-trip time
// of the group (GRTT, RFC 5740 section 5.5). With a fixed rate that is all; else it
// follows the slowest receiver, the CLR, as NORM-CC does (section 5.5.2): twice
// what that receives until packets are lost, from then on what TCP would get.
type pacer struct {
	fixed   bool
	segment int
	rate    float64 // bytes per second
	level   float64 // bytes that may go now
	last    time.Duration

	grtt  time.Duration
	seq   uint16        // of the next probe
	next  time.Duration // when it is due
	clr   receiverState
	heard time.Duration // when the CLR was
}

// receiverState is what is known of the CLR.
type receiverState struct {
	node  uint32
	valid bool
	rtt   time.Duration
	rate  float64
	flags uint8
	seq   uint16
}

const (
	firstGRTT = 250 * time.Millisecond
	leastGRTT = time.Millisecond
	mostGRTT  = 15 * time.Second
	firstRate = 8000 // bytes per second, as NRL's library begins

	probeLeast = 10 * time.Millisecond
	probeIdle  = 5 * time.Second
	silence    = 10 // unanswered probes after which the CLR is forgotten

	burstTime = 0.002 // seconds
	burstMost = 16 << 10
)

func newPacer(rate float64, segment int) pacer {
	p := pacer{fixed: rate > 0, segment: segment, rate: rate, grtt: firstGRTT}
	if !p.fixed {
		p.rate = firstRate
	}
	p.level = p.burst()
	return p
}

// burst is the most that may be saved up, in bytes: a second of a low rate and a
// few milliseconds of a high one, to make up for timers that fire late.
func (p *pacer) burst() float64 {
	return max(min(p.rate, burstMost), p.rate*burstTime, float64(p.segment+100))
}

// wait is how long it takes until n bytes may go; 0 if they may go now.
func (p *pacer) wait(now time.Duration, n int) time.Duration {
	p.level = min(p.level+p.rate*(now-p.last).Seconds(), p.burst())
	p.last = now
	if lack := min(float64(n), p.burst()) - p.level; lack > 0 {
		return time.Duration(lack/p.rate*float64(time.Second)) + 1
	}
	return 0
}

// take accounts for n bytes that go now.
func (p *pacer) take(n int) { p.level -= float64(n) }

// advertised is the round-trip time that receivers are told. They must not ask
// again before a repair can have been sent.
func (p *pacer) advertised() time.Duration {
	return max(p.grtt, time.Duration(float64(p.segment)/p.rate*float64(time.Second)))
}

// stamp is a time as probes carry it; 0 stands for none.
func stamp(now time.Duration) Stamp {
	now += time.Second
	return Stamp{uint32(now / time.Second), uint32(now % time.Second / time.Microsecond)}
}

// since is the time that has passed since a stamp; false if it makes no sense.
func since(now time.Duration, s Stamp) (time.Duration, bool) {
	if s.Sec == 0 {
		return 0, false
	}
	sent := time.Duration(s.Sec)*time.Second + time.Duration(s.Usec)*time.Microsecond - time.Second
	return now - sent, sent <= now && now-sent < time.Minute
}

// probe is the next probe.
func (p *pacer) probe(now time.Duration) Message {
	m := Message{Flavor: cmdCC, CCSeq: p.seq, Probe: stamp(now)}
	p.seq++
	p.next = now + max(p.grtt, probeLeast)
	if p.fixed {
		p.next = now + max(2*p.grtt, 50*probeLeast)
		return m
	}
	m.Rate = quantizeRate(p.rate)
	if p.clr.valid {
		m.Nodes = append(m.Nodes, ccNode{p.clr.node, p.clr.flags | ccCLR, quantizeRTT(p.clr.rtt), quantizeRate(p.clr.rate)})
	}
	return m
}

// age is called before a probe: without an answer, and without anything to send,
// the rate falls.
func (p *pacer) age(now time.Duration, active bool) {
	if p.fixed {
		return
	}
	if p.clr.valid && now-p.heard > silence*max(p.grtt, probeLeast) {
		p.clr.valid = false
	}
	if !p.clr.valid && active {
		p.rate = max(p.rate/2, float64(p.segment))
	}
	if !active {
		p.next = now + probeIdle
	}
}

// answer takes in what a receiver says. active says that the rate is made use of.
func (p *pacer) answer(now time.Duration, m *Message, active bool) {
	rtt, ok := since(now, m.Response)
	if ok {
		p.measure(rtt)
	}
	if p.fixed || !m.Feedback.Present {
		return
	}
	f := m.Feedback
	s := receiverState{m.From, true, unquantizeRTT(f.RTT), unquantizeRate(f.Rate), f.Flags & ccStart, f.Seq}
	if ok {
		s.rtt = max(rtt, time.Millisecond)
		s.flags |= ccRTT
	}
	if f.Flags&ccStart == 0 {
		s.rate = fairRate(p.segment, s.rtt, float64(f.Loss)/math.MaxUint32)
	}
	if p.clr.valid && p.clr.node != s.node && s.rate >= p.clr.rate {
		return
	}
	if p.clr.valid && p.clr.node == s.node && int16(s.seq-p.clr.seq) <= 0 {
		return
	}
	p.clr, p.heard = s, now
	if !active {
		return
	}
	rate := min(s.rate, 2*p.rate)
	if s.flags&ccStart != 0 { // nothing was lost: what arrives is slow since little is sent
		rate = max(rate, p.rate)
	}
	p.rate = max(rate, float64(p.segment))
}

// measure follows a round-trip time, up faster than down.
func (p *pacer) measure(rtt time.Duration) {
	share := 0.1
	if rtt > p.grtt {
		share = 0.5
	}
	grtt := time.Duration(float64(p.grtt)*(1-share) + float64(rtt)*share)
	p.grtt = min(max(grtt, leastGRTT), mostGRTT)
}

// fairRate is what TCP would get on such a path, in bytes per second (RFC 5348
// section 3.1).
func fairRate(size int, rtt time.Duration, loss float64) float64 {
	if loss <= 0 {
		return math.MaxInt32
	}
	return float64(size) / (rtt.Seconds() * (math.Sqrt(2*loss/3) + 12*math.Sqrt(3*loss/8)*loss*(1+32*loss*loss)))
}
