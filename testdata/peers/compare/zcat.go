package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

const (
	line   = "a short line 16\n" // what goes through zcat
	starts = 20                  // of zcat and of a program that does nothing
)

// toolWorks are about the tools alone.
var toolWorks = func() []special {
	ms := func(v float64) string { return fmt.Sprintf("%.1f ms", v*1e3) }
	soon := itself(func(v float64) bool { return v <= longestRise })
	all := []special{
		{
			name: "zcat/lines", target: "≥ 2M lines/s", measure: (*bench).zcatLines,
			judge: itself(func(v float64) bool { return v >= leastLines }),
			show:  func(v float64) string { return si(v) + " lines/s" },
		},
		{name: "zcat/send", target: "≤ 15 ms", measure: (*bench).zcatSend, judge: soon, show: ms},
	}
	for _, tool := range []string{"zcat", "zproxy", "zmonitor", "zkeygen", "zbench"} {
		all = append(all, special{
			name: "start/" + tool, target: "≤ 15 ms", judge: soon, show: ms,
			measure: func(b *bench, ctx context.Context) (outcome, error) { return b.start(ctx, tool) },
		})
	}
	return all
}()

// zcatLines sends short lines from a pipe through zcat push and zcat pull
// into another pipe and returns lines a second.
func (b *bench) zcatLines(ctx context.Context) (outcome, error) {
	tool, err := b.tool(ctx, "zcat")
	if err != nil {
		return outcome{}, err
	}
	measure := func(n int) (sample, error) { return b.lines(ctx, tool, n) }
	s, err := b.calibrated(measure)
	return outcome{ours: s.perSecond()}, err
}

func (b *bench) lines(ctx context.Context, tool string, n int) (sample, error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	endpoint, err := b.endpoint("tcp")
	if err != nil {
		return sample{}, err
	}
	warm := n/10 + 1
	pull := exec.CommandContext(ctx, tool, "pull", endpoint, "-n", strconv.Itoa(warm+n))
	push := exec.CommandContext(ctx, tool, "push", endpoint)
	push.Stdin = io.LimitReader(endless{}, int64((warm+n)*len(line)))
	out, err := pull.StdoutPipe()
	if err != nil {
		return sample{}, err
	}
	if err := errors.Join(pull.Start(), push.Start()); err != nil {
		return sample{}, err
	}
	s, err := clockLines(out, warm, n)
	return s, errors.Join(err, pull.Wait(), push.Wait())
}

// endless yields the line for ever.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	n := 0
	for n+len(line) <= len(p) {
		n += copy(p[n:], line)
	}
	return n, nil
}

// clockLines reads warm lines and n more, and times those that come after the
// read which completed the first.
func clockLines(r io.Reader, warm, n int) (sample, error) {
	b := make([]byte, 256*kibi)
	var start time.Time
	untimed := 0
	for lines := 0; ; {
		got, err := r.Read(b)
		lines += bytes.Count(b[:got], []byte("\n"))
		switch {
		case start.IsZero() && lines >= warm:
			start, untimed = time.Now(), lines
		case lines >= warm+n:
			timed := lines - untimed
			return sample{messages: timed, bytes: timed * len(line), seconds: time.Since(start).Seconds()}, nil
		}
		if err != nil {
			return sample{}, fmt.Errorf("after %d of %d lines: %w", lines, warm+n, err)
		}
	}
}

// start returns how long a tool takes to print its version, in seconds, and how long
// a program takes that does nothing.
func (b *bench) start(ctx context.Context, name string) (outcome, error) {
	tool, err := b.tool(ctx, name)
	if err != nil {
		return outcome{}, err
	}
	return begun(ctx, []string{tool, "--version"}, []string{"/bin/true"})
}

// zcatSend is how long a zcat lives that sends one message to another one, over tcp,
// beside a program that does nothing.
func (b *bench) zcatSend(ctx context.Context) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	tool, err := b.tool(ctx, "zcat")
	if err != nil {
		return outcome{}, err
	}
	endpoint, err := b.endpoint("tcp")
	if err != nil {
		return outcome{}, err
	}
	pull, err := start(ctx, tool, "pull", endpoint, "-n", strconv.Itoa(starts+1))
	if err != nil {
		return outcome{}, err
	}
	defer pull.end()
	send := []string{tool, "push", endpoint, "-d", "one"}
	if err := exec.CommandContext(ctx, send[0], send[1:]...).Run(); err != nil { // waits until the other one is there
		return outcome{}, err
	}
	o, err := begun(ctx, send, []string{"/bin/true"})
	for range pull.lines { // until it has all
	}
	return o, err
}

// begun are the medians of how long two commands take, by turns.
func begun(ctx context.Context, commands ...[]string) (outcome, error) {
	took := make([][]float64, len(commands))
	for range starts {
		for i, c := range commands {
			begin := time.Now()
			if err := exec.CommandContext(ctx, c[0], c[1:]...).Run(); err != nil {
				return outcome{}, fmt.Errorf("%s: %w", filepath.Base(c[0]), err)
			}
			took[i] = append(took[i], time.Since(begin).Seconds())
		}
	}
	return outcome{median(took[0]), median(took[1])}, nil
}
