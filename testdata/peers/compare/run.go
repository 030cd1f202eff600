package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// runLimit is the longest a run may take before it is given up.
const runLimit = 30 * time.Second

// bench is what all measurements share.
type bench struct {
	options
	workshop
	peers []program
	temp  string // executables and ipc endpoints
	ipcs  int    // endpoints made so far

	more   map[string]built     // peers that a row needed beside the chosen
	topics map[string]topicPair // what several rows show of one measurement
}

func newBench(ctx context.Context, o options) (*bench, error) {
	temp, err := os.MkdirTemp("", "z")
	if err != nil {
		return nil, err
	}
	w, err := newWorkshop(ctx, temp)
	if err != nil {
		return nil, err
	}
	b := &bench{options: o, workshop: w, temp: temp}
	b.peers, err = w.peers(ctx, o.peers)
	return b, err
}

func (b *bench) close() { os.RemoveAll(b.temp) }

// sample is the outcome of one run.
type sample struct {
	messages, bytes, mallocs int
	seconds                  float64
}

// perSecond is the rate in messages a second.
func (s sample) perSecond() float64 { return float64(s.messages) / s.seconds }

// oneWay is the latency in seconds, half of a round trip.
func (s sample) oneWay() float64 { return s.seconds / float64(s.messages) / 2 }

// value is what the cell compares: messages a second, or seconds.
func (c cell) value(s sample) float64 {
	if c.work == "lat" {
		return s.oneWay()
	}
	return s.perSecond()
}

// result holds the medians of a cell by the peers' names.
type result struct {
	cell
	median map[string]float64
}

// cell runs the peers in turns and takes the median of each.
func (b *bench) cell(ctx context.Context, c cell) result {
	values := map[string][]float64{}
	counts := b.counts(ctx, c)
	for i := range b.runs {
		if ctx.Err() != nil {
			break
		}
		progress("  run %d:", i+1)
		for _, p := range b.peers {
			if counts[p.name] == 0 {
				continue
			}
			s, err := b.measure(ctx, p, c, counts[p.name])
			if err != nil {
				progress(" %s (%v)", p.name, err)
				continue
			}
			values[p.name] = append(values[p.name], c.value(s))
			progress(" %s %s", p.name, c.show(c.value(s)))
		}
		progress("\n")
	}
	r := result{c, map[string]float64{}}
	for name, v := range values {
		r.median[name] = median(v)
	}
	return r
}

// counts finds how many messages fill a run of each peer; a peer that cannot
// run the cell has none.
func (b *bench) counts(ctx context.Context, c cell) map[string]int {
	counts := map[string]int{}
	for _, p := range b.peers {
		if !p.runs(c) {
			continue
		}
		n, err := b.calibrate(func(n int) (sample, error) { return b.measure(ctx, p, c, n) })
		if err != nil {
			progress("  %s not measured: %v\n", p.name, err)
			continue
		}
		counts[p.name] = n
	}
	return counts
}

// calibrate raises n until a run is long enough to be believed, and returns
// the n that takes the length wanted.
func (b *bench) calibrate(measure work) (int, error) {
	const first, fastest = 200, 100
	wanted := b.length.Seconds()
	for n := first; ; {
		s, err := measure(n)
		if err != nil {
			return 0, err
		}
		if s.seconds >= wanted/10 {
			return max(first, int(float64(n)*wanted/s.seconds)), nil
		}
		n = int(float64(n) * min(wanted/5/s.seconds, fastest))
	}
}

// stretch makes n messages that fill a run as many as fill a second at least.
func (b *bench) stretch(n int) int {
	return int(float64(n) * max(1, time.Second.Seconds()/b.length.Seconds()))
}

// calibrated makes a run that is long enough.
func (b *bench) calibrated(measure work) (sample, error) {
	n, err := b.calibrate(measure)
	if err != nil {
		return sample{}, err
	}
	return measure(n)
}

// measure makes one run of n messages, in one process or in two.
func (b *bench) measure(ctx context.Context, p program, c cell, n int) (sample, error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	numbers := []string{strconv.Itoa(c.size), strconv.Itoa(n)}
	if c.transport == "inproc" {
		return alone(ctx, p.path, append([]string{"inproc-" + c.work}, numbers...)...)
	}
	endpoint, err := b.endpoint(c.transport)
	if err != nil {
		return sample{}, err
	}
	args := func(mode string) []string { return append([]string{mode, endpoint}, numbers...) }
	if c.work == "lat" {
		return pair(ctx, p.path, args("lat-server"), args("lat-client"), false)
	}
	return pair(ctx, p.path, args("thr-recv"), args("thr-send"), true)
}

// endpoint returns one that nobody uses: a free port or a fresh path.
func (b *bench) endpoint(transport string) (string, error) {
	if transport == "ipc" {
		b.ipcs++
		return "ipc://" + filepath.Join(b.temp, "e"+strconv.Itoa(b.ipcs)), nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	scheme := map[string]string{"tcp": "tcp://", "curve": "curve+tcp://", "ws": "ws://", "udp": "udp://"}[transport]
	return scheme + l.Addr().String(), nil
}

// alone runs one process that measures itself.
func alone(ctx context.Context, path string, args ...string) (sample, error) {
	p, err := start(ctx, path, args...)
	if err != nil {
		return sample{}, err
	}
	defer p.end()
	for line := range p.lines {
		if line != "ready" {
			return parse(line)
		}
	}
	return sample{}, p.err
}

// pair runs the process that binds and then the one that connects; one of
// them, the server or the client, measures. Those beside them must not end before.
func pair(ctx context.Context, path string, server, client []string, serverMeasures bool, beside ...*process) (sample, error) {
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	for _, p := range beside {
		go p.watch(giveUp)
	}
	s, err := start(ctx, path, server...)
	if err != nil {
		return sample{}, err
	}
	defer s.end()
	if err := s.expect("ready"); err != nil {
		return sample{}, err
	}
	c, err := start(ctx, path, client...)
	if err != nil {
		return sample{}, err
	}
	defer c.end()
	measuring, other := c, s
	if serverMeasures {
		measuring, other = s, c
	}
	select {
	case line, ok := <-measuring.lines:
		if !ok {
			return sample{}, measuring.err
		}
		return parse(line)
	case <-other.lines: // it prints nothing, so it has failed
		return sample{}, other.err
	}
}

// parse reads "messages bytes seconds [mallocs]".
func parse(line string) (s sample, err error) {
	n, err := fmt.Sscan(line, &s.messages, &s.bytes, &s.seconds, &s.mallocs)
	if n < 3 || s.messages < 1 || s.seconds <= 0 {
		return s, fmt.Errorf("not a report: %q", strings.TrimSpace(line))
	}
	if n == 3 {
		err = nil // the fourth figure is optional
	}
	return s, err
}

// median returns the middle of the values, or the mean of the middle two.
func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	middle := len(v) / 2
	if len(v)%2 == 0 {
		return (v[middle-1] + v[middle]) / 2
	}
	return v[middle]
}
