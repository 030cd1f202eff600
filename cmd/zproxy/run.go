package main

import (
	"errors"
	"net"
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
//	2 they are bound and connected, all or none, and run until signals, failures,
//	  TERMINATE or --timeout
//	3 SIGHUP reads the file again, or the lists of who may come in (reload.go)

// group is all proxies of a run.
type group struct {
	args    *cli.Args
	log     *cli.Log
	path    string // of the file; empty: the command line describes the proxy
	stats   time.Duration
	timeout time.Duration // 0: none
	late    error         // the end by --timeout

	readyFD *os.File     // --ready-fd; nil: none
	metrics net.Listener // --metrics; nil: none

	mu      sync.Mutex // guards members
	members []*member

	deadline <-chan time.Time // --timeout
	ended    chan *member     // by itself
	over     chan struct{}    // closed at the end of the run
	helpers  sync.WaitGroup

	// Owned by run.
	worst  error   // why members ended
	change *change // a reload that waits for old members; nil: none
	asked  int     // how often to end, by signals and --timeout
}

// member is a proxy that runs.
type member struct {
	*proxy
	plan     plan
	replaced bool // it ends for a reload; owned by group.run
	signals  chan os.Signal
	err      error // valid once group.ended has it
}

// plan is a proxy to be run. Two plans with the same arguments are the same.
type plan struct {
	args   []string // nil: of the command line
	config *config
	place  string            // where it stands in the file
	keys   map[string]string // and where its keys do
}

// newGroup reads the flags that are for all proxies.
func newGroup(a *cli.Args) *group {
	g := &group{
		args: a, log: cli.NewLog(a), path: a.String("file", ""), stats: a.Duration("stats", 0), timeout: a.Duration("timeout", 0),
		ended: make(chan *member), over: make(chan struct{}),
	}
	if a.Given("stats") && g.stats == 0 || a.Given("timeout") && g.timeout == 0 {
		a.Reject(cli.Usagef("leave the flag out", "--stats and --timeout cannot be 0"))
	}
	g.late = cli.Failf(cli.StatusTimeout, "", "timed out after %v", g.timeout)
	return g
}

// run is zproxy behind its command line.
func run(a *cli.Args) error {
	if a.ListsOptions() {
		return cli.PrintOptions(a.Out)
	}
	if err := checkForm(a); err != nil {
		return err
	}
	if steers(a) {
		return steer(a)
	}
	g := newGroup(a)
	plans, err := g.read()
	if err != nil {
		return err
	}
	signals, release := cli.Interrupts()
	defer release()
	hangups, release := cli.Hangups()
	defer release()
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
func (g *group) start(plans []plan) (err error) {
	if g.timeout > 0 {
		g.deadline = time.After(g.timeout)
	}
	if g.readyFD, err = openReady(g.args); err != nil {
		return err
	}
	if err := g.listen(); err != nil {
		return err
	}
	fresh, err := g.prepare(plans)
	if err != nil {
		return err
	}
	if err := g.open(fresh); err != nil {
		return err
	}
	g.help()
	return ready(g.readyFD)
}

// prepare makes the sockets of all plans and opens their files, or undoes it.
func (g *group) prepare(plans []plan) (fresh []*member, err error) {
	for _, pl := range plans {
		fresh = append(fresh, &member{proxy: newProxy(g.args.Context, pl.config, g.log), plan: pl, signals: make(chan os.Signal, 2)})
	}
	return fresh, inEach(fresh, (*proxy).prepare, (*proxy).record)
}

// open binds and connects all, or closes them again, and then runs them.
func (g *group) open(fresh []*member) error {
	if err := inEach(fresh, (*proxy).attach); err != nil {
		return err
	}
	g.mu.Lock()
	g.members = append(g.members, fresh...)
	g.mu.Unlock()
	for _, m := range fresh {
		g.launch(m)
	}
	return nil
}

// inEach takes the steps, each in all members, or closes them all.
func inEach(fresh []*member, steps ...func(*proxy) error) error {
	for _, step := range steps {
		for _, m := range fresh {
			if err := step(m.proxy); err != nil {
				abandon(fresh)
				return m.plan.explain(err)
			}
		}
	}
	return nil
}

// abandon closes members that do not run.
func abandon(fresh []*member) {
	for _, m := range fresh {
		m.kill()
		m.proxy.close()
	}
}

// launch runs a member that is open.
func (g *group) launch(m *member) {
	g.helpers.Go(func() {
		m.err = m.proxy.run(m.signals)
		m.proxy.close()
		select {
		case g.ended <- m:
		case <-g.over:
		}
	})
}

// run waits for signals, the deadline and the end of the proxies.
func (g *group) run(signals, hangups <-chan os.Signal) error {
	for len(g.running()) > 0 || g.change != nil {
		again := hangups
		if g.asked > 0 || g.change != nil {
			again = nil // one after the other
		}
		select {
		case sig := <-signals:
			g.interrupt(sig)
		case <-g.deadline:
			g.expire()
		case <-again:
			g.reload()
		case m := <-g.ended:
			g.forget(m)
		}
	}
	return g.worst
}

// interrupt passes a signal on. Members that drain for a reload already go on with it
// at the first.
func (g *group) interrupt(sig os.Signal) {
	g.stop(cli.Signalled(sig))
	for _, m := range g.running() {
		if g.asked > 1 || !m.replaced {
			m.tell(sig)
		}
	}
}

// expire ends the run at --timeout.
func (g *group) expire() {
	g.stop(g.late)
	for _, m := range g.running() {
		m.stop(g.late)
	}
}

// stop begins the end of the run. A reload that waits is given up.
func (g *group) stop(reason error) {
	if g.asked++; g.asked == 1 {
		notify("STOPPING=1")
	}
	if g.change != nil {
		g.log.At(0, "the reload is given up; once more ends at once")
		abandon(g.change.fresh)
		g.change = nil
		g.blame(reason)
	}
}

// forget takes note of the end of a member.
func (g *group) forget(m *member) {
	g.mu.Lock()
	g.members = slices.DeleteFunc(g.members, func(x *member) bool { return x == m })
	g.mu.Unlock()
	g.blame(m.err)
	if (len(g.running()) > 0 || g.change != nil) && m.err != g.late && loud(m.err) {
		g.log.At(0, "%s", m.label(m.err.Error()))
	}
	if g.change != nil && !slices.ContainsFunc(g.running(), func(m *member) bool { return m.replaced }) {
		g.complete()
	}
}

// blame keeps the error that matters most, for the end.
func (g *group) blame(err error) {
	if err != nil && (g.worst == nil || loud(err) && !loud(g.worst)) {
		g.worst = err
	}
}

// tell passes a signal on; beyond the second they mean nothing new.
func (m *member) tell(sig os.Signal) {
	select {
	case m.signals <- sig:
	default:
	}
}

// loud tells whether an error is worth a line when other proxies go on. A signal
// is not.
func loud(err error) bool {
	var failed *cli.Error
	return err != nil && !(errors.As(err, &failed) && failed.Quiet)
}

// running are the members that have not ended.
func (g *group) running() []*member {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.members)
}

// explain names the place in the file where an error comes from: that of the key
// that it is about, or that of the proxy.
func (pl plan) explain(err error) error {
	place, known := pl.keys[cli.FlagOf(err)]
	if !known {
		place = pl.place
	}
	if err == nil || place == "" {
		return err
	}
	return inFile(place, err)
}

// close ends what still runs, at once.
func (g *group) close() {
	for _, m := range g.running() {
		m.kill()
		m.stop(nil)
	}
	close(g.over)
	g.helpers.Wait()
	if g.metrics != nil {
		_ = g.metrics.Close() // the server has closed it, if it began
	}
}
