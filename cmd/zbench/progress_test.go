package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ztools/lib/cli"
)

// On a terminal one line tells the phase and how fast it goes. It makes room for
// what else is told, and goes away.
func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := newProgress(&cli.Stream{Writer: &out, TTY: true}, false)
		r := &run{config: &config{word: "lat", runs: 2}, cell: cell{"tcp", "curve", 16}, number: 1}
		p.phase(r, "warm-up")
		p.phase(r, "measuring")
		r.gauge.add(1000)
		time.Sleep(redraw + redraw/4)
		synctest.Wait()
		p.aside(func() { fmt.Fprintln(&out, "a note") })
		p.close()
		const erase = "\r\x1b[K"
		want := strings.Join([]string{
			"", "lat over tcp, 16 B, curve, run 1 of 2: warm-up", "lat over tcp, 16 B, curve, run 1 of 2: measuring",
			"lat over tcp, 16 B, curve, run 1 of 2: measuring, 5k/s", "a note\n", "",
		}, erase)
		if out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	})
	for _, quiet := range []bool{true, false} {
		var out bytes.Buffer
		p := newProgress(&cli.Stream{Writer: &out, TTY: quiet}, quiet)
		p.phase(&run{config: &config{}}, "warm-up")
		p.close()
		if out.Len() > 0 {
			t.Errorf("quiet %v: %q", quiet, &out)
		}
	}
}

// The notes below a table: what slipped, who is far from the others, what was lost.
func TestNotes(t *testing.T) {
	r := runsOfRates(100, 101, 99, 100, 40)
	r.Runs[0].Slip = &slip{Planned: 10, Late: 2, Worst: 3 * time.Millisecond}
	r.Runs[1].Slip = &slip{Planned: 20, Late: 1, Worst: 5 * time.Millisecond}
	r.Runs[1].Tally.Lost = 1
	want := []string{
		"load over tcp, 16 B: the schedule slipped: 3 of 30 messages left more than 1ms late, the worst by 5ms",
		"load over tcp, 16 B: run 5 is far from the others: is something else running?",
		"load over tcp, 16 B: 1 message lost",
	}
	if got := (&config{word: "load"}).notes(&r); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := (&config{word: "fanout"}).notes(&r); len(got) != 2 {
		t.Errorf("losses of a PUB are no news: %q", got)
	}
}

// A rate that nobody can keep slips, which is told and counted.
func TestScheduleThatSlips(t *testing.T) {
	status, out, errs := zbench("load", "--rate", "1G", "-n", "50k", "--csv", "--inproc", "--transport", "inproc")
	if status != 0 || !strings.Contains(errs, "load over inproc, 16 B: the schedule slipped: ") {
		t.Errorf("status %d, %q, %q", status, out, errs)
	}
	lines := strings.Split(out, "\n")
	at := slices.Index(strings.Split(lines[0], ","), "late")
	if late := strings.Split(lines[1], ",")[at]; late == "0" {
		t.Errorf("%s late\n%s", late, out)
	}
}
