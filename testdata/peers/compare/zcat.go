package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"time"
)

const (
	line   = "a short line 16\n" // what goes through zcat
	starts = 20                  // of zcat and of a program that does nothing
)

// zcatLines sends short lines from a pipe through zcat push and zcat pull
// into another pipe and returns lines a second.
func (b *bench) zcatLines(ctx context.Context) (outcome, error) {
	tool, err := b.tool(ctx, "zcat")
	if err != nil {
		return outcome{}, err
	}
	measure := func(n int) (sample, error) { return b.lines(ctx, tool, n) }
	n, err := b.calibrate(measure)
	if err != nil {
		return outcome{}, err
	}
	s, err := measure(n)
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

// zcatStart returns how long zcat takes to print its version, in seconds, and
// how long a program takes that does nothing.
func (b *bench) zcatStart(ctx context.Context) (outcome, error) {
	tool, err := b.tool(ctx, "zcat")
	if err != nil {
		return outcome{}, err
	}
	var ours, nothing []float64
	for range starts {
		for _, c := range []struct {
			cmd  *exec.Cmd
			into *[]float64
		}{
			{exec.CommandContext(ctx, tool, "--version"), &ours},
			{exec.CommandContext(ctx, "/bin/true"), &nothing},
		} {
			begin := time.Now()
			if err := c.cmd.Run(); err != nil {
				return outcome{}, err
			}
			*c.into = append(*c.into, time.Since(begin).Seconds())
		}
	}
	return outcome{median(ours), median(nothing)}, nil
}
