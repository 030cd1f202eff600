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
	judge   func(outcome) verdict
	show    func(float64) string
	once    bool // takes so long, or repeats so often by itself, that one run is enough
}

// outcome is one run's figure of ours and, where there is one, of the other.
type outcome struct{ ours, other float64 }

// work is a measurement of n messages.
type work func(n int) (sample, error)

// rivals are the rates of two works, each of which runs once when it is known how
// many messages fill a run.
func (b *bench) rivals(ours, other work) (o outcome, err error) {
	mine, err := b.calibrated(ours)
	if err != nil {
		return o, err
	}
	theirs, err := b.calibrated(other)
	return outcome{mine.perSecond(), theirs.perSecond()}, err
}

// ratio is ours against the other's; zero without another.
func (o outcome) ratio() float64 {
	if o.other == 0 {
		return 0
	}
	return o.ours / o.other
}

// verdict is whether a bound is kept.
type verdict string

const (
	met     verdict = "met"
	short   verdict = "short"
	unknown verdict = "not measured"
)

func judged(kept bool) verdict {
	if kept {
		return met
	}
	return short
}

// compared judges a ratio; a figure that is missing is no ratio.
func compared(keeps func(ratio float64) bool) func(outcome) verdict {
	return func(o outcome) verdict {
		if o.ours <= 0 || o.other <= 0 {
			return unknown
		}
		return judged(keeps(o.ratio()))
	}
}

func least(bound float64) func(outcome) verdict {
	return compared(func(ratio float64) bool { return ratio >= bound })
}

func most(bound float64) func(outcome) verdict {
	return compared(func(ratio float64) bool { return ratio <= bound })
}

func within(low, high float64) func(outcome) verdict {
	return compared(func(ratio float64) bool { return ratio >= low && ratio <= high })
}

// itself judges a figure that needs no other; none is below zero.
func itself(keeps func(ours float64) bool) func(outcome) verdict {
	return func(o outcome) verdict { return judged(keeps(o.ours)) }
}

// What the special works must reach.
const (
	mostMallocs = 0.005 // heap objects per message: rounds to 0.00
	mostIdle    = 0.5   // of libzmq's memory
	leastLines  = 2e6   // lines a second
	longestRise = 0.015 // seconds until a tool has started
)

var specialWorks = slices.Concat(manyWorks, topicWorks, proxyWorks, cabiWorks, multicastWorks, closeWorks, garbageWorks, allocationWorks, idleWorks, toolWorks)

var allocationWorks = func() (all []special) {
	for _, transport := range []string{"tcp", "ipc", "inproc", "curve"} {
		for _, size := range []int{16, kibi, 64 * kibi} {
			all = append(all, allocations("allocs", transport, size))
		}
	}
	for _, transport := range []string{"tcp", "ipc", "inproc", "curve"} {
		all = append(all, allocations("allocs-lat", transport, 16))
	}
	return all
}()

// allocations counts heap objects per message or round trip, both sides in one
// process.
func allocations(mode, transport string, size int) special {
	name := fmt.Sprintf("allocs/%s/%s", transport, bytesName(size))
	if mode == "allocs-lat" {
		name = fmt.Sprintf("allocs/lat/%s/%s", transport, bytesName(size))
	}
	return allocationRow(name, func(b *bench, ctx context.Context) (outcome, error) {
		return b.allocations(ctx, mode, transport, size)
	})
}

func allocationRow(name string, measure func(*bench, context.Context) (outcome, error)) special {
	return special{
		name: name, target: "0", measure: measure, once: true,
		judge: itself(func(v float64) bool { return v < mostMallocs }),
		show:  func(v float64) string { return fmt.Sprintf("%.3f", v) },
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
	runs := b.runs
	if s.once {
		runs = 1
	}
	for i := range runs {
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

// program finds a peer that was built, or builds one that a row needs beside those
// that were chosen.
func (b *bench) program(ctx context.Context, name string) (program, error) {
	for _, p := range b.peers {
		if p.name == name {
			return p, nil
		}
	}
	if made, ok := b.more[name]; ok {
		return made.program, made.err
	}
	var made built
	made.program, made.err = b.build(ctx, name)
	if b.more == nil {
		b.more = map[string]built{}
	}
	b.more[name] = made
	return made.program, made.err
}

// built is the outcome of building a peer.
type built struct {
	program
	err error
}

func (b *bench) allocations(ctx context.Context, mode, transport string, size int) (outcome, error) {
	ours, err := b.program(ctx, "ours")
	if err != nil {
		return outcome{}, err
	}
	return b.mallocs(func(n int) (sample, error) {
		ctx, cancel := context.WithTimeout(ctx, runLimit)
		defer cancel()
		endpoint := "inproc://allocs"
		if transport != "inproc" {
			if endpoint, err = b.endpoint(transport); err != nil {
				return sample{}, err
			}
		}
		return alone(ctx, ours.path, mode, endpoint, strconv.Itoa(size), strconv.Itoa(n))
	})
}

// mallocs is the number of heap objects for each message of a run, which takes three
// seconds at least: what is allocated once does not count.
func (b *bench) mallocs(measure work) (outcome, error) {
	n, err := b.calibrate(measure)
	if err != nil {
		return outcome{}, err
	}
	s, err := measure(3 * b.stretch(n))
	return outcome{ours: float64(s.mallocs) / float64(s.messages)}, err
}
