package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"ztools/lib/cli"
	"ztools/lib/cli/clitest"
)

func TestMain(m *testing.M) { clitest.Main(m, newTool()) }

func TestScripts(t *testing.T) { clitest.Scripts(t, newTool()) }

func TestManual(t *testing.T) { clitest.Manual(t, newTool()) }

func TestExamples(t *testing.T) {
	clitest.Examples(t, newTool(), func(string) bool { return false })
}

// Each kind over each transport measures as many messages as were asked for,
// in each run.
func TestCounts(t *testing.T) {
	for _, kind := range []string{"thr", "lat"} {
		var out, errs bytes.Buffer
		args := []string{"zbench", kind, "-n", "200", "--runs", "2", "--size", "0,16,5k", "--transport", "tcp,ipc,inproc", "--json"}
		status := newTool().Main(args, cli.Stdio{In: strings.NewReader(""), Out: &out, Err: &errs})
		if status != 0 || errs.Len() > 0 {
			t.Fatalf("%s: status %d, %s", kind, status, errs.String())
		}
		var got report
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if got.Kind != kind || len(got.Results) != 9 || !strings.Contains(got.Note, "both ends in this process") {
			t.Fatalf("%s: %+v", kind, got)
		}
		for _, r := range got.Results {
			if len(r.Runs) != 2 || r.Runs[0].Messages != 200 || r.Runs[1].Messages != 200 || r.Rate <= 0 {
				t.Errorf("%s: %+v", kind, r)
			}
			if kind == "lat" && !(r.RTT["min"] > 0 && r.RTT["min"] <= r.RTT["p50"] && r.RTT["p50"] <= r.RTT["p99.99"] && r.RTT["p99.99"] <= r.RTT["max"]) {
				t.Errorf("percentiles out of order: %v", r.RTT)
			}
		}
	}
}

// repeat counts steps, or looks at the clock every so many.
func TestRepeat(t *testing.T) {
	steps := int64(0)
	step := func() error { steps++; return nil }
	if s, err := repeat(step, 7, 0, 64); err != nil || s.messages != 7 || steps != 7 {
		t.Errorf("count: %+v, %v", s, err)
	}
	if s, err := repeat(step, 0, time.Nanosecond, 5); err != nil || s.messages%5 != 0 || s.messages == 0 {
		t.Errorf("duration: %+v, %v", s, err)
	}
	if s, err := repeat(step, 0, 0, 5); err != nil || s.messages != 0 {
		t.Errorf("nothing: %+v, %v", s, err)
	}
}

func TestMedianAndSpread(t *testing.T) {
	r := result{}
	for _, n := range []int64{300, 100, 200} {
		h := hdrhistogram.New(1, longest, digits)
		if err := h.RecordValue(n); err != nil {
			t.Fatal(err)
		}
		r.runs = append(r.runs, sample{messages: n, elapsed: time.Second, rtt: h})
	}
	if r.median().messages != 200 || r.spread() != 100 {
		t.Errorf("median %d, spread %v", r.median().messages, r.spread())
	}
	if all := r.rtts(); all.TotalCount() != 3 || all.Min() != 100 || all.Max() != 300 {
		t.Errorf("together: %d values from %d to %d", all.TotalCount(), all.Min(), all.Max())
	}
}
