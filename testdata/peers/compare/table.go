package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// report writes one table for each work and transport, one for the special
// works, and the sum of the verdicts.
func report(w io.Writer, peers []program, results []result, rows []row) {
	var sum tally
	for len(results) > 0 {
		first := results[0]
		n := slices.IndexFunc(results, func(r result) bool { return r.work != first.work || r.transport != first.transport })
		if n < 0 {
			n = len(results)
		}
		printCells(w, peers, results[:n], &sum)
		results = results[n:]
	}
	if len(rows) > 0 {
		printRows(w, rows, &sum)
	}
	fmt.Fprintf(w, "targets: %d met, %d short, %d not measured\n", sum.met, sum.short, sum.unknown)
}

// tally counts verdicts.
type tally struct{ met, short, unknown int }

// add counts a verdict, and gives it back.
func (t *tally) add(v verdict) verdict {
	switch v {
	case met:
		t.met++
	case short:
		t.short++
	default:
		t.unknown++
	}
	return v
}

// against names the peers whose ratio to ours has a column of its own.
var against = []string{"libzmq", drafts, "omq", "raw"}

var titles = map[string]string{
	"thr": "PUSH to PULL over %s, messages/s",
	"lat": "REQ to REP over %s, one way",
}

// title names a table of cells.
func (c cell) title() string {
	if c.transport == "udp" {
		return "RADIO to DISH over udp, messages that arrive/s"
	}
	return fmt.Sprintf(titles[c.work], c.transport)
}

func newTable(w io.Writer) *tabwriter.Writer {
	return tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
}

// writeRow writes fields of which the last is left aligned.
func writeRow(t *tabwriter.Writer, fields []string) {
	last := len(fields) - 1
	fmt.Fprintf(t, "%s\t  %s\n", strings.Join(fields[:last], "\t"), fields[last])
}

func printCells(w io.Writer, peers []program, results []result, sum *tally) {
	fmt.Fprintln(w, results[0].title())
	t := newTable(w)
	head := []string{"size"}
	for _, p := range peers {
		head = append(head, p.name)
		if slices.Contains(against, p.name) {
			head = append(head, "ours/"+p.name)
		}
	}
	writeRow(t, append(head, "target"))
	for _, r := range results {
		writeRow(t, r.fields(peers, sum))
	}
	t.Flush()
	fmt.Fprintln(w)
}

func (r result) fields(peers []program, sum *tally) []string {
	f := []string{bytesName(r.size)}
	for _, p := range peers {
		f = append(f, r.show(r.median[p.name]))
		if slices.Contains(against, p.name) {
			f = append(f, times(r.ratio(p.name)))
		}
	}
	return append(f, r.verdict(sum))
}

// ratio is ours against the peer's, zero where one of them is missing.
func (r result) ratio(peer string) float64 {
	if r.median[peer] == 0 {
		return 0
	}
	return r.median["ours"] / r.median[peer]
}

// verdict lists the bounds of the cell and whether each is kept.
func (r result) verdict(sum *tally) string {
	var parts []string
	for _, l := range r.limits() {
		parts = append(parts, fmt.Sprintf("%s%g %s: %s", r.sign(), l.bound, l.peer, sum.add(r.judge(l))))
	}
	return strings.Join(parts, ", ")
}

// judge tells whether the ratio to a peer keeps a bound.
func (r result) judge(l limit) verdict {
	ratio := r.ratio(l.peer)
	if ratio == 0 {
		return unknown
	}
	return judged(r.holds(ratio, l.bound))
}

func printRows(w io.Writer, rows []row, sum *tally) {
	fmt.Fprintln(w, "other works; the other is libzmq, or what the target says; of the start of a tool it is /bin/true")
	t := newTable(w)
	writeRow(t, []string{"work", "ours", "other", "ours/other", "target"})
	for _, r := range rows {
		writeRow(t, r.fields(sum))
	}
	t.Flush()
	fmt.Fprintln(w)
}

func (r row) fields(sum *tally) []string {
	if r.err != nil {
		sum.add(unknown)
		return []string{r.name, "-", "-", "-", r.target + ": not measured: " + r.err.Error()}
	}
	other := "-"
	if r.median.other > 0 {
		other = r.show(r.median.other)
	}
	return []string{r.name, r.show(r.median.ours), other, times(r.median.ratio()), r.target + ": " + string(sum.add(r.judge(r.median)))}
}

// show writes a value of the cell: messages a second or microseconds.
func (c cell) show(v float64) string {
	switch {
	case v == 0:
		return "-"
	case c.work == "lat":
		return fmt.Sprintf("%.2f µs", v*1e6)
	}
	return si(v)
}

func times(ratio float64) string {
	if ratio == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f×", ratio)
}

// si writes v with a decimal multiple.
func si(v float64) string {
	for _, unit := range []struct {
		factor float64
		letter string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if v >= unit.factor {
			return digits(v/unit.factor) + unit.letter
		}
	}
	return digits(v)
}

// digits writes v, which is below a thousand, with at least three digits.
func digits(v float64) string {
	switch {
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

// bytesName writes a size with a binary multiple, such as 16K.
func bytesName(n int) string {
	switch {
	case n >= mebi && n%mebi == 0:
		return fmt.Sprintf("%dM", n/mebi)
	case n >= kibi && n%kibi == 0:
		return fmt.Sprintf("%dK", n/kibi)
	}
	return fmt.Sprint(n)
}
