package main

import (
	"time"

	"ztools/lib/cli"
)

// tellStats tells totals and rates each --stats, and once more at the end.
func (p *proxy) tellStats() {
	last := make([]int64, len(p.directions))
	then := time.Now()
	tell := func() {
		now := time.Now()
		for i, d := range p.directions {
			n := d.messages.Load()
			rate := float64(n-last[i]) / now.Sub(then).Seconds()
			p.log.At(0, "%s: %d messages, %s, %.0f messages/s", d.label, n, cli.FormatSize(float64(d.bytes.Load())), rate)
			last[i] = n
		}
		then = now
	}
	defer tell()
	tick := time.NewTicker(p.stats)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			tell()
		case <-p.hard.Done():
			return
		}
	}
}
