package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// percentiles are those of a table and of JSON.
var percentiles = []float64{50, 90, 99, 99.9, 99.99}

// median is the run in the middle, by rate; the slower of the two in the middle.
func (r result) median() sample {
	sorted := r.sorted()
	return sorted[(len(sorted)-1)/2]
}

func (r result) sorted() []sample {
	return slices.SortedFunc(slices.Values(r.runs), func(a, b sample) int {
		switch {
		case a.rate() < b.rate():
			return -1
		case a.rate() > b.rate():
			return 1
		}
		return 0
	})
}

// spread is how far fastest and slowest run are apart, in percent of the median.
func (r result) spread() float64 {
	s := r.sorted()
	return 100 * (s[len(s)-1].rate() - s[0].rate()) / r.median().rate()
}

// rtts are the round trips of all runs together.
func (r result) rtts() *hdrhistogram.Histogram {
	all := hdrhistogram.New(1, longest, digits)
	for _, s := range r.runs {
		all.Merge(s.rtt)
	}
	return all
}

// heading says what was measured, and what was not.
func (c *config) heading() string {
	what := "PUSH to PULL"
	if c.kind == "lat" {
		what = "REQ to REP and back, times in µs"
	}
	return fmt.Sprintf("%s; both ends in this process; warm-up (a tenth before each run) left out", what)
}

// printTable prints a row for each size over each transport.
func printTable(w io.Writer, c *config, results []result) error {
	if _, err := fmt.Fprintln(w, "# "+c.heading()); err != nil {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	if c.kind == "thr" {
		fmt.Fprint(table, "transport\tbytes\truns\tmessages/s\tMB/s\tspread\t\n")
		for _, r := range results {
			rate := r.median().rate()
			fmt.Fprintf(table, "%s\t%d\t%d\t%.0f\t%.1f\t%s\t\n", r.transport, r.size, len(r.runs), rate, rate*float64(r.size)/1e6, spreadText(r))
		}
		return table.Flush()
	}
	fmt.Fprint(table, "transport\tbytes\truns\tround trips/s\tspread\tmin\tp50\tp90\tp99\tp99.9\tp99.99\tmax\tone way p50\t\n")
	for _, r := range results {
		h := r.rtts()
		fmt.Fprintf(table, "%s\t%d\t%d\t%.0f\t%s\t%s\t", r.transport, r.size, len(r.runs), r.median().rate(), spreadText(r), micros(h.Min()))
		for _, p := range percentiles {
			fmt.Fprintf(table, "%s\t", micros(h.ValueAtQuantile(p)))
		}
		fmt.Fprintf(table, "%s\t%s\t\n", micros(h.Max()), micros(h.ValueAtQuantile(50)/2))
	}
	return table.Flush()
}

// spreadText is empty where one run shows no spread.
func spreadText(r result) string {
	if len(r.runs) == 1 {
		return "-"
	}
	return fmt.Sprintf("%.0f%%", r.spread())
}

func micros(ns int64) string { return fmt.Sprintf("%.1f", float64(ns)/float64(time.Microsecond)) }

// report is the JSON form; the man page documents it.
type report struct {
	Kind        string       `json:"kind"`
	Note        string       `json:"note"`
	Environment environment  `json:"environment"`
	Results     []resultJSON `json:"results"`
}

type environment struct {
	Go     string `json:"go"`
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	CPUs   int    `json:"cpus"`
	Window string `json:"window"` // --count or --duration
}

type resultJSON struct {
	Transport string             `json:"transport"`
	Bytes     int                `json:"bytes"`
	Rate      float64            `json:"rate"` // median of the runs, per second
	Runs      []runJSON          `json:"runs"`
	RTT       map[string]float64 `json:"rtt_us,omitempty"`
}

type runJSON struct {
	Messages int64   `json:"messages"`
	Seconds  float64 `json:"seconds"`
	Rate     float64 `json:"rate"`
}

// printJSON prints one object.
func printJSON(w io.Writer, c *config, results []result) error {
	window := c.duration.String()
	if c.count > 0 {
		window = fmt.Sprint(c.count)
	}
	out := report{Kind: c.kind, Note: c.heading(), Environment: environment{runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), window}}
	for _, r := range results {
		row := resultJSON{Transport: r.transport, Bytes: r.size, Rate: r.median().rate()}
		for _, s := range r.runs {
			row.Runs = append(row.Runs, runJSON{s.messages, s.elapsed.Seconds(), s.rate()})
		}
		if c.kind == "lat" {
			row.RTT = rttJSON(r.rtts())
		}
		out.Results = append(out.Results, row)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

func rttJSON(h *hdrhistogram.Histogram) map[string]float64 {
	us := func(ns int64) float64 { return float64(ns) / float64(time.Microsecond) }
	out := map[string]float64{"min": us(h.Min()), "max": us(h.Max()), "mean": h.Mean() / float64(time.Microsecond)}
	for _, p := range percentiles {
		out[fmt.Sprintf("p%v", p)] = us(h.ValueAtQuantile(p))
	}
	return out
}
