package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ztools/lib/cli"
)

// condition is one --fail-if: a figure that must not change by so much, or not
// pass a value.
type condition struct {
	text    string
	metric  string
	above   bool
	percent bool // the change counts, in percent; otherwise the new value
	bound   float64
}

var conditionForm = regexp.MustCompile(`^\s*(\S+?)\s*([<>])\s*([+-]?[0-9.]+)(%?)\s*$`)

// parseCondition reads 'p99>+10%', 'rate<-5%' or 'lost>0'.
func parseCondition(text string) (condition, error) {
	m := conditionForm.FindStringSubmatch(text)
	if m == nil {
		return condition{}, cli.Usagef("write 'p99>+10%', 'rate<-5%' or 'lost>0'", "--fail-if: cannot read %q", text)
	}
	bound, err := strconv.ParseFloat(m[3], 64)
	if err != nil {
		return condition{}, cli.Usagef("", "--fail-if: %q is no number", m[3])
	}
	return condition{text, m[1], m[2] == ">", m[4] == "%", bound}, nil
}

// change is one figure of one row, then and now.
type change struct {
	Row     string `json:"row"`
	Metric  string `json:"metric"`
	Old     number `json:"old"`
	New     number `json:"new"`
	Percent number `json:"percent"`
	Noise   bool   `json:"noise"` // the runs of both overlap, so the change may be chance
	Verdict string `json:"verdict"`
	oldRuns []float64
	newRuns []float64
}

// The verdicts.
const (
	verdictNoise  = "within noise"
	verdictChange = "changed"
	verdictFail   = "too much"
	verdictAbsent = "unknown" // what a condition asks for is not there
)

// compare reads two reports and tells what changed. It fails where a condition
// holds and the change is more than chance, and where there is a condition but
// nothing to hold it against.
func compare(a *cli.Args) error {
	var conditions []condition
	for _, text := range a.Strings("fail-if") {
		c, err := parseCondition(text)
		if err != nil {
			return err
		}
		conditions = append(conditions, c)
	}
	format := parseFormat(a)
	if err := a.Check(); err != nil {
		return err
	}
	then, err := readReport(a.Words[1])
	if err != nil {
		return err
	}
	now, err := readReport(a.Words[2])
	if err != nil {
		return err
	}
	if then.Kind != now.Kind {
		return cli.Usagef("", "%s measured %s and %s %s", a.Words[1], then.Kind, a.Words[2], now.Kind)
	}
	if then.Environment != now.Environment {
		cli.NewLog(a).At(0, "the two come from different machines or versions")
	}
	doubts := doubtsOf(then, now)
	for _, d := range doubts {
		cli.NewLog(a).At(0, "%s", d)
	}
	changes, err := changesOf(then, now, conditions)
	if err != nil {
		return err
	}
	if err := printChanges(a, changes, format); err != nil {
		return err
	}
	if len(conditions) == 0 {
		return nil
	}
	return failures(changes, doubts)
}

// readReport reads a report of this schema.
func readReport(name string) (*report, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%s is no report of zbench --json: %w", name, err)
	}
	kind := kinds[r.Kind]
	if r.Schema != schema || kind == nil {
		return nil, fmt.Errorf("%s is no report of schema %s", name, schema)
	}
	for i := range r.Results {
		if len(r.Results[i].Runs) == 0 {
			return nil, fmt.Errorf("%s has a result without runs", name)
		}
	}
	r.columns, r.file = kind.columns, name
	return &r, nil
}

// usual are the figures that are compared if a kind has them, besides the first
// after the number of runs, which is its rate.
var usual = []string{"p50", "p99", "p99.9", "first-p50", "cpu-here", "cpu-there", "lost"}

// metric finds a column; rate is the kind's own word for it.
func (r *report) metric(name string) (column, bool) {
	if name == "rate" {
		return r.columns[1], true
	}
	i := slices.IndexFunc(r.columns, func(c column) bool { return c.name == name })
	if i < 0 {
		return column{}, false
	}
	return r.columns[i], true
}

// changesOf goes through the rows that both reports have.
func changesOf(then, now *report, conditions []condition) ([]change, error) {
	names := append([]string{"rate"}, usual...)
	for _, c := range conditions {
		if _, ok := now.metric(c.metric); !ok {
			return nil, cli.Usagef("the figures are the heads of the table's columns", "--fail-if: %s has no %s", now.Kind, c.metric)
		}
		if !slices.Contains(names, c.metric) {
			names = append(names, c.metric)
		}
	}
	var list []change
	for i := range now.Results {
		before := then.row(now.Results[i].cell)
		if before == nil {
			continue
		}
		for _, name := range names {
			if col, ok := now.metric(name); ok {
				c := changeOf(now.Kind, name, col, before, &now.Results[i])
				c.judge(conditions)
				list = append(list, c)
			}
		}
	}
	if len(list) == 0 {
		return nil, errors.New("the two reports have no row in common")
	}
	return list, nil
}

func changeOf(kind, name string, col column, then, now *result) change {
	c := change{Row: now.name(kind), Metric: name, Old: number(col.value(then)), New: number(col.value(now)), oldRuns: runsOf(col, then), newRuns: runsOf(col, now)}
	switch {
	case math.IsNaN(float64(c.Old + c.New)):
		c.Percent = number(math.NaN())
	case c.Old == c.New:
	case c.Old == 0:
		c.Percent = number(math.Inf(1))
	default:
		c.Percent = 100 * (c.New - c.Old) / number(math.Abs(float64(c.Old)))
	}
	c.Noise = overlap(c.oldRuns, c.newRuns)
	return c
}

// runsOf is a figure of each run alone.
func runsOf(col column, r *result) (values []float64) {
	for _, s := range r.Runs {
		one := result{cell: r.cell, Runs: []sample{s}}
		one.sum()
		values = append(values, col.value(&one))
	}
	return values
}

// leastRuns is how many runs each side needs before their scatter says something.
const leastRuns = 3

// overlap tells whether the middle halves of both sides' runs have a value in
// common. With few runs nothing is known of the noise, and a change is a change.
func overlap(a, b []float64) bool {
	if len(a) < leastRuns || len(b) < leastRuns {
		return false
	}
	return quantile(a, 0.25) <= quantile(b, 0.75) && quantile(b, 0.25) <= quantile(a, 0.75)
}

// judge says what a change means.
func (c *change) judge(conditions []condition) {
	switch {
	case c.Old == c.New || math.IsNaN(float64(c.Percent)):
		c.Verdict = ""
	case c.Noise:
		c.Verdict = verdictNoise
	default:
		c.Verdict = verdictChange
	}
	for _, cond := range conditions {
		switch value := cond.of(c); {
		case cond.metric != c.Metric:
		case math.IsNaN(value):
			c.Verdict = verdictAbsent
		case cond.holds(value) && !(cond.percent && c.Noise):
			c.Verdict = verdictFail
		}
	}
}

// of is the value that a condition is about.
func (cond condition) of(c *change) float64 {
	if cond.percent {
		return float64(c.Percent)
	}
	return float64(c.New)
}

func (cond condition) holds(value float64) bool {
	if cond.above {
		return value > cond.bound
	}
	return value < cond.bound
}

// doubtsOf are the reasons why two reports do not compare as they should.
func doubtsOf(then, now *report) (list []string) {
	say := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	for _, r := range []*report{then, now} {
		for i := range r.Results {
			if why := r.Results[i].partial(); why != "" {
				say("%s of %s is partial: %s", r.Results[i].name(r.Kind), r.file, why)
			}
		}
	}
	for i := range then.Results {
		if now.row(then.Results[i].cell) == nil {
			say("%s has no %s", now.file, then.Results[i].name(then.Kind))
		}
	}
	for _, o := range then.Options.unlike(now.Options) {
		say("the options differ: %s", o)
	}
	return list
}

// row is the result of a cell; nil if there is none.
func (r *report) row(c cell) *result {
	i := slices.IndexFunc(r.Results, func(res result) bool { return res.cell == c })
	if i < 0 {
		return nil
	}
	return &r.Results[i]
}

// unlike tells which options differ that decide what is measured. How long and how
// often may differ.
func (s settings) unlike(o settings) (list []string) {
	place := func(ends string) string { // whatever the address
		before, _, _ := strings.Cut(ends, " at ")
		return before
	}
	for _, of := range []struct {
		name      string
		then, now any
	}{
		{"ends", place(s.Ends), place(o.Ends)}, {"senders", s.Senders, o.Senders}, {"receivers", s.Receivers, o.Receivers},
		{"clients", s.Clients, o.Clients}, {"subs", s.Subs, o.Subs}, {"parallel", s.Parallel, o.Parallel}, {"every_ns", s.Every, o.Every},
		{"socket_options", fmt.Sprint(s.Sockets), fmt.Sprint(o.Sockets)},
	} {
		if of.then != of.now {
			list = append(list, fmt.Sprintf("%s %v, then %v", of.name, of.then, of.now))
		}
	}
	return list
}

func printChanges(a *cli.Args, changes []change, format string) error {
	if format == "json" {
		enc := json.NewEncoder(a.Out)
		enc.SetIndent("", "  ")
		return enc.Encode(changes)
	}
	rows := [][]string{{"row", "figure", "old", "new", "change%", "verdict"}}
	for _, c := range changes {
		if math.IsNaN(float64(c.Old)) && math.IsNaN(float64(c.New)) && c.Verdict == "" {
			continue
		}
		rows = append(rows, []string{c.Row, c.Metric, figureText(float64(c.Old), 1), figureText(float64(c.New), 1), c.percent(), c.Verdict})
	}
	return printRows(a.Out, rows, format)
}

// percent is the change for people; infinite if there was none of it before.
func (c *change) percent() string {
	if math.IsNaN(float64(c.Percent)) {
		return "-"
	}
	return fmt.Sprintf("%+.1f", c.Percent)
}

// failures is the error of changes that are too much, or that nobody can know.
func failures(changes []change, doubts []string) error {
	var list []string
	for _, c := range changes {
		switch c.Verdict {
		case verdictFail:
			list = append(list, fmt.Sprintf("%s of %s by %s%%", c.Metric, c.Row, c.percent()))
		case verdictAbsent:
			doubts = append(doubts, fmt.Sprintf("%s of %s is not known", c.Metric, c.Row))
		}
	}
	switch {
	case len(list) > 0:
		return fmt.Errorf("changed too much: %s", strings.Join(append(list, doubts...), "; "))
	case len(doubts) > 0:
		return fmt.Errorf("cannot tell whether it changed too much: %s", strings.Join(doubts, "; "))
	}
	return nil
}
