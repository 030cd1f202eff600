package main

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// column is one figure of a row, for tables, CSV and comparing.
type column struct {
	name   string
	digits int // behind the point
	value  func(*result) float64
}

// text is the figure of a row; a dash where there is none.
func (col column) text(r *result) string {
	return figureText(col.value(r), col.digits)
}

// figureText writes a figure; a dash if there is none.
func figureText(v float64, digits int) string {
	if !known(v) {
		return "-"
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
}

func rateColumn(name string) column {
	return column{name, 0, func(r *result) float64 { return float64(r.Rate) }}
}

// medianColumn is the median over the runs of a figure that some may not have.
func medianColumn(name string, digits int, figure func(sample) float64) column {
	return column{name, digits, func(r *result) float64 { return r.middle(figure) }}
}

// totalColumn is the sum over the runs.
func totalColumn(name string, figure func(sample) int64) column {
	return column{name, 0, func(r *result) float64 { return float64(r.total(figure)) }}
}

var (
	megabytes     = column{"MB/s", 1, func(r *result) float64 { return float64(r.Rate) * float64(r.Bytes) / 1e6 }}
	seenMegabytes = column{"MB/s", 1, func(r *result) float64 { return float64(r.Rate) * meanBytes.value(r) / 1e6 }}
	spread        = column{"spread%", 0, func(r *result) float64 {
		if len(r.Runs) == 1 {
			return math.NaN()
		}
		return 100 * r.Spread
	}}
	runs       = column{"runs", 0, func(r *result) float64 { return float64(len(r.Runs)) }}
	messages   = totalColumn("messages", func(s sample) int64 { return s.Messages })
	meanBytes  = medianColumn("mean-bytes", 1, func(s sample) float64 { return s.Tally.meanBytes() })
	sent       = totalColumn("sent", func(s sample) int64 { return s.Sent })
	received   = totalColumn("received", func(s sample) int64 { return s.Tally.Received })
	lost       = totalColumn("lost", func(s sample) int64 { return s.Tally.Lost })
	duplicated = totalColumn("dup", func(s sample) int64 { return s.Tally.Duplicated })
	reordered  = totalColumn("reord", func(s sample) int64 { return s.Tally.Reordered })
	late       = totalColumn("late", func(s sample) int64 {
		if s.Slip == nil {
			return 0
		}
		return s.Slip.Late
	})
)

// costs are processor time and allocations of both ends. In one process the
// first of each pair is both together.
var costs = []column{
	costColumn("cpu-here", 0, true, func(c *cost) float64 { return c.Share }),
	costColumn("cpu-there", 0, false, func(c *cost) float64 { return c.Share }),
	costColumn("allocs-here", 2, true, func(c *cost) float64 { return c.Heap }),
	costColumn("allocs-there", 2, false, func(c *cost) float64 { return c.Heap }),
}

func costColumn(name string, digits int, near bool, figure func(*cost) float64) column {
	return medianColumn(name, digits, func(s sample) float64 {
		c := s.Far
		if near {
			c = s.Near
		}
		if c == nil {
			return math.NaN()
		}
		return figure(c)
	})
}

// timeColumns are a spectrum's figures in microseconds, with a prefix.
func timeColumns(prefix string, names []string, of func(*result) *spectrum) (list []column) {
	for _, name := range names {
		list = append(list, column{prefix + name, 1, func(r *result) float64 {
			s := of(r)
			if s == nil {
				return math.NaN()
			}
			return s.figures()[name] / float64(time.Microsecond)
		}})
	}
	return list
}

var allTimes = []string{"min", "p50", "p90", "p99", "p99.9", "p99.99", "max"}

func latencyOf(r *result) *spectrum { return r.Latency }
func serviceOf(r *result) *spectrum {
	return merged(spectra(r, func(s sample) *spectrum { return s.Service }))
}
func handshakeOf(r *result) *spectrum {
	return merged(spectra(r, func(s sample) *spectrum { return s.Handshake }))
}

func spectra(r *result, of func(sample) *spectrum) (list []*spectrum) {
	for _, s := range r.Runs {
		list = append(list, of(s))
	}
	return list
}

func join(groups ...[]column) (all []column) {
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

// The columns of each kind of measurement.
var (
	throughputColumns = join([]column{runs, rateColumn("messages/s"), megabytes, spread}, costs, []column{lost, duplicated, reordered})
	latencyColumns    = join([]column{runs, rateColumn("trips/s"), spread}, timeColumns("", allTimes, latencyOf),
		[]column{oneWay, lost, duplicated}, costs)
	loadColumns = join([]column{runs, rateColumn("replies/s"), spread}, timeColumns("", allTimes, latencyOf),
		timeColumns("service-", []string{"p50", "p99.9"}, serviceOf), []column{late, lost, duplicated, reordered}, costs)
	fanoutColumns  = join([]column{runs, rateColumn("received/s"), spread, sent, received, lost, lostShare, duplicated, reordered}, costs)
	connectColumns = join([]column{runs, rateColumn("connections/s"), spread}, timeColumns("shake-", []string{"p50", "p99", "max"}, handshakeOf),
		timeColumns("first-", []string{"min", "p50", "p99", "max"}, latencyOf), costs)
	subscribeColumns = join([]column{runs, rateColumn("messages/s"), meanBytes, seenMegabytes, spread, received, lost, duplicated, reordered}, costs)

	oneWay = column{"one-way-p50", 1, func(r *result) float64 {
		if r.Latency == nil {
			return math.NaN()
		}
		return float64(r.Latency.at(50)) / 2 / float64(time.Microsecond)
	}}
	lostShare = column{"lost%", 2, func(r *result) float64 {
		gone, came := lost.value(r), received.value(r)
		return 100 * gone / max(1, gone+came)
	}}
)

// relative is how a row stands to the first: its rate, as a factor.
func relative(first *result) column {
	return column{"relative", 2, func(r *result) float64 { return float64(r.Rate / first.Rate) }}
}

// si writes a number with a decimal unit.
func si(v float64) string {
	for _, unit := range []struct {
		factor float64
		letter string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if v >= unit.factor {
			return fmt.Sprintf("%.3g%s", v/unit.factor, unit.letter)
		}
	}
	return fmt.Sprintf("%.3g", v)
}
