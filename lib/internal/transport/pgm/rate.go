package pgm

import "time"

// bucket limits a rate: tokens are bytes, which come with time and go with
// packets.
type bucket struct {
	rate  int64 // bytes per second
	burst int64 // the most that may be saved up
	level int64
	last  time.Duration // when level was right
}

// Bursts make up for timers that fire late: up to a second of a low rate, as
// OpenPGM allows, and a few milliseconds of a high one.
const (
	burstBytes = 16 << 10
	burstTime  = 2 * time.Millisecond
)

func newBucket(rate int64, packet int) bucket {
	burst := max(min(rate, burstBytes), int64(float64(rate)*burstTime.Seconds()), int64(packet))
	return bucket{rate: rate, burst: burst, level: burst}
}

// wait is how long it takes until n bytes may go; 0 if they may go now.
func (b *bucket) wait(now time.Duration, n int) time.Duration {
	b.fill(now)
	lack := int64(n) - b.level
	if lack <= 0 {
		return 0
	}
	return time.Duration(float64(lack)/float64(b.rate)*float64(time.Second)) + 1
}

// take accounts for n bytes that go now.
func (b *bucket) take(n int) { b.level -= int64(n) }

func (b *bucket) fill(now time.Duration) {
	passed := now - b.last
	if passed >= time.Second { // more than any burst, and no overflow below
		b.level, b.last = b.burst, now
		return
	}
	if n := int64(float64(b.rate) * passed.Seconds()); n > 0 {
		b.level, b.last = min(b.level+n, b.burst), now
	}
}
