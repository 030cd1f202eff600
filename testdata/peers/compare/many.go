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
		Runs    []struct{ Near, Far usage }
	}
}

type usage struct {
	CPU float64 `json:"cpu_ns_per_message"`
}

// zbench runs the tool once and returns its figures.
func (b *bench) zbench(ctx context.Context, args ...string) (figures, error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	path, err := b.tool(ctx, "zbench")
	if err != nil {
		return figures{}, err
	}
	cmd := exec.CommandContext(ctx, path, append(args, "--json", "-q")...)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if text := strings.TrimSpace(complaint.String()); err != nil && text != "" {
		return figures{}, errors.New(text)
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
			o := outcome{ours: f.Results[0].Rate}
			n, err := b.calibrate(func(n int) (sample, error) { return other(b, ctx, n) })
			if err != nil {
				return o, err
			}
			s, err := other(b, ctx, n)
			o.other = s.perSecond()
			return o, err
		},
		met:  func(o outcome) bool { return o.other > 0 && o.ratio() >= bound },
		show: si,
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
	p, err := b.program("libzmq")
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
		through(16, side{mode: "fanout-send", size: true, n: true}, side{mode: "fanout-recv", size: true, n: true, more: []string{fans}, measures: true})),
	proxyRow(16, 2.5), proxyRow(64*kibi, 1.2),
	connectRow(1000, "null", "tcp"), connectRow(10_000, "null", "tcp"), connectRow(1000, "curve", "curve"),
	peersRow(1000), peersRow(10_000),
	sameRow(16), sameRow(kibi), sameRow(64 * kibi),
	steadyRow("steady/20k", false), steadyRow("steady/20k/busy", true),
	cpuRow,
}

// sameRow compares what zbench thr tells with what our own program for thr does: the
// same work, so the same figure.
func sameRow(size int) special {
	const apart = 0.1
	return special{
		name: "zbench/thr/" + bytesName(size), target: fmt.Sprintf("within %g%% of the program", 100*apart),
		measure: func(b *bench, ctx context.Context) (outcome, error) {
			f, err := b.zbench(ctx, "thr", "--size", strconv.Itoa(size), "--duration", b.length.String())
			if err != nil {
				return outcome{}, err
			}
			p, err := b.program("ours")
			if err != nil {
				return outcome{}, err
			}
			c := cell{"tcp", "thr", size}
			n, err := b.calibrate(func(n int) (sample, error) { return b.measure(ctx, p, c, n) })
			if err != nil {
				return outcome{}, err
			}
			s, err := b.measure(ctx, p, c, n)
			return outcome{f.Results[0].Rate, s.perSecond()}, err
		},
		met:  func(o outcome) bool { return o.other > 0 && max(o.ratio(), 1/o.ratio()) <= 1/(1-apart) },
		show: si,
	}
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
			endpoint, err := b.endpoint(transport)
			if err != nil {
				return outcome{}, err
			}
			s, err := b.libzmq(ctx, 1, n, endpoint, side{mode: "echo"}, side{mode: "connect", n: true, measures: true})
			return outcome{f.Results[0].Rate, s.perSecond()}, err
		},
		met:  func(o outcome) bool { return o.ratio() >= 1 },
		show: func(v float64) string { return si(v) + "/s" },
	}
}

// peersRow compares throughput from many connected senders with that from one.
func peersRow(n int) special {
	const least = 0.7
	return special{
		name: fmt.Sprintf("peers/%d", n), target: fmt.Sprintf("≥ %g× one peer", least),
		measure: func(b *bench, ctx context.Context) (outcome, error) {
			rate := func(senders int) (float64, error) {
				f, err := b.zbench(ctx, "thr", "--size", "16", "--senders", strconv.Itoa(senders), "--duration", b.length.String())
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
		met:  func(o outcome) bool { return o.ratio() >= least },
		show: si,
	}
}

// steadyRow compares p99.9 of round trips at a fixed rate, from when each was due;
// busy is with a stream of messages beside it that takes all processors.
func steadyRow(name string, busy bool) special {
	const rate = 20_000
	return special{
		name: name, target: "p99.9 ≤ 1× libzmq",
		measure: func(b *bench, ctx context.Context) (outcome, error) {
			n := strconv.Itoa(int(rate * b.length.Seconds()))
			if busy {
				end, err := b.burn(ctx)
				if err != nil {
					return outcome{}, err
				}
				defer end()
			}
			f, err := b.zbench(ctx, "load", "--rate", strconv.Itoa(rate), "-n", n)
			if err != nil {
				return outcome{}, err
			}
			other, err := b.steadyLibzmq(ctx, n, strconv.Itoa(rate))
			return outcome{f.Results[0].Latency.NS["p99.9"] / 1e9, other}, err
		},
		met:  func(o outcome) bool { return o.other > 0 && o.ratio() <= 1 },
		show: func(v float64) string { return fmt.Sprintf("%.1f µs", v*1e6) },
	}
}

// steadyLibzmq is libzmq's p99.9 in seconds.
func (b *bench) steadyLibzmq(ctx context.Context, n, rate string) (p999 float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	p, err := b.program("libzmq")
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

// cpuRow compares the processor time that both ends together take for a message.
var cpuRow = special{
	name: "cpu/thr/16", target: "≤ 0.5× libzmq",
	measure: func(b *bench, ctx context.Context) (outcome, error) {
		f, err := b.zbench(ctx, "thr", "--size", "16", "--duration", b.length.String())
		if err != nil {
			return outcome{}, err
		}
		p, err := b.program("libzmq")
		if err != nil {
			return outcome{}, err
		}
		c := cell{"tcp", "thr", 16}
		n, err := b.calibrate(func(n int) (sample, error) { return b.measure(ctx, p, c, n) })
		if err != nil {
			return outcome{}, err
		}
		before := childTime()
		s, err := b.measure(ctx, p, c, n)
		spent := childTime() - before
		all := float64(s.messages) * 1.1 // with the warm-up
		run := f.Results[0].Runs[0]
		return outcome{run.Near.CPU + run.Far.CPU, float64(spent.Nanoseconds()) / all}, err
	},
	met:  func(o outcome) bool { return o.other > 0 && o.ratio() <= 0.5 },
	show: func(v float64) string { return fmt.Sprintf("%.0f ns", v) },
}

// childTime is the processor time of all children that have ended.
func childTime() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_CHILDREN, &r) != nil {
		return 0 // cannot happen with these arguments
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// proxyRow passes messages from PUSH through a proxy of PULL and PUSH to PULL: the
// same senders and receivers of libzmq's around zproxy and around zmq_proxy.
func proxyRow(size int, bound float64) special {
	return special{
		name: "proxy/thr/" + bytesName(size), target: fmt.Sprintf("≥ %g× libzmq", bound),
		measure: func(b *bench, ctx context.Context) (o outcome, err error) {
			zproxy, err := b.tool(ctx, "zproxy")
			if err != nil {
				return o, err
			}
			libzmq, err := b.program("libzmq")
			if err != nil {
				return o, err
			}
			ours := func(front, back string) []string { return []string{zproxy, "streamer", "@" + front, ">" + back, "-q"} }
			theirs := func(front, back string) []string { return []string{libzmq.path, "proxy", front, back} }
			if o.ours, err = b.proxied(ctx, size, ours); err != nil {
				return o, err
			}
			o.other, err = b.proxied(ctx, size, theirs)
			return o, err
		},
		met:  func(o outcome) bool { return o.other > 0 && o.ratio() >= bound },
		show: si,
	}
}

// proxied is the rate through a proxy, whose command line is made of its two
// endpoints. The ends are of ours: faster ones than libzmq's would not show it.
func (b *bench) proxied(ctx context.Context, size int, command func(front, back string) []string) (float64, error) {
	measure := func(n int) (sample, error) {
		ctx, cancel := context.WithTimeout(ctx, runLimit)
		defer cancel()
		ends, err := b.program("ours")
		if err != nil {
			return sample{}, err
		}
		front, err := b.endpoint("tcp")
		if err != nil {
			return sample{}, err
		}
		back, err := b.endpoint("tcp")
		if err != nil {
			return sample{}, err
		}
		line := command(front, back)
		proxy, err := start(ctx, line[0], line[1:]...)
		if err != nil {
			return sample{}, err
		}
		defer proxy.end()
		numbers := []string{strconv.Itoa(size), strconv.Itoa(n)}
		return pair(ctx, ends.path, append([]string{"thr-recv", back}, numbers...), append([]string{"thr-send", front}, numbers...), true)
	}
	n, err := b.calibrate(measure)
	if err != nil {
		return 0, err
	}
	s, err := measure(n)
	return s.perSecond(), err
}
