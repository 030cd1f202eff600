package main

import (
	"errors"
	"strings"
	"testing"
)

func TestChosenTakesWholeNames(t *testing.T) {
	for _, tt := range []struct {
		filter          string
		cells, specials int
	}{
		{"", 70, 26},
		{"tcp/thr", 10, 0},
		{"tcp/thr/1", 1, 0},
		{"tcp/thr/1024", 1, 0},
		{"tcp/thr/1K,inproc/lat/", 4, 0},
		{"allocs,idle", 0, 7},
		{"epgm", 0, 2},
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
	row := sameRow(16)
	for _, tt := range []struct {
		o    outcome
		want bool
	}{{outcome{100, 100}, true}, {outcome{91, 100}, true}, {outcome{100, 91}, true}, {outcome{89, 100}, false}, {outcome{113, 100}, false}, {outcome{100, 0}, false}} {
		if got := row.met(tt.o); got != tt.want {
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
