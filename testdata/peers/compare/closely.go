package main

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// These rows compare ours with ours, where a few percent count.

var closeWorks = []special{watchRow, programRow(16), programRow(kibi), programRow(64 * kibi)}

// turns is how often both works of a close row run; the best of each counts, since
// what disturbs a run only slows it.
const turns = 5

// closely runs two works by turns and takes the best rate of each. A run takes a
// second at least, since how a program starts does not count.
func (b *bench) closely(ours, other work) (o outcome, err error) {
	n, err := b.calibrate(other)
	if err != nil {
		return o, err
	}
	n = b.stretch(n)
	for range turns {
		mine, err := ours(n)
		if err != nil {
			return o, err
		}
		theirs, err := other(n)
		if err != nil {
			return o, err
		}
		o.ours, o.other = max(o.ours, mine.perSecond()), max(o.other, theirs.perSecond())
	}
	return o, nil
}

// watchRow is the rate of sockets that were watched once against that of sockets
// that never were: ours/watch.go.
var watchRow = special{
	name: "watch/left/16", target: "≥ 0.97× never watched", judge: least(0.97), show: si,
	measure: func(b *bench, ctx context.Context) (outcome, error) {
		watched := func(how string) work {
			return func(n int) (sample, error) {
				ctx, cancel := context.WithTimeout(ctx, runLimit)
				defer cancel()
				ours, err := b.program(ctx, "ours")
				if err != nil {
					return sample{}, err
				}
				return alone(ctx, ours.path, "watch", how, "16", strconv.Itoa(n))
			}
		}
		return b.closely(watched("left"), watched("nobody"))
	},
}

// programRow is what zbench thr tells against what the peer's own program does: the
// same work, so the same figure.
func programRow(size int) special {
	const apart = 0.1
	return special{
		name: "zbench/thr/" + bytesName(size), target: fmt.Sprintf("within %g%% of the program: 1×", 100*apart),
		judge: within(1-apart, 1/(1-apart)), show: si,
		measure: func(b *bench, ctx context.Context) (outcome, error) {
			ours, err := b.program(ctx, "ours")
			if err != nil {
				return outcome{}, err
			}
			return b.closely(
				func(n int) (sample, error) {
					f, err := b.zbench(ctx, "thr", "--size", strconv.Itoa(size), "-n", strconv.Itoa(n))
					if err != nil {
						return sample{}, err
					}
					return sample{messages: n, seconds: f.Results[0].Runs[0].Elapsed / 1e9}, nil
				},
				func(n int) (sample, error) { return b.measure(ctx, ours, cell{"tcp", "thr", size}, n) })
		},
	}
}

// garbageWorks are about what is held and collected.
var garbageWorks = []special{memoryRow, pauseRow}

// soakWarmUp goes before a soak: a tenth of it, as usual, might take longer than a
// run may beyond its length.
const soakWarmUp = time.Second

// memoryRow is what both ends of a stream without a pause hold in the last third of
// the time, against the second: the first may grow.
var memoryRow = special{
	name: "soak/memory", target: "≤ 1.1× of a third before", once: true, judge: most(1.1),
	show: func(v float64) string { return fmt.Sprintf("%.1f MiB", v/mebi) },
	measure: func(b *bench, ctx context.Context) (outcome, error) {
		ctx, cancel := context.WithTimeout(ctx, b.soak+runLimit)
		defer cancel()
		f, err := b.zbenchFor(ctx, "thr", "--size", "16", "--duration", b.soak.String(), "--warmup", soakWarmUp.String(), "--interval", (b.soak / 60).String())
		if err != nil {
			return outcome{}, err
		}
		return thirds(f.Results[0].Runs[0]), nil
	},
}

// thirds are the medians of the memory in the last third of a run and in the one
// before.
func thirds(r measuredRun) outcome {
	var held [3][]float64
	for _, p := range r.Series {
		i := min(int(3*p.At/r.Elapsed), 2)
		held[i] = append(held[i], p.Near.Memory+p.Far.Memory)
	}
	if len(held[1]) == 0 || len(held[2]) == 0 {
		return outcome{}
	}
	return outcome{median(held[2]), median(held[1])}
}

// pauseRow is which part of requests at a steady rate can meet a pause of a garbage
// collector: the cycles of both ends, all as if they had paused twice as long as the
// longest pause was. Below the tail from p99.99 on they do not show if it is less than a hundredth
// of a percent.
var pauseRow = special{
	name: "gc/20k", target: "≤ 100 ppm: below p99.99", once: true, judge: itself(func(v float64) bool { return v <= 100 }),
	show: func(v float64) string { return fmt.Sprintf("%.1f ppm", v) },
	measure: func(b *bench, ctx context.Context) (outcome, error) {
		f, err := b.zbench(ctx, "load", "--rate", strconv.Itoa(steadyRate), "-n", b.steadyCount())
		if err != nil {
			return outcome{}, err
		}
		r := f.Results[0].Runs[0]
		return outcome{ours: 2 * (r.Near.Cycles*r.Near.LongestGC + r.Far.Cycles*r.Far.LongestGC) / r.Elapsed * 1e6}, nil
	},
}
