package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
)

// special is a work with a figure of its own instead of a cell's row.
type special struct {
	name    string
	target  string
	measure func(*bench, context.Context) (outcome, error)
	met     func(outcome) bool
	show    func(float64) string
}

// outcome is one run's figure of ours and, where there is one, of the other.
type outcome struct{ ours, other float64 }

// ratio is ours against the other's; zero without another.
func (o outcome) ratio() float64 {
	if o.other == 0 {
		return 0
	}
	return o.ours / o.other
}

// What the special works must reach.
const (
	mostMallocs = 0.005 // heap objects per message: rounds to 0.00
	mostIdle    = 0.5   // of libzmq's memory
	leastLines  = 2e6   // lines a second
	longestRise = 0.015 // seconds until zcat has printed its version
)

var specialWorks = slices.Concat(manyWorks, []special{
	multicastRow(16), multicastRow(kibi),
	allocations("tcp", 16), allocations("tcp", kibi), allocations("tcp", 64*kibi),
	allocations("inproc", 16), allocations("inproc", kibi), allocations("inproc", 64*kibi),
	{
		name: "idle", target: fmt.Sprintf("≤ %g× libzmq", mostIdle), measure: (*bench).idle,
		met:  func(o outcome) bool { return o.other > 0 && o.ratio() <= mostIdle },
		show: func(v float64) string { return fmt.Sprintf("%.1f KiB", v/kibi) },
	},
	{
		name: "zcat/lines", target: "≥ 2M lines/s", measure: (*bench).zcatLines,
		met:  func(o outcome) bool { return o.ours >= leastLines },
		show: func(v float64) string { return si(v) + " lines/s" },
	},
	{
		name: "zcat/start", target: "≤ 15 ms", measure: (*bench).zcatStart,
		met:  func(o outcome) bool { return o.ours <= longestRise },
		show: func(v float64) string { return fmt.Sprintf("%.1f ms", v*1e3) },
	},
})

// allocations counts heap objects per message, both sides in one process.
func allocations(transport string, size int) special {
	c := cell{transport, "thr", size}
	return special{
		name: fmt.Sprintf("allocs/%s/%s", transport, bytesName(size)), target: "0",
		measure: func(b *bench, ctx context.Context) (outcome, error) { return b.allocations(ctx, c) },
		met:     func(o outcome) bool { return o.ours < mostMallocs },
		show:    func(v float64) string { return fmt.Sprintf("%.3f", v) },
	}
}

// row is a special work's line in the table.
type row struct {
	special
	median outcome
	err    error
}

// special runs a special work as often as a cell.
func (b *bench) special(ctx context.Context, s special) row {
	var ours, other []float64
	for i := range b.runs {
		progress("  run %d:", i+1)
		o, err := s.measure(b, ctx)
		if err != nil {
			progress(" (%v)\n", err)
			return row{special: s, err: err}
		}
		progress(" %s", s.show(o.ours))
		if o.other > 0 {
			progress(" against %s", s.show(o.other))
		}
		progress("\n")
		ours, other = append(ours, o.ours), append(other, o.other)
	}
	return row{special: s, median: outcome{median(ours), median(other)}}
}

// program finds a peer that was built.
func (b *bench) program(name string) (program, error) {
	for _, p := range b.peers {
		if p.name == name {
			return p, nil
		}
	}
	return program{}, fmt.Errorf("%s is not there", name)
}

func (b *bench) allocations(ctx context.Context, c cell) (outcome, error) {
	ours, err := b.program("ours")
	if err != nil {
		return outcome{}, err
	}
	measure := func(n int) (sample, error) {
		ctx, cancel := context.WithTimeout(ctx, runLimit)
		defer cancel()
		endpoint := "inproc://allocs"
		if c.transport != "inproc" {
			if endpoint, err = b.endpoint(c.transport); err != nil {
				return sample{}, err
			}
		}
		return alone(ctx, ours.path, "allocs", endpoint, strconv.Itoa(c.size), strconv.Itoa(n))
	}
	n, err := b.calibrate(measure)
	if err != nil {
		return outcome{}, err
	}
	s, err := measure(n)
	return outcome{ours: float64(s.mallocs) / float64(s.messages)}, err
}
