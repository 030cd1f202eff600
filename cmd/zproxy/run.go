package main

import (
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"ztools/lib/cli"
)

// A run of the tool:
//
//	1 the proxies of the command line, or of the file, are read and prepared: a
//	  mistake starts nothing
//	2 they are bound and connected, and run until signals, failures, TERMINATE or
//	  --timeout
//	3 SIGHUP reads the file again: proxies that changed are replaced, and after a
//	  mistake all go on as before

// group is all proxies of a run.
type group struct {
	args    *cli.Args
	log     *cli.Log
	path    string // of the file; empty: the command line describes the proxy
	stats   time.Duration
	timeout time.Duration // 0: none
	metrics string

	mu      sync.Mutex // guards members
	members []*member

	deadline <-chan time.Time // --timeout
	ended    chan *member     // by itself
	over     chan struct{}    // closed at the end of the run
	helpers  sync.WaitGroup
}

// member is a proxy that runs.
type member struct {
	*proxy
	plan     plan
	launched bool
	signals  chan os.Signal
	err      error // valid once done is closed
	done     chan struct{}
}

// plan is a proxy to be run. Two plans with the same arguments are the same.
type plan struct {
	args   []string // nil: of the command line
	config *config
	place  string // where it stands in the file
}

// run is zproxy behind its command line.
func run(a *cli.Args) error {
	switch {
	case a.ListsOptions():
		return cli.PrintOptions(a.Out)
	case len(a.Words) > 0 && a.Words[0] == "ctl":
		return steer(a)
	}
	g := &group{
		args: a, log: cli.NewLog(a), path: a.String("file", ""), stats: a.Duration("stats", 0), metrics: a.String("metrics", ""),
		timeout: a.Duration("timeout", 0),
		ended:   make(chan *member), over: make(chan struct{}),
	}
	if a.Given("stats") && g.stats == 0 || a.Given("timeout") && g.timeout == 0 {
		a.Reject(cli.Usagef("leave the flag out", "--stats and --timeout cannot be 0"))
	}
	plans, err := g.read()
	if err != nil {
		return err
	}
	if g.timeout > 0 {
		g.deadline = time.After(g.timeout)
	}
	signals, release := cli.Interrupts()
	defer release()
	var hangups <-chan os.Signal
	if g.path != "" { // else there is nothing to read again
		var release func()
		hangups, release = cli.Hangups()
		defer release()
	}
	defer g.close()
	if err := g.start(plans); err != nil {
		return err
	}
	return g.run(signals, hangups)
}

// read is the plans of the file or the command line.
func (g *group) read() ([]plan, error) {
	if g.path != "" {
		return readFile(g.args, g.path)
	}
	c, err := parseConfig(g.args, "")
	return []plan{{config: c}}, err
}

// start prepares and opens all proxies, or none.
func (g *group) start(plans []plan) error {
	fresh, err := g.prepare(plans)
	if err != nil {
		return err
	}
	g.mu.Lock()
	g.members = fresh
	g.mu.Unlock()
	for _, m := range fresh {
		if err := m.attach(); err != nil {
			return m.plan.explain(err)
		}
	}
	for _, m := range fresh {
		g.launch(m)
	}
	if err := g.help(); err != nil {
		return err
	}
	return ready(g.args)
}

// prepare makes the sockets of all plans, or closes them again.
func (g *group) prepare(plans []plan) (fresh []*member, err error) {
	for _, pl := range plans {
		m := &member{proxy: newProxy(g.args.Context, pl.config, g.log), plan: pl, signals: make(chan os.Signal, 2), done: make(chan struct{})}
		fresh = append(fresh, m)
		if err := m.prepare(); err != nil {
			for _, m := range fresh {
				m.kill()
				m.proxy.close()
			}
			return nil, pl.explain(err)
		}
	}
	return fresh, nil
}

// launch runs a member that is open.
func (g *group) launch(m *member) {
	m.launched = true
	g.helpers.Go(func() {
		m.err = m.proxy.run(m.signals)
		m.proxy.close()
		close(m.done)
		select {
		case g.ended <- m:
		case <-g.over:
		}
	})
}

// run waits for signals, the deadline and the end of the proxies.
func (g *group) run(signals, hangups <-chan os.Signal) error {
	late := cli.Failf(cli.StatusTimeout, "", "timed out after %v", g.timeout)
	var first error
	for {
		select {
		case sig := <-signals:
			hangups = nil
			notify("STOPPING=1")
			for _, m := range g.running() {
				m.tell(sig)
			}
		case <-g.deadline:
			hangups = nil
			notify("STOPPING=1")
			for _, m := range g.running() {
				m.stop(late)
			}
		case <-hangups:
			g.reload()
		case m := <-g.ended:
			g.remove(m)
			if err := m.err; err != nil && (first == nil || worse(err, first)) {
				first = err
			}
			if len(g.running()) == 0 {
				return first
			}
			if m.err != nil && m.err != late && loud(m.err) {
				g.log.At(0, "%s", m.label(m.err.Error()))
			}
		}
	}
}

// tell passes a signal on; beyond the second they mean nothing new.
func (m *member) tell(sig os.Signal) {
	select {
	case m.signals <- sig:
	default:
	}
}

// loud tells whether an error is worth a line when other proxies go on.
func loud(err error) bool {
	var failed *cli.Error
	return !errors.As(err, &failed) || !failed.Quiet
}

// worse tells whether an error matters more than another: a signal does least.
func worse(err, than error) bool { return loud(err) && !loud(than) }

// running are the members that have not ended.
func (g *group) running() []*member {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.members)
}

func (g *group) remove(m *member) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.members = slices.DeleteFunc(g.members, func(x *member) bool { return x == m })
}

// reload reads the file again. What did not change goes on untouched.
func (g *group) reload() {
	notify("RELOADING=1")
	defer notify("READY=1")
	plans, err := g.read()
	if err != nil {
		g.log.At(0, "reload: %v; all goes on as before", err)
		return
	}
	var kept, gone []*member
	for _, m := range g.running() {
		if i := slices.IndexFunc(plans, m.plan.same); i >= 0 {
			plans = slices.Delete(plans, i, i+1)
			kept = append(kept, m)
		} else {
			gone = append(gone, m)
		}
	}
	fresh, err := g.prepare(plans)
	if err != nil {
		g.log.At(0, "reload: %v; all goes on as before", err)
		return
	}
	for _, m := range kept {
		if err := m.gate.Reload(); err != nil {
			g.log.At(0, "reload: %v; the old list counts", err)
		}
	}
	g.replace(gone, fresh)
	g.log.At(0, "reloaded %s: %d unchanged, %d ended, %d started", g.path, len(kept), len(gone), len(fresh))
}

// replace ends the old members, then opens the new ones.
func (g *group) replace(gone, fresh []*member) {
	for _, m := range gone {
		g.remove(m)
		m.stop(errReplaced)
	}
	for _, m := range gone {
		<-m.done
	}
	for _, m := range fresh {
		if g.begin(m) {
			continue
		}
		for _, old := range gone {
			if old.name == m.name { // better than nothing
				again, err := g.prepare([]plan{old.plan})
				if err == nil && g.begin(again[0]) {
					g.log.At(0, "reload: %s goes on as before", old.name)
				}
			}
		}
	}
}

// begin opens and launches a member; false if it cannot be opened.
func (g *group) begin(m *member) bool {
	if err := m.attach(); err != nil {
		g.log.At(0, "reload: %v", m.plan.explain(err))
		m.kill()
		m.proxy.close()
		return false
	}
	g.mu.Lock()
	g.members = append(g.members, m)
	g.mu.Unlock()
	g.launch(m)
	return true
}

// same tells whether two plans are of the same proxy.
func (pl plan) same(other plan) bool {
	return pl.config.name == other.config.name && slices.Equal(pl.args, other.args)
}

// explain names the place in the file where an error comes from.
func (pl plan) explain(err error) error {
	if pl.place == "" {
		return err
	}
	return inFile(pl.place, err)
}

// close ends what still runs, at once.
func (g *group) close() {
	for _, m := range g.running() {
		m.kill()
		m.stop(nil)
	}
	close(g.over)
	g.helpers.Wait()
	for _, m := range g.running() {
		if !m.launched {
			m.proxy.close()
		}
	}
}
