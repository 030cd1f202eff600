package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"ztools/lib/cli"
)

// cell is one row of the plan: what is measured --runs times.
type cell struct {
	Transport string `json:"transport"`
	Mechanism string `json:"mechanism"`
	Bytes     int    `json:"bytes"`
}

// name is the cell for people.
func (c cell) name(kind string) string {
	text := fmt.Sprintf("%s over %s, %s", kind, c.Transport, cli.FormatSize(float64(c.Bytes)))
	if c.Mechanism != "null" {
		text += ", " + c.Mechanism
	}
	return text
}

// cells are the plan. Mechanisms do not exist inside a process.
func (c *config) cells() (list []cell) {
	transports := c.transports
	if c.to != nil {
		transports = []string{schemes(c.to)}
	}
	for _, transport := range transports {
		for _, mechanism := range c.mechanisms {
			if transport == "inproc" && mechanism != c.mechanisms[0] {
				continue
			}
			if transport == "inproc" {
				mechanism = "null"
			}
			for _, size := range c.sizes {
				list = append(list, cell{transport, mechanism, size})
			}
		}
	}
	return list
}

// start is zbench behind its command line.
func start(a *cli.Args) error {
	if a.ListsOptions() {
		return cli.PrintOptions(a.Out)
	}
	if len(a.Words) == 0 {
		return cli.Usagef("for example: "+a.Prog+" thr --size 1k", "what to measure?")
	}
	checkSense(a)
	words := map[string]int{"thr": 1, "lat": 1, "load": 1, "fanout": 1, "connect": 1, "req": 2, "push": 2, "sub": 2, "serve": 3, "compare": 3, workerWord: 1}
	want, known := words[a.Words[0]]
	if (a.Given("bind") || a.Given("connect")) && len(a.Words) == want-1 {
		want-- // they name the endpoint
	}
	switch {
	case !known:
		return cli.Usagef("thr lat load fanout connect serve req push sub compare", "cannot measure %q", a.Words[0])
	case len(a.Words) != want:
		return cli.Usagef(a.Prog+" --help shows all forms", "%s takes %d %s behind it, not %d", a.Words[0], want-1, cli.Plural(want-1, "word"), len(a.Words)-1)
	}
	switch a.Words[0] {
	case workerWord:
		return runWorker(a)
	case "serve":
		return serve(a)
	case "compare":
		return compare(a)
	}
	return measureAndReport(a)
}

func measureAndReport(a *cli.Args) error {
	c, err := parseConfig(a)
	if err != nil {
		return err
	}
	ctx, release := within(a, c.timeout)
	defer release()
	began := time.Now()
	results, failed := c.measureAll(ctx, a.Err)
	if len(results) == 0 {
		return failed
	}
	rep := newReport(c, began, results)
	for _, note := range rep.Notes {
		c.log.At(0, "%s", note)
	}
	if err := rep.print(a.Out, c.format); err != nil {
		return err
	}
	for _, name := range c.plots {
		if err := rep.plot(a, name); err != nil {
			return err
		}
	}
	return failed
}

// within is a context that ends with a time-out, if it is not 0, or a signal; its
// cause says which. The caller calls release at the end.
func within(a *cli.Args, timeout time.Duration) (ctx context.Context, release func()) {
	signals, unhook := cli.Interrupts()
	parent, stop := context.WithCancelCause(a.Context)
	ctx, cancel := parent, func() {}
	if timeout > 0 {
		ctx, cancel = context.WithTimeoutCause(parent, timeout, cli.Failf(cli.StatusTimeout, "", "timed out after %v", timeout))
	}
	helper := make(chan struct{})
	go func() { // ends with release
		defer close(helper)
		select {
		case sig := <-signals:
			stop(cli.Signalled(sig))
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		stop(nil)
		cancel()
		<-helper
		unhook()
	}
}

// measureAll goes through the plan, one run after the other. An error ends it;
// what was measured until then is returned, too, marked as partial.
func (c *config) measureAll(ctx context.Context, stderr *cli.Stream) (results []result, err error) {
	c.show = newProgress(stderr, !c.log.On(0))
	defer c.show.close()
	for _, cell := range c.cells() {
		r := result{cell: cell}
		for i := 1; i <= c.runs && err == nil; i++ {
			c.pause(ctx, len(results)+i > 1)
			c.log.At(1, "%s, run %d of %d", cell.name(c.word), i, c.runs)
			var s sample
			if s, err = c.onePlace(cell).measure(ctx, cell, i); err != nil {
				s.Partial = err.Error()
			}
			if err == nil || s.Messages+s.Sent > 0 {
				r.Runs = append(r.Runs, s)
			}
		}
		if len(r.Runs) > 0 {
			r.sum()
			results = append(results, r)
		}
		if err != nil {
			return results, err
		}
	}
	return slices.Clip(results), nil
}

// pause lets a server elsewhere see that one session is over before the next
// begins.
func (c *config) pause(ctx context.Context, between bool) {
	if c.to == nil || !between {
		return
	}
	select {
	case <-time.After(10 * sessionLook):
	case <-ctx.Done():
	}
}

// onePlace is the config for a cell: inproc stays inside a process.
func (c *config) onePlace(cell cell) *config {
	own := *c
	own.together = c.together || cell.Transport == "inproc"
	return &own
}

// runWorker is the process that another zbench started as its other end. The end
// of standard input is the end of that zbench.
func runWorker(a *cli.Args) error {
	if cli.IsTerminal(a.In) {
		return cli.Usagef("", "%s is what %s starts by itself", workerWord, a.Prog)
	}
	z, err := newContext(mostSockets)
	if err != nil {
		return err
	}
	orders, feed := io.Pipe()
	go func() { // ends with the process at the latest
		_, err := io.Copy(feed, a.In)
		z.Shutdown()
		_ = feed.CloseWithError(err)
	}()
	if err := work(z, orders, a.Out); err != nil {
		return err
	}
	return z.Close()
}

// mostSockets is as many as a context takes, and a process may have open files,
// more or less.
const mostSockets = 65000
