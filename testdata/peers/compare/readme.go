package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// The table in README stands between these lines.
const (
	tableBegin = "<!-- figures: make figures writes what follows -->\n"
	tableEnd   = "<!-- end of figures -->\n"
)

// readmeCells are what the table in README has, unless cells are named.
const readmeCells = "tcp/thr/16,tcp/thr/256,tcp/thr/1K,tcp/thr/8K,tcp/thr/64K,tcp/thr/1M,ipc/thr/16,ipc/thr/1K,ipc/thr/64K," +
	"inproc/thr/16,inproc/thr/1K,inproc/thr/64K,curve/thr/16,curve/thr/1K,curve/thr/64K,tcp/lat/16,ipc/lat/16,inproc/lat/16," +
	"fanin,fanout,proxy,connect,peers,steady,cpu,idle,zcat"

// writeReadme replaces the table in a file.
func (b *bench) writeReadme(ctx context.Context, name string, results []result, rows []row) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	where, err := b.where(ctx)
	if err != nil {
		return err
	}
	replaced, err := replaceTable(string(text), where+"\n"+markdown(results, rows)+"\n")
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.WriteFile(name, []byte(replaced), 0o666)
}

// replaceTable puts a table between the lines that mark its place.
func replaceTable(text, table string) (string, error) {
	before, rest, found := strings.Cut(text, tableBegin)
	_, after, closed := strings.Cut(rest, tableEnd)
	if !found || !closed {
		return "", fmt.Errorf("no lines %q and %q", tableBegin, tableEnd)
	}
	return before + tableBegin + table + tableEnd + after, nil
}

// where says when, on what and how the figures were taken.
func (b *bench) where(ctx context.Context) (string, error) {
	f, err := b.zbench(ctx, "thr", "--transport", "inproc", "--size", "16", "-n", "1000")
	if err != nil {
		return "", err
	}
	e := f.Environment
	return fmt.Sprintf("\n%s, %d processors (%s), %s %s, %s, libzmq %s, commit %s; medians of %d runs of %v by turns.\n",
		time.Now().UTC().Format(time.DateOnly), e.CPUs, e.CPU, e.OS, e.Kernel, e.Go,
		said(ctx, b.root, "pkg-config", "--modversion", "libzmq"), said(ctx, b.root, "git", "rev-parse", "--short", "HEAD"), b.runs, b.length), nil
}

// said is what a program prints, or a question mark.
func said(ctx context.Context, dir, name string, args ...string) string {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return "?"
	}
	return strings.TrimSpace(string(out))
}

// markdown is all figures in one table.
func markdown(results []result, rows []row) string {
	var b strings.Builder
	b.WriteString("| measurement | ours | libzmq | ours to libzmq | target |\n|---|---|---|---|---|\n")
	var sum tally
	for _, r := range results {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.name(), r.show(r.median["ours"]), r.show(r.median["libzmq"]), times(r.ratio("libzmq")), r.against("libzmq"))
	}
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(r.fields(&sum), " | "))
	}
	return b.String()
}

// against is the bound on the ratio to one peer and whether it is kept; a dash if
// there is none.
func (r result) against(peer string) string {
	for _, l := range r.limits() {
		if l.peer != peer {
			continue
		}
		word := "short"
		if r.holds(r.ratio(peer), l.bound) {
			word = "met"
		}
		return fmt.Sprintf("%s %g× libzmq: %s", r.sign(), l.bound, word)
	}
	return "-"
}
