// Command compare measures this module's sockets and zcat side by side with
// libzmq and the other libraries whose peers stand beside it, and says which
// of the project's targets are met:
//
//  1. build the peers that can be built (peers.go)
//  2. for each cell of the table (cells.go) find how many messages fill a
//     run, then run the peers in turns, A B C A B C … (run.go)
//  3. measure what is no cell (special.go): many sockets (many.go), subscriptions
//     (topics.go), proxies (proxy.go), the C library (cabi.go), multicast
//     (multicast.go), ours beside ours (closely.go), idle peers (idle.go) and tools
//     (zcat.go)
//  4. report medians, ratios and verdicts (table.go), also into README (readme.go)
//
// Progress goes to standard error, the tables to standard output.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"
)

func main() {
	var o options
	flag.StringVar(&o.cells, "cell", "", "only the cells that begin with one of these, such as `tcp/thr/16,idle`")
	flag.StringVar(&o.peers, "peers", "", "only these peers beside ours, such as `libzmq,omq`")
	flag.IntVar(&o.runs, "runs", 5, "runs of each peer in a cell")
	flag.StringVar(&o.readme, "readme", "", "write a table of the usual cells into this `FILE`, between the lines that mark it")
	flag.DurationVar(&o.length, "time", time.Second, "length a run should have")
	flag.DurationVar(&o.soak, "soak", 20*time.Second, "length of the row soak/memory")
	flag.Parse()
	o.cells = strings.Join(append(flag.Args(), o.cells), ",")
	if strings.Trim(o.cells, ",") == "" && o.readme != "" {
		o.cells = readmeCells
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := compare(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

type options struct {
	cells, peers string
	readme       string
	runs         int
	length, soak time.Duration
}

// compare runs everything that was asked for and prints what was measured,
// also when it is interrupted.
func compare(ctx context.Context, o options) error {
	if o.runs < 1 || o.length <= 0 || o.soak <= 0 {
		return errors.New("usage: compare [-cell CELLS] [-peers PEERS] [-runs N] [-time DURATION] [-soak DURATION] [CELL...]")
	}
	cells, specials := chosen(o.cells)
	if len(cells)+len(specials) == 0 {
		return fmt.Errorf("no cell is named %s", strings.Trim(o.cells, ","))
	}
	b, err := newBench(ctx, o)
	if err != nil {
		return err
	}
	defer b.close()
	results, rows := b.measureAll(ctx, cells, specials)
	report(os.Stdout, b.peers, results, rows)
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted")
	case o.readme != "":
		return b.writeReadme(ctx, o.readme, results, rows)
	}
	return nil
}

// measureAll goes through the work until it is done or interrupted.
func (b *bench) measureAll(ctx context.Context, cells []cell, specials []special) (results []result, rows []row) {
	total := len(cells) + len(specials)
	for i, c := range cells {
		if ctx.Err() != nil {
			return results, rows
		}
		progress("[%d of %d] %s\n", i+1, total, c.name())
		results = append(results, b.cell(ctx, c))
	}
	for i, s := range specials {
		if ctx.Err() != nil {
			return results, rows
		}
		progress("[%d of %d] %s\n", len(cells)+i+1, total, s.name)
		rows = append(rows, b.special(ctx, s))
	}
	return results, rows
}

// progress writes a part of a line to standard error.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format, args...)
}
