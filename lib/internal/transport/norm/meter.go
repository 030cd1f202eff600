package norm

import "time"

// A meter measures how much arrives and how much is lost, for congestion control
// (RFC 5740 section 5.5.2, RFC 5348 section 5).
type meter struct {
	received float64 // bytes per second

	begun  time.Duration // of the interval that is being counted
	bytes  int
	before float64 // what the last whole interval had
	size   float64 // of a message, on average

	ignores   bool // only marks of routers count, not what is lost (NORM_MODE 4)
	tolerates bool // a message lost alone does not count (NORM_MODE 2)

	started   bool
	seq       uint16        // the newest message
	event     time.Duration // when the last loss event began
	alone     time.Duration // when a message was lost alone; 0: none was
	intervals []float64     // packets between loss events, the current one first
}

// Intervals for counting bytes last a round-trip time, but at least shortest;
// history is how many intervals between losses count.
const (
	shortest = 100 * time.Millisecond
	history  = 8
)

// weights of the intervals, the newest first (RFC 5348 section 5.4).
var weights = [history]float64{1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2}

// packet takes note of a message of n bytes. A router that is congested has marked
// it, or not (ECN).
func (m *meter) packet(now, rtt time.Duration, seq uint16, n int, marked bool) {
	m.count(now, max(rtt, shortest), n)
	if !m.started {
		m.started, m.seq = true, seq
		return
	}
	step := int16(seq - m.seq)
	if step <= 0 {
		return
	}
	m.seq = seq
	if len(m.intervals) > 0 {
		m.intervals[0]++
	}
	if step < 1000 && m.congested(now, rtt, int(step)-1, marked) {
		m.lost(now)
	}
}

// congested reports whether a message begins a loss event: messages before it are
// missing, or it is marked, and the last event began longer ago than a round trip.
// Marks go on for longer than losses do.
func (m *meter) congested(now, rtt time.Duration, missing int, marked bool) bool {
	if m.ignores {
		missing, rtt = 0, 2*rtt
	}
	if missing == 0 && !marked || len(m.intervals) > 0 && now-m.event <= rtt {
		return false
	}
	if m.tolerates && missing == 1 && !marked && (m.alone == 0 || now-m.alone > rtt) {
		m.alone = now
		return false
	}
	return true
}

// count measures the rate. It falls only after an interval that was long enough
// for some messages at the rate so far, and rises at once.
func (m *meter) count(now, interval time.Duration, n int) {
	if m.size == 0 {
		m.begun, m.size = now, float64(n)
		return
	}
	m.size += 0.05 * (float64(n) - m.size)
	m.bytes += n
	passed := now - m.begun
	if passed <= 0 {
		return
	}
	rate := float64(m.bytes) / passed.Seconds()
	if rate < m.received {
		interval = max(interval, time.Duration(4*m.size/m.received*float64(time.Second)))
	}
	if passed >= interval {
		m.received, m.before = rate, rate
		m.begun, m.bytes = now, 0
		return
	}
	share := passed.Seconds() / interval.Seconds()
	m.received = max(m.received, m.before+share*(rate-m.before))
}

// lost begins a loss event.
func (m *meter) lost(now time.Duration) {
	m.event, m.alone = now, 0
	if len(m.intervals) == 0 {
		m.intervals = append(m.intervals, firstInterval)
	}
	m.intervals = append([]float64{1}, m.intervals...)
	m.intervals = m.intervals[:min(len(m.intervals), history+1)]
}

// firstInterval stands for the time before the first loss.
const firstInterval = 100

// loss is the loss event rate, from 0 to 1.
func (m *meter) loss() float64 {
	if len(m.intervals) == 0 {
		return 0
	}
	mean := max(average(m.intervals[1:]), average(m.intervals[:len(m.intervals)-1]))
	return min(1, 1/max(mean, 1))
}

func average(list []float64) float64 {
	sum, total := 0.0, 0.0
	for i, n := range list[:min(len(list), history)] {
		sum += n * weights[i]
		total += weights[i]
	}
	if total == 0 {
		return 0
	}
	return sum / total
}
