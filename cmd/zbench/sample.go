package main

import (
	"encoding/json"
	"math"
	"slices"
	"time"
)

// sample is what one run measured.
type sample struct {
	Messages  int64         `json:"messages"` // that arrived in the window; round trips; connections
	Elapsed   time.Duration `json:"elapsed_ns"`
	Rate      number        `json:"rate"` // messages per second
	Near      *cost         `json:"near,omitempty"`
	Far       *cost         `json:"far,omitempty"` // nil if that end is in the same process, or not ours
	Sent      int64         `json:"sent,omitempty"`
	Tally     tally         `json:"tally"` // of the whole run, with warm-up
	Slip      *slip         `json:"slip,omitempty"`
	Latency   *spectrum     `json:"latency,omitempty"`
	Service   *spectrum     `json:"service,omitempty"` // from when the request left, not from when it was due
	Handshake *spectrum     `json:"handshake,omitempty"`
	Series    []point       `json:"series,omitempty"`
	Partial   string        `json:"partial,omitempty"` // why the run ended early
}

// number is a figure that may be unknown: NaN, which JSON writes as null.
type number float64

// known tells whether a figure says something.
func known(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// MarshalJSON writes a number or null.
func (n number) MarshalJSON() ([]byte, error) {
	if !known(float64(n)) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (n *number) UnmarshalJSON(text []byte) error {
	v := math.NaN()
	if string(text) != "null" {
		if err := json.Unmarshal(text, &v); err != nil {
			return err
		}
	}
	*n = number(v)
	return nil
}

// cost is what an end used in the window.
type cost struct {
	usage
	Share float64 `json:"cpu_ns_per_message"`
	Heap  float64 `json:"allocs_per_message"`
}

func newCost(u usage, messages int64) *cost {
	n := float64(max(messages, 1))
	return &cost{u, float64(u.CPU) / n, float64(u.Objects) / n}
}

// point is one moment of a run that is watched by --interval.
type point struct {
	At       time.Duration `json:"at_ns"` // since the window began
	Messages int64         `json:"messages"`
	Near     usage         `json:"near"`
	Far      *usage        `json:"far,omitempty"`
}

// result is all runs of one cell.
type result struct {
	cell
	Rate    number    `json:"rate"`   // the median
	Spread  float64   `json:"spread"` // fastest to slowest, as a part of the median
	Latency *spectrum `json:"latency,omitempty"`
	Service *spectrum `json:"service,omitempty"`
	Runs    []sample  `json:"runs"`
}

// sum takes the figures of all runs together.
func (r *result) sum() {
	var latency, service []*spectrum
	for _, s := range r.Runs {
		latency, service = append(latency, s.Latency), append(service, s.Service)
	}
	r.Latency, r.Service = merged(latency), merged(service)
	rates := r.each(rateOf)
	middle := median(rates)
	r.Rate = number(middle)
	if middle > 0 {
		r.Spread = (slices.Max(rates) - slices.Min(rates)) / middle
	}
}

func rateOf(s sample) float64 { return float64(s.Rate) }

// each is one figure of every run.
func (r *result) each(figure func(sample) float64) []float64 {
	values := make([]float64, 0, len(r.Runs))
	for _, s := range r.Runs {
		values = append(values, figure(s))
	}
	return values
}

// middle is the median of one figure; NaN where no run has it.
func (r *result) middle(figure func(sample) float64) float64 {
	return median(slices.DeleteFunc(r.each(figure), math.IsNaN))
}

// total is the sum of one figure over all runs.
func (r *result) total(figure func(sample) int64) (n int64) {
	for _, s := range r.Runs {
		n += figure(s)
	}
	return n
}

// partial is why the last run ended early, or empty.
func (r *result) partial() string { return r.Runs[len(r.Runs)-1].Partial }

// median is the value in the middle, the mean of two if there are two, NaN if
// there is none.
func median(values []float64) float64 { return quantile(values, 0.5) }

// quantile is the value that a part of the values does not exceed, taken
// linearly between two of them.
func quantile(values []float64, part float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	v := slices.Sorted(slices.Values(values))
	at := part * float64(len(v)-1)
	low := int(at)
	high := min(low+1, len(v)-1)
	return v[low] + (v[high]-v[low])*(at-float64(low))
}

// Runs are outliers if they are further from the median than so many times the
// usual distance from it, and than a tenth of it.
const (
	outlierDistance = 5
	outlierShare    = 0.1
)

// outliers are the numbers, from 1, of runs whose rate is far from the others'.
func (r *result) outliers() (runs []int) {
	rates := r.each(rateOf)
	if len(rates) < 3 {
		return nil
	}
	m := median(rates)
	away := make([]float64, len(rates))
	for i, v := range rates {
		away[i] = math.Abs(v - m)
	}
	limit := max(outlierDistance*median(away), outlierShare*m)
	for i, d := range away {
		if d > limit {
			runs = append(runs, i+1)
		}
	}
	return runs
}
