package main

import (
	"context"
	"strings"
	"time"

	"ztools/lib/cli"
)

// config is a checked command line.
type config struct {
	log        *cli.Log
	kind       string // thr or lat
	sizes      []int
	transports []string
	options    []cli.SocketOption
	count      int64         // 0: as duration says
	duration   time.Duration // 0: as count says
	runs       int
	timeout    time.Duration // 0: none
	json       bool
}

// run is zbench behind its command line.
func run(a *cli.Args) error {
	if a.ListsOptions() {
		return cli.PrintOptions(a.Out)
	}
	c, err := parseConfig(a)
	if err != nil {
		return err
	}
	ctx, release := c.within(a)
	defer release()
	results, err := c.measureAll(ctx)
	if err != nil {
		return err
	}
	if c.json {
		return printJSON(a.Out, c, results)
	}
	return printTable(a.Out, c, results)
}

// parseConfig reads the words and flags; every error is a usage error.
func parseConfig(a *cli.Args) (*config, error) {
	if len(a.Words) != 1 || a.Words[0] != "thr" && a.Words[0] != "lat" {
		return nil, cli.Usagef("for example: "+a.Prog+" thr --size 1k", "what to measure? thr or lat")
	}
	c := &config{
		log: cli.NewLog(a), kind: a.Words[0], options: a.SocketOptions("option"),
		count: a.Number("count", 0), duration: a.Duration("duration", 0),
		runs: int(a.Number("runs", 1)), timeout: a.Duration("timeout", 0), json: a.Bool("json"),
		transports: strings.Split(a.String("transport", "tcp"), ","),
	}
	for _, text := range strings.Split(a.String("size", "16,1k,64k"), ",") {
		n, err := cli.ParseSize(text)
		if err != nil || n > maxSize {
			a.Reject(cli.Usagef("write sizes like 16,1k,64k, up to 1G", "--size: %q is no size of a message", text))
		}
		c.sizes = append(c.sizes, int(n))
	}
	for _, name := range c.transports {
		if endpoints[name] == "" {
			a.Reject(cli.Usagef("the values are tcp ipc inproc", "--transport: unknown %q", name))
		}
	}
	for _, name := range []string{"count", "duration", "runs", "timeout"} {
		if v := a.String(name, "1"); v == "0" || v == "0s" {
			a.Reject(cli.Usagef("leave the flag out", "--%s cannot be 0", name))
		}
	}
	switch {
	case a.Given("count") && a.Given("duration"):
		a.Reject(cli.Usagef("give one of them", "--count and --duration both say how long"))
	case !a.Given("count") && !a.Given("duration"):
		c.duration = time.Second
	}
	return c, a.Check()
}

// within is a context that ends with --timeout or a signal; its cause says which.
// The caller calls release at the end.
func (c *config) within(a *cli.Args) (ctx context.Context, release func()) {
	signals, unhook := cli.Interrupts()
	parent, stop := context.WithCancelCause(a.Context)
	ctx, cancel := parent, func() {}
	if c.timeout > 0 {
		ctx, cancel = context.WithTimeoutCause(parent, c.timeout, cli.Failf(cli.StatusTimeout, "", "timed out after %v", c.timeout))
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

// result is all runs of one size over one transport.
type result struct {
	transport string
	size      int
	runs      []sample
}

// measureAll goes through the plan, one run after the other.
func (c *config) measureAll(ctx context.Context) ([]result, error) {
	var results []result
	for _, transport := range c.transports {
		for _, size := range c.sizes {
			r := result{transport: transport, size: size}
			for i := range c.runs {
				c.log.At(1, "%s over %s, %s, run %d of %d", c.kind, transport, cli.FormatSize(float64(size)), i+1, c.runs)
				s, err := c.measure(ctx, transport, size)
				if err != nil {
					return nil, err
				}
				r.runs = append(r.runs, s)
			}
			results = append(results, r)
		}
	}
	return results, nil
}
