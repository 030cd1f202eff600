package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// These rows stand on zbench for ours, with both of its ends, and on the modes of
// c/many.c for libzmq.

// figures is what is read of zbench's report (man zbench, OUTPUT).
type figures struct {
	Environment struct {
		OS, Kernel, CPU, Go string
		CPUs                int
	}
	Results []struct {
		Rate    float64
		Latency struct{ NS map[string]float64 }
		Runs    []measuredRun
	}
}

type measuredRun struct {
	Elapsed   float64 `json:"elapsed_ns"`
	Near, Far usage
	Series    []struct {
		At        float64 `json:"at_ns"`
		Near, Far usage
	}
}

// usage is of one end.
type usage struct {
	CPU       float64 `json:"cpu_ns_per_message"`
	Memory    float64 `json:"memory_bytes"`
	Cycles    float64 `json:"gc_cycles"`
	LongestGC float64 `json:"longest_gc_ns"`
}

// zbench runs the tool once and returns its figures.
func (b *bench) zbench(ctx context.Context, args ...string) (figures, error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	return b.zbenchFor(ctx, args...)
}

// zbenchFor is zbench, for as long as ctx lasts.
func (b *bench) zbenchFor(ctx context.Context, args ...string) (figures, error) {
	path, err := b.tool(ctx, "zbench")
	if err != nil {
		return figures{}, err
	}
	cmd := exec.CommandContext(ctx, path, append(args, "--json", "-q")...)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if text, _, _ := strings.Cut(strings.TrimSpace(complaint.String()), "\n"); err != nil && text != "" {
		return figures{}, errors.New(text) // the hint is left out: a row has one line
	} else if err != nil {
		return figures{}, fmt.Errorf("zbench %s: %w", args[0], err)
	}
	var f figures
	if err := json.Unmarshal(out, &f); err != nil || len(f.Results) == 0 || len(f.Results[0].Runs) == 0 {
		return figures{}, fmt.Errorf("zbench %s gave no figures: %w", strings.Join(args, " "), err)
	}
	return f, nil
}

// tool builds one of the module's tools.
func (b *bench) tool(ctx context.Context, name string) (string, error) {
	path := filepath.Join(b.bin, name)
	return path, b.workshop.run(ctx, b.root, nil, "go", "build", "-o", path, "./cmd/"+name)
}

// contest is a row of ours against libzmq: ours by zbench, the other as a work
// that takes so many messages.
func contest(name string, bound float64, args []string, other func(b *bench, ctx context.Context, n int) (sample, error)) special {
	return special{
		name: name, target: fmt.Sprintf("≥ %g× libzmq", bound),
		measure: func(b *bench, ctx context.Context) (outcome, error) {
			f, err := b.zbench(ctx, append(args, "--duration", b.length.String())...)
			if err != nil {
				return outcome{}, err
			}
			s, err := b.calibrated(func(n int) (sample, error) { return other(b, ctx, n) })
			return outcome{f.Results[0].Rate, s.perSecond()}, err
		},
		judge: least(bound), show: si,
	}
}

// side is one process of libzmq's in a row.
type side struct {
	mode     string
	size, n  bool // takes SIZE COUNT
	more     []string
	measures bool
}

// libzmq runs the sides in their order, the first of which binds, and returns what
// the measuring one reports.
func (b *bench) libzmq(ctx context.Context, size, n int, endpoint string, sides ...side) (sample, error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	p, err := b.program(ctx, "libzmq")
	if err != nil {
		return sample{}, err
	}
	var measuring *process
	for i, s := range sides {
		args := []string{s.mode, endpoint}
		if s.size {
			args = append(args, strconv.Itoa(size))
		}
		if s.n {
			args = append(args, strconv.Itoa(n))
		}
		proc, err := start(ctx, p.path, append(args, s.more...)...)
		if err != nil {
			return sample{}, err
		}
		defer proc.end()
		if i == 0 {
			if err := proc.expect("ready"); err != nil {
				return sample{}, err
			}
		}
		if s.measures {
			measuring = proc
		}
	}
	line, ok := <-measuring.lines
	if !ok {
		return sample{}, measuring.err
	}
	return parse(line)
}

// through is libzmq with messages of one size between two or more sides.
func through(size int, sides ...side) func(*bench, context.Context, int) (sample, error) {
	return func(b *bench, ctx context.Context, n int) (sample, error) {
		endpoint, err := b.endpoint("tcp")
		if err != nil {
			return sample{}, err
		}
		return b.libzmq(ctx, size, n, endpoint, sides...)
	}
}

// fans is how many sockets are at the wide end of fan-in and fan-out.
const fans = "32"

var manyWorks = []special{
	contest("fanin/32/16", 1.5, []string{"thr", "--senders", fans, "--size", "16"},
		through(16, side{mode: "thr-recv", size: true, n: true, measures: true}, side{mode: "fanin-send", size: true, n: true, more: []string{fans}})),
	contest("fanout/32/16", 1.5, []string{"thr", "--receivers", fans, "--size", "16"},
		through(16, side{mode: "fanout-send", size: true}, side{mode: "fanout-recv", size: true, n: true, more: []string{fans}, measures: true})),
	connectRow(1000, "null", "tcp"), connectRow(10_000, "null", "tcp"), connectRow(1000, "curve", "curve"),
	peersRow(1000), peersRow(10_000),
	steadyRow("steady/20k", false), steadyRow("steady/20k/busy", true),
	cpuRow,
}

// connectRow makes many connections at once, each with a first round trip.
func connectRow(n int, mechanism, transport string) special {
	count := strconv.Itoa(n)
	name := "connect/" + count
	if mechanism != "null" {
		name = "connect/" + mechanism + "/" + count
	}
	return special{
		name: name, target: "≥ 1× libzmq",
		measure: func(b *bench, ctx context.Context) (outcome, error) {
			f, err := b.zbench(ctx, "connect", "--count", count, "--parallel", count, "--mechanism", mechanism)
			if err != nil {
				return outcome{}, err
			}
			rate, err := b.connectLibzmq(ctx, n, transport)
			return outcome{f.Results[0].Rate, rate}, err
		},
		judge: least(1),
		show:  func(v float64) string { return si(v) + "/s" },
	}
}

// connectLibzmq is how many connections libzmq makes in a second. It takes two
// descriptors for each socket: if one process may not have so many, two that begin at
// the same time have half of the sockets each, and the slower one counts.
func (b *bench) connectLibzmq(ctx context.Context, n int, transport string) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	p, err := b.program(ctx, "libzmq")
	if err != nil {
		return 0, err
	}
	endpoint, err := b.endpoint(transport)
	if err != nil {
		return 0, err
	}
	server, err := start(ctx, p.path, "echo", endpoint)
	if err != nil {
		return 0, err
	}
	defer server.end()
	if err := server.expect("ready"); err != nil {
		return 0, err
	}
	processes := 1
	if openFiles() < 2*n+others {
		processes = 2
	}
	var clients []*process
	for range processes {
		c, err := start(ctx, p.path, "connect", endpoint, strconv.Itoa(n/processes))
		if err != nil {
			return 0, err
		}
		defer c.end()
		clients = append(clients, c)
	}
	slowest := 0.0
	for _, c := range clients {
		line, ok := <-c.lines
		if !ok {
			return 0, c.err
		}
		s, err := parse(line)
		if err != nil {
			return 0, err
		}
		slowest = max(slowest, s.seconds)
	}
	return float64(n) / slowest, nil
}

// peersRow compares throughput from many connected senders with that from one, once
// they have filled the kernel's buffers, up to 4 MiB each: meanwhile they send far more
// than is received, and what is measured is their filling.
func peersRow(n int) special {
	const bound = 0.7
	fill := 3*time.Second + time.Duration(n)*time.Millisecond
	return special{
		name: fmt.Sprintf("peers/%d", n), target: fmt.Sprintf("≥ %g× one peer", bound),
		measure: func(b *bench, ctx context.Context) (outcome, error) {
			rate := func(senders int) (float64, error) {
				f, err := b.zbench(ctx, "thr", "--size", "16", "--senders", strconv.Itoa(senders),
					"--warmup", fill.String(), "--duration", b.length.String(), "--idle", runLimit.String())
				if err != nil {
					return 0, err
				}
				return f.Results[0].Rate, nil
			}
			many, err := rate(n)
			if err != nil {
				return outcome{}, err
			}
			one, err := rate(1)
			return outcome{many, one}, err
		},
		judge: least(bound), show: si,
	}
}

// steadyRow compares p99.9 of round trips at a fixed rate, from when each was due;
// busy is with a stream of messages beside it that takes all processors.
func steadyRow(name string, busy bool) special {
	return special{
		name: name, target: "p99.9 ≤ 1× libzmq",
		measure: func(b *bench, ctx context.Context) (outcome, error) {
			n, rate := b.steadyCount(), strconv.Itoa(steadyRate)
			if busy {
				end, err := b.burn(ctx)
				if err != nil {
					return outcome{}, err
				}
				defer end()
			}
			f, err := b.zbench(ctx, "load", "--rate", rate, "-n", n)
			if err != nil {
				return outcome{}, err
			}
			other, err := b.steadyLibzmq(ctx, n, rate)
			return outcome{f.Results[0].Latency.NS["p99.9"] / 1e9, other}, err
		},
		judge: most(1),
		show:  func(v float64) string { return fmt.Sprintf("%.1f µs", v*1e6) },
	}
}

// Requests of a steady rate: p99.9 stands on a hundred of so many at least.
const (
	steadyRate  = 20_000
	steadyLeast = 100_000
)

// steadyCount is how many requests are measured.
func (b *bench) steadyCount() string {
	return strconv.Itoa(max(steadyLeast, int(steadyRate*b.length.Seconds())))
}

// steadyLibzmq is libzmq's p99.9 in seconds.
func (b *bench) steadyLibzmq(ctx context.Context, n, rate string) (p999 float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	p, err := b.program(ctx, "libzmq")
	if err != nil {
		return 0, err
	}
	endpoint, err := b.endpoint("tcp")
	if err != nil {
		return 0, err
	}
	server, err := start(ctx, p.path, "echo", endpoint)
	if err != nil {
		return 0, err
	}
	defer server.end()
	if err := server.expect("ready"); err != nil {
		return 0, err
	}
	client, err := start(ctx, p.path, "load", endpoint, "16", n, rate)
	if err != nil {
		return 0, err
	}
	defer client.end()
	line, ok := <-client.lines
	if !ok {
		return 0, client.err
	}
	var count, p50, p99, worst float64
	_, err = fmt.Sscan(line, &count, &p50, &p99, &p999, &worst)
	return p999, err
}

// burn keeps the processors busy until its end is called.
func (b *bench) burn(ctx context.Context) (end func(), err error) {
	path, err := b.tool(ctx, "zbench")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, path, "thr", "--inproc", "--size", "1k", "--duration", runLimit.String(), "-q")
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	return func() {
		cancel()
		_ = cmd.Wait() // it was killed
	}, nil
}

// cpuRow compares the processor time that both ends together take for a message:
// that of a run without that of one with a single message, which only starts and
// ends, as zbench's figure is of the time between.
var cpuRow = special{
	name: "cpu/thr/16", target: "≤ 0.5× libzmq",
	measure: func(b *bench, ctx context.Context) (outcome, error) {
		f, err := b.zbench(ctx, "thr", "--size", "16", "--duration", b.length.String())
		if err != nil {
			return outcome{}, err
		}
		p, err := b.program(ctx, "libzmq")
		if err != nil {
			return outcome{}, err
		}
		c := cell{"tcp", "thr", 16}
		n, err := b.calibrate(func(n int) (sample, error) { return b.measure(ctx, p, c, n) })
		if err != nil {
			return outcome{}, err
		}
		few, err := b.spent(ctx, p, c, 1)
		if err != nil {
			return outcome{}, err
		}
		all, err := b.spent(ctx, p, c, n)
		run := f.Results[0].Runs[0]
		return outcome{run.Near.CPU + run.Far.CPU, float64((all - few).Nanoseconds()) / (1.1 * float64(n))}, err // with the warm-up
	},
	judge: most(0.5),
	show:  func(v float64) string { return fmt.Sprintf("%.0f ns", v) },
}

// spent is the processor time of a run of both processes, from their start on.
func (b *bench) spent(ctx context.Context, p program, c cell, n int) (time.Duration, error) {
	before := childTime()
	_, err := b.measure(ctx, p, c, n)
	return childTime() - before, err
}

// childTime is the processor time of all children that have ended.
func childTime() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_CHILDREN, &r) != nil {
		return 0 // cannot happen with these arguments
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
