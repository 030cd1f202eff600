package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"ztools/lib/cli"
)

// schema names the form of the JSON report, which the manual page documents. It
// changes when a reader of the old form would misread the new one.
const schema = "zbench/1"

// report is everything about one invocation.
type report struct {
	Schema      string      `json:"schema"`
	Kind        string      `json:"kind"`
	Title       string      `json:"title"`
	Time        time.Time   `json:"time"`
	Environment environment `json:"environment"`
	Options     settings    `json:"options"`
	Notes       []string    `json:"notes"`
	Results     []result    `json:"results"`

	columns []column
	file    string // it was read from
}

// environment is where the figures come from.
type environment struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	Kernel  string `json:"kernel,omitempty"`
	CPU     string `json:"cpu,omitempty"`
	CPUs    int    `json:"cpus"`
}

// settings are what the command line asked for.
type settings struct {
	Ends      string        `json:"ends"` // two processes, one process, or an endpoint
	Senders   int           `json:"senders"`
	Receivers int           `json:"receivers"`
	Clients   int           `json:"clients"`
	Subs      int           `json:"subs"`
	Parallel  int           `json:"parallel"`
	Every     time.Duration `json:"every_ns"` // between two messages of the schedule; 0: none
	Count     int64         `json:"count"`
	Duration  time.Duration `json:"duration_ns"`
	WarmCount int64         `json:"warmup_count"`
	WarmUp    time.Duration `json:"warmup_ns"`
	Runs      int           `json:"runs"`
	Sockets   []string      `json:"socket_options"`
}

func newReport(c *config, began time.Time, results []result) *report {
	r := &report{
		Schema: schema, Kind: c.word, Time: began.UTC().Truncate(time.Second), Environment: environmentNow(), Options: c.settings(),
		Results: results, columns: c.columns, Notes: []string{},
	}
	r.Title = fmt.Sprintf("%s; %s; warm-up of %s left out", c.what, r.Options.Ends, c.warm)
	for i := range results {
		r.Notes = append(r.Notes, c.notes(&results[i])...)
	}
	return r
}

// String is a length for people.
func (l length) String() string {
	if l.count > 0 {
		return fmt.Sprint(l.count)
	}
	return l.time.String()
}

func (c *config) settings() settings {
	s := settings{
		Ends: "both ends here, in two processes", Senders: c.senders, Receivers: c.receivers, Clients: c.clients, Subs: c.subs,
		Parallel: c.parallel, Every: c.every, Count: c.length.count, Duration: c.length.time,
		WarmCount: c.warm.count, WarmUp: c.warm.time, Runs: c.runs, Sockets: []string{},
	}
	switch {
	case c.to != nil:
		s.Ends = "the other end at " + addresses(c.to)
	case c.together:
		s.Ends = "both ends in this process"
	}
	for _, o := range c.options {
		s.Sockets = append(s.Sockets, o.Name+"="+o.Value)
	}
	return s
}

func environmentNow() environment {
	return environment{
		Version: cli.Version(), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(),
		Kernel: firstLine("/proc/sys/kernel/osrelease"), CPU: processor(),
	}
}

// firstLine is the first line of a file, or nothing where there is none.
func firstLine(name string) string {
	text, _ := os.ReadFile(name)
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

// processor is what Linux calls the processor; nothing elsewhere.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	_, rest, _ := strings.Cut(string(text), "model name\t: ")
	name, _, _ := strings.Cut(rest, "\n")
	return name
}

// notes are what a reader of a row should know.
func (c *config) notes(r *result) (list []string) {
	name := r.name(c.word)
	say := func(format string, args ...any) { list = append(list, name+": "+fmt.Sprintf(format, args...)) }
	if why := r.partial(); why != "" {
		say("partial: %s", why)
	}
	var all slip
	for _, s := range r.Runs {
		if s.Slip != nil {
			all.add(*s.Slip)
		}
	}
	if all.Late > 0 {
		say("the schedule slipped: %d of %d messages left more than %v late, the worst by %v", all.Late, all.Planned, slipLimit, all.Worst.Round(time.Microsecond))
	}
	for _, n := range r.outliers() {
		say("run %d is far from the others: is something else running?", n)
	}
	if n := r.total(func(s sample) int64 { return s.Tally.Lost }); n > 0 && c.word != "fanout" {
		say("%d %s lost", n, cli.Plural(int(n), "message"))
	}
	return list
}

// print writes the report in one of the formats, empty for a table, with one call,
// so that two programs on one terminal do not mix their tables.
func (r *report) print(w io.Writer, format string) error {
	var text bytes.Buffer
	var err error
	switch format {
	case "json":
		enc := json.NewEncoder(&text)
		enc.SetIndent("", "  ")
		err = enc.Encode(r)
	case "":
		text.WriteString("# " + r.Title + "\n")
		fallthrough
	default:
		err = printRows(&text, r.rows(), format)
	}
	if err != nil {
		return err
	}
	_, err = w.Write(text.Bytes())
	return err
}

// printRows writes rows of which the first is the head.
func printRows(w io.Writer, rows [][]string, format string) error {
	switch format {
	case "csv":
		out := csv.NewWriter(w)
		if err := out.WriteAll(rows); err != nil {
			return err
		}
		return out.Error()
	case "markdown":
		return printMarkdown(w, rows)
	}
	return printTable(w, rows)
}

// rows are the head of the table and a row for each cell.
func (r *report) rows() [][]string {
	columns := r.columns
	if len(r.Results) > 1 {
		columns = append(slices.Clone(columns), relative(&r.Results[0]))
	}
	head := []string{"transport", "mechanism", "bytes"}
	for _, col := range columns {
		head = append(head, col.name)
	}
	rows := [][]string{append(head, "state")}
	for i := range r.Results {
		res := &r.Results[i]
		row := []string{res.Transport, res.Mechanism, fmt.Sprint(res.Bytes)}
		for _, col := range columns {
			row = append(row, col.text(res))
		}
		state := "whole"
		if res.partial() != "" {
			state = "partial"
		}
		rows = append(rows, append(row, state))
	}
	return rows
}

func printTable(w io.Writer, rows [][]string) error {
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	for _, row := range rows {
		fmt.Fprintln(table, strings.Join(row, "\t")+"\t")
	}
	return table.Flush()
}

func printMarkdown(w io.Writer, rows [][]string) error {
	for i, row := range rows {
		if _, err := fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | ")); err != nil {
			return err
		}
		if i == 0 {
			if _, err := fmt.Fprintf(w, "|%s\n", strings.Repeat(" --- |", len(row))); err != nil {
				return err
			}
		}
	}
	return nil
}
