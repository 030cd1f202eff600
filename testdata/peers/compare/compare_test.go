package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestChosenTakesWholeNames(t *testing.T) {
	for _, tt := range []struct {
		filter          string
		cells, specials int
	}{
		{"", 70, 70},
		{"tcp/thr", 10, 0},
		{"tcp/thr/1", 1, 0},
		{"tcp/thr/1024", 1, 0},
		{"tcp/thr/1K,inproc/lat/", 4, 0},
		{"allocs,idle", 0, 23},
		{"epgm", 0, 3},
		{"allocs/proxy/queue", 0, 2},
		{"zbench", 0, 3},
		{"tc", 0, 0},
	} {
		cells, specials := chosen(tt.filter)
		if len(cells) != tt.cells || len(specials) != tt.specials {
			t.Errorf("%q: %d cells and %d specials, want %d and %d",
				tt.filter, len(cells), len(specials), tt.cells, tt.specials)
		}
	}
}

func TestVerdict(t *testing.T) {
	for _, tt := range []struct {
		cell   cell
		median map[string]float64
		want   string
	}{
		{cell{"tcp", "thr", 16}, map[string]float64{"ours": 20, "libzmq": 6, "omq": 21},
			"≥3 libzmq: met, ≥1 omq: short"},
		{cell{"ipc", "thr", mebi}, map[string]float64{"ours": 4, "libzmq": 4, "raw": 4},
			"≥1.3 libzmq: short, ≥0.85 raw: met, ≥1 omq: not measured"},
		{cell{"tcp", "lat", 16}, map[string]float64{"ours": 10, "libzmq": 26, "raw": 9, "omq": 10},
			"≤0.6 libzmq: met, ≤1.3 raw: met, ≤1 omq: met"},
		{cell{"inproc", "thr", mebi}, map[string]float64{"ours": 1, "omq": 2},
			"≥1 omq: short"},
		{cell{"curve", "thr", 16}, map[string]float64{"ours": 3, "libzmq": 1},
			"≥2 libzmq: met"},
	} {
		var sum tally
		if got := (result{tt.cell, tt.median}).verdict(&sum); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.cell.name(), got, tt.want)
		}
	}
}

func TestParse(t *testing.T) {
	s, err := parse("10 160 0.5")
	if err != nil || s != (sample{messages: 10, bytes: 160, seconds: 0.5}) {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err = parse("10 160 0.5 7"); err != nil || s.mallocs != 7 {
		t.Errorf("%+v, %v", s, err)
	}
	for _, bad := range []string{"", "ready", "10 160", "0 0 1", "10 160 0"} {
		if _, err := parse(bad); err == nil {
			t.Errorf("%q was taken for a report", bad)
		}
	}
}

func TestNumbers(t *testing.T) {
	for want, got := range map[string]string{
		"21.3M": si(21_345_678), "1.00k": si(1000), "1000k": si(999_999), "64.0": si(64),
		"16K": bytesName(16384), "1M": bytesName(mebi), "100": bytesName(100),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if m := median([]float64{3, 1, 2}); m != 2 {
		t.Errorf("median of three: %v", m)
	}
	if m := median([]float64{4, 1, 2, 3}); m != 2.5 {
		t.Errorf("median of four: %v", m)
	}
}

func TestClockLinesCountsWhatItTimes(t *testing.T) {
	s, err := clockLines(strings.NewReader(strings.Repeat(line, 100_000)), 10, 50_000)
	if err != nil || s.messages < 50_000-256*kibi/len(line) || s.bytes != s.messages*len(line) || s.seconds <= 0 {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := clockLines(strings.NewReader(line), 1, 10); err == nil {
		t.Error("an early end was taken for a run")
	}
}

// Within ten percent is met on both sides.
func TestSameRow(t *testing.T) {
	row := programRow(16)
	for _, tt := range []struct {
		o    outcome
		want verdict
	}{{outcome{100, 100}, met}, {outcome{91, 100}, met}, {outcome{100, 91}, met}, {outcome{89, 100}, short}, {outcome{113, 100}, short}, {outcome{100, 0}, unknown}} {
		if got := row.judge(tt.o); got != tt.want {
			t.Errorf("%v: %v", tt.o, got)
		}
	}
}

func TestReadmeTable(t *testing.T) {
	got := markdown([]result{{cell{"tcp", "thr", 16}, map[string]float64{"ours": 20e6, "libzmq": 5e6}}},
		[]row{{special: cpuRow, median: outcome{50, 200}}, {special: cpuRow, err: errors.New("no compiler")}})
	want := `| measurement | ours | libzmq | ours to libzmq | target |
|---|---|---|---|---|
| tcp/thr/16 | 20.0M | 5.00M | 4.00× | ≥ 3× libzmq: met |
| cpu/thr/16 | 50 ns | 200 ns | 0.25× | ≤ 0.5× libzmq: met |
| cpu/thr/16 | - | - | - | ≤ 0.5× libzmq: not measured: no compiler |
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Every cell that README shows exists.
func TestReadmeCells(t *testing.T) {
	for name := range strings.SplitSeq(readmeCells, ",") {
		if cells, specials := chosen(name); len(cells)+len(specials) == 0 {
			t.Errorf("no cell is named %s", name)
		}
	}
}

// README has these rows, in this order.
func TestReadmeRows(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	table, err := oldTable(string(text))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(table) {
		if fields := strings.Split(line, "|"); len(fields) > 2 && !strings.Contains(tableHead, line) {
			got = append(got, strings.TrimSpace(fields[1]))
		}
	}
	if want := readmeRows(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q; make figures", got, want)
	}
}

func TestCompleted(t *testing.T) {
	line := func(name, figure string) string { return "| " + name + " | " + figure + " | 1 | 1.00× | met |" }
	old := tableHead + line("tcp/thr/16", "1") + "\n" + line("gone", "2") + "\n" + line("idle", "3") + "\n"
	all, kept := completed(tableHead+line("idle", "4")+"\n", old)
	rows := tableRows(all)
	if len(rows) != len(readmeRows()) || kept != 1 || rows["tcp/thr/16"] != line("tcp/thr/16", "1") || rows["idle"] != line("idle", "4") {
		t.Errorf("%d kept, %q", kept, all)
	}
	if !strings.HasSuffix(rows["cpu/thr/16"], "not measured |") {
		t.Errorf("a row that is nowhere: %q", rows["cpu/thr/16"])
	}
}

func TestReplaceTable(t *testing.T) {
	text := "before\n" + tableBegin + "old\n" + tableEnd + "after\n"
	if got, err := replaceTable(text, "new\n"); err != nil || got != strings.Replace(text, "old", "new", 1) {
		t.Errorf("%q, %v", got, err)
	}
	for _, bad := range []string{"", tableBegin, tableEnd + tableBegin} {
		if _, err := replaceTable(bad, "new\n"); err == nil {
			t.Errorf("%q has a place for a table", bad)
		}
	}
}

// A figure that is missing meets no bound, on whichever side it is missing.
func TestNothingMissingIsMet(t *testing.T) {
	c := cell{"tcp", "lat", 16}
	for _, median := range []map[string]float64{{"ours": 1}, {"libzmq": 1}, {}} {
		if got := (result{c, median}).against("libzmq"); !strings.HasSuffix(got, string(unknown)) {
			t.Errorf("%v: %s", median, got)
		}
	}
	_, rows := chosen("")
	for _, r := range rows {
		for _, o := range []outcome{{}, {ours: 1e-9}, {other: 1}} {
			rival := strings.Contains(r.target, "×")
			if rival && r.judge(o) != unknown {
				t.Errorf("%s of %v: %s", r.name, o, r.judge(o))
			}
		}
	}
}

func TestThirds(t *testing.T) {
	var r measuredRun
	if err := json.Unmarshal([]byte(`{"elapsed_ns": 60, "series": [
		{"at_ns": 10, "near": {"memory_bytes": 100}, "far": {"memory_bytes": 100}},
		{"at_ns": 30, "near": {"memory_bytes": 1}, "far": {"memory_bytes": 2}},
		{"at_ns": 50, "near": {"memory_bytes": 2}, "far": {"memory_bytes": 4}}]}`), &r); err != nil {
		t.Fatal(err)
	}
	if o := thirds(r); o != (outcome{6, 3}) {
		t.Errorf("%v", o)
	}
	if o := thirds(measuredRun{Elapsed: 60}); memoryRow.judge(o) != unknown {
		t.Errorf("a run without a series: %v", o)
	}
}

func TestParseMillion(t *testing.T) {
	got, err := parseMillion("BenchmarkMillion/Set-2  1  0 ns/op  120.5 B/prefix  700.0 add-ns  500.0 match-ns  600.0 remove-ns\n")
	if err != nil || got != (topicResult{700e-9, 500e-9, 600e-9, 120.5}) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := parseMillion("PASS"); err == nil {
		t.Error("nothing was taken for figures")
	}
}

// The programs in C can be built, of all their files.
func TestRecipes(t *testing.T) {
	w, err := newWorkshop(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"libzmq", drafts, "cabi"} {
		t.Run(name, func(t *testing.T) {
			if _, err := w.build(t.Context(), name); err != nil {
				if os.Getenv("ZTOOLS_REQUIRE_PEERS") == "1" || !absent(err) {
					t.Fatal(err)
				}
				t.Skip(err)
			}
		})
	}
}

// absent tells whether what a program is built with is not installed here.
func absent(err error) bool {
	text := err.Error()
	return errors.Is(err, exec.ErrNotFound) || strings.Contains(text, "is not there") ||
		strings.Contains(text, "zmq.h") || strings.Contains(text, "-lzmq")
}
