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

// readmeCells are what the table in README has. If cells are named, only those of its
// rows are new.
const readmeCells = "tcp/thr/16,tcp/thr/256,tcp/thr/1K,tcp/thr/8K,tcp/thr/64K,tcp/thr/1M,ipc/thr/16,ipc/thr/1K,ipc/thr/64K," +
	"inproc/thr/16,inproc/thr/1K,inproc/thr/64K,curve/thr/16,curve/thr/1K,curve/thr/64K,ws/thr/16,ws/thr/1K,udp/thr/16,udp/thr/1K," +
	"tcp/lat/16,ipc/lat/16,inproc/lat/16," +
	"fanin,fanout,connect,peers,steady,cpu,pubsub,prefixes,radix,proxy,cabi,epgm,watch,zbench,soak,gc,allocs,idle,zcat,start"

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
	old, err := oldTable(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	table, kept := completed(markdown(results, rows), old)
	if kept > 0 {
		where += fmt.Sprintf("%d rows are of earlier runs.\n", kept)
	}
	replaced, err := replaceTable(string(text), where+"\n"+table+"\n")
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.WriteFile(name, []byte(replaced), 0o666)
}

// oldTable is what stands between the lines that mark the table's place.
func oldTable(text string) (string, error) {
	_, rest, found := strings.Cut(text, tableBegin)
	table, _, closed := strings.Cut(rest, tableEnd)
	if !found || !closed {
		return "", fmt.Errorf("no lines %q and %q", tableBegin, tableEnd)
	}
	return table, nil
}

// completed is a table with all rows that README has, in their order: those that were
// not measured now are kept as they were, and counted.
func completed(table, old string) (all string, kept int) {
	now, before := tableRows(table), tableRows(old)
	var b strings.Builder
	b.WriteString(tableHead)
	for _, name := range readmeRows() {
		line, ok := now[name]
		if !ok {
			if line, ok = before[name]; ok {
				kept++
			} else {
				line = fmt.Sprintf("| %s | - | - | - | not measured |", name)
			}
		}
		b.WriteString(line + "\n")
	}
	return b.String(), kept
}

// readmeRows are the names of the rows that README has.
func readmeRows() (names []string) {
	cells, specials := chosen(readmeCells)
	for _, c := range cells {
		names = append(names, c.name())
	}
	for _, s := range specials {
		names = append(names, s.name)
	}
	return names
}

// tableRows are the lines of a table by their first fields.
func tableRows(table string) map[string]string {
	rows := map[string]string{}
	for line := range strings.Lines(table) {
		line = strings.TrimSpace(line)
		if fields := strings.Split(line, "|"); len(fields) > 2 && !strings.Contains(tableHead, line) {
			rows[strings.TrimSpace(fields[1])] = line
		}
	}
	return rows
}

// replaceTable puts a table between the lines that mark its place.
func replaceTable(text, table string) (string, error) {
	if _, err := oldTable(text); err != nil {
		return "", err
	}
	before, rest, _ := strings.Cut(text, tableBegin)
	_, after, _ := strings.Cut(rest, tableEnd)
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
		said(ctx, b.root, "pkg-config", "--modversion", "libzmq"), b.commit(ctx), b.runs, b.length), nil
}

// commit names the tree, and says if it is not as it was committed; the table that
// is being written does not count.
func (b *bench) commit(ctx context.Context) string {
	name := said(ctx, b.root, "git", "rev-parse", "--short", "HEAD")
	if said(ctx, b.root, "git", "status", "--porcelain", "--", ".", ":!README.md") != "" {
		name += " with changes"
	}
	return name
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

const tableHead = "| measurement | ours | libzmq | ours to libzmq | target |\n|---|---|---|---|---|\n"

// markdown is all figures in one table.
func markdown(results []result, rows []row) string {
	var b strings.Builder
	b.WriteString(tableHead)
	var sum tally
	for _, r := range results {
		peer := r.libzmq()
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.name(), r.show(r.median["ours"]), r.show(r.median[peer]), times(r.ratio(peer)), r.against(peer))
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
		return fmt.Sprintf("%s %g× libzmq: %s", r.sign(), l.bound, r.judge(l))
	}
	return "-"
}
