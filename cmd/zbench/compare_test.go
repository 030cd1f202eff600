package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ztools/lib/cli"
)

// madeReport is a report whose runs have these p99s, in µs.
func madeReport(t *testing.T, p99s ...int) string {
	t.Helper()
	return written(t, report{Results: []result{madeResult(16, p99s...)}})
}

func madeResult(bytes int, p99s ...int) result {
	res := result{cell: cell{"tcp", "null", bytes}}
	for _, us := range p99s {
		s := sample{Messages: 100, Elapsed: time.Second, Rate: 100, Latency: newSpectrum()}
		for range 98 {
			s.Latency.record(20 * time.Microsecond)
		}
		s.Latency.record(time.Duration(us) * time.Microsecond)
		s.Latency.record(time.Duration(us) * time.Microsecond)
		res.Runs = append(res.Runs, s)
	}
	res.sum()
	return res
}

// written is the file of a report of latencies.
func written(t *testing.T, r report) string {
	t.Helper()
	r.Schema, r.Kind = schema, "lat"
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func zbench(args ...string) (status int, out, errs string) {
	var stdout, stderr bytes.Buffer
	status = newTool().Main(append([]string{"zbench"}, args...), cli.Stdio{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
	return status, stdout.String(), stderr.String()
}

func TestCompare(t *testing.T) {
	steady := madeReport(t, 100, 103, 98, 101, 99)
	for _, tt := range []struct {
		name, other, condition string
		status                 int
		verdict                string
	}{
		{"a regression", madeReport(t, 150, 148, 155, 151, 149), "p99>+10%", 1, verdictFail},
		{"within the limit", madeReport(t, 150, 148, 155, 151, 149), "p99>+60%", 0, verdictChange},
		{"better", madeReport(t, 50, 48, 55, 51, 49), "p99>+10%", 0, verdictChange},
		{"noise", madeReport(t, 99, 180, 170, 97, 102), "p99>+1%", 0, verdictNoise},
		{"one run each is no noise", madeReport(t, 150), "p99>+10%", 1, verdictFail},
		{"an absolute bound", madeReport(t, 150, 148, 155, 151, 149), "p99>120", 1, verdictFail},
		{"another figure", madeReport(t, 150, 148, 155, 151, 149), "rate<-5%", 0, verdictChange},
	} {
		status, out, errs := zbench("compare", steady, tt.other, "--fail-if", tt.condition)
		if status != tt.status || !strings.Contains(out, tt.verdict) || tt.status != 0 && !strings.Contains(errs, "p99 of lat over tcp, 16 B by +") {
			t.Errorf("%s: status %d\n%s%s", tt.name, status, out, errs)
		}
	}
}

// A gate that has nothing to judge by does not let the change pass. Without a
// condition it is only told.
func TestCompareGate(t *testing.T) {
	good, other := madeResult(16, 100), madeResult(1024, 100)
	partial := madeResult(16, 100)
	partial.Runs[0].Partial = "nothing came"
	untimed := result{cell: good.cell, Runs: []sample{{Messages: 100, Elapsed: time.Second, Rate: 100}}}
	then := written(t, report{Results: []result{good, other}})
	for _, tt := range []struct {
		name string
		now  report
		told string
	}{
		{"the same", report{Results: []result{good, other}}, ""},
		{"one row more", report{Results: []result{good, other, madeResult(1, 100)}}, ""},
		{"a row is missing", report{Results: []result{good}}, " has no lat over tcp, 1.0 KiB"},
		{"a row is partial", report{Results: []result{partial, other}}, " is partial: nothing came"},
		{"more clients", report{Results: []result{good, other}, Options: settings{Clients: 4}}, "the options differ: clients 0, then 4"},
		{"other queues", report{Results: []result{good, other}, Options: settings{Sockets: []string{"sndhwm=1"}}}, "socket_options [], then [sndhwm=1]"},
		{"another place", report{Results: []result{good, other}, Options: settings{Ends: "the other end at tcp://a:1"}}, "the options differ: ends "},
		{"longer", report{Results: []result{good, other}, Options: settings{Count: 1000, Runs: 5}}, ""},
	} {
		now := written(t, tt.now)
		if status, _, errs := zbench("compare", then, now); status != 0 || !strings.Contains(errs, tt.told) {
			t.Errorf("%s, without a condition: status %d, %s", tt.name, status, errs)
		}
		status, _, errs := zbench("compare", then, now, "--fail-if", "p99>+10%", "-q")
		if want := min(len(tt.told), 1); status != want || want != strings.Count(errs, "zbench: error: cannot tell whether it changed too much: ") || !strings.Contains(errs, tt.told) {
			t.Errorf("%s: status %d, want %d; %s", tt.name, status, want, errs)
		}
	}
	bare := written(t, report{Results: []result{untimed, other}})
	status, out, errs := zbench("compare", then, bare, "--fail-if", "p99>+10%")
	if status != 1 || !strings.Contains(out, verdictAbsent) || !strings.Contains(errs, "p99 of lat over tcp, 16 B is not known") {
		t.Errorf("a figure is missing: status %d\n%s%s", status, out, errs)
	}
	status, out, errs = zbench("compare", then, bare, "--json")
	var changes []map[string]any
	if err := json.Unmarshal([]byte(out), &changes); status != 0 || err != nil || errs != "" {
		t.Fatalf("status %d, %v, %s", status, err, errs)
	}
	if c := changes[1]; c["metric"] != "p50" || c["old"] == nil || c["new"] != nil || c["percent"] != nil {
		t.Errorf("%v", c)
	}
}

// What was never lost before and is now has changed without measure.
func TestCompareFromNothing(t *testing.T) {
	now := madeResult(16, 100)
	now.Runs[0].Tally.Lost = 3
	status, out, errs := zbench("compare", madeReport(t, 100), written(t, report{Results: []result{now}}), "--fail-if", "lost>+5%", "--json")
	if status != 1 || !strings.Contains(errs, "lost of lat over tcp, 16 B by +Inf%") || !strings.Contains(out, `"percent": null`) {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
}

func TestCompareRefuses(t *testing.T) {
	good := madeReport(t, 100)
	write := func(text string) string {
		name := filepath.Join(t.TempDir(), "x.json")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for _, tt := range []struct {
		status int
		args   []string
	}{
		{2, []string{good, good, "--fail-if", "p99"}},
		{2, []string{good, good, "--fail-if", "p98>+1%"}},
		{2, []string{good, good, "--fail-if", "p99>+1..0%"}},
		{2, []string{good}},
		{1, []string{good, "nowhere.json"}},
		{1, []string{good, write("{")}},
		{1, []string{good, write(`{"schema":"zbench/9","kind":"lat"}`)}},
		{1, []string{good, write(`{"schema":"zbench/1","kind":"lat","results":[{}]}`)}},
		{1, []string{good, write(`{"schema":"zbench/1","kind":"lat","results":[{"bytes":17,"runs":[{}]}]}`)}},
		{2, []string{good, write(`{"schema":"zbench/1","kind":"thr","results":[{"runs":[{}]}]}`)}},
	} {
		status, out, errs := zbench(append([]string{"compare"}, tt.args...)...)
		if status != tt.status || out != "" || !strings.HasPrefix(errs, "zbench: ") {
			t.Errorf("%v: status %d, %q, %q", tt.args, status, out, errs)
		}
	}
}

func TestOverlap(t *testing.T) {
	for _, tt := range []struct {
		a, b []float64
		want bool
	}{
		{[]float64{1, 2, 3}, []float64{2, 3, 4}, true},
		{[]float64{1, 2, 3}, []float64{7, 8, 9}, false},
		{[]float64{1, 2, 100}, []float64{40, 50, 60}, true},
		{[]float64{1, 2}, []float64{1, 2}, false},
	} {
		if got := overlap(tt.a, tt.b); got != tt.want || overlap(tt.b, tt.a) != got {
			t.Errorf("%v and %v: %v", tt.a, tt.b, got)
		}
	}
}

func TestColumns(t *testing.T) {
	for word, k := range kinds {
		seen := map[string]bool{}
		for _, c := range k.columns {
			if seen[c.name] {
				t.Errorf("%s has two columns %s", word, c.name)
			}
			seen[c.name] = true
		}
		if name := k.columns[1].name; !strings.HasSuffix(name, "/s") {
			t.Errorf("the second column of %s is %s, but compare takes it for the rate", word, name)
		}
	}
}
