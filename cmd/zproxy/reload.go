package main

import (
	"fmt"
	"slices"
	"strings"

	"ztools/lib/cli"
)

// A reload, which SIGHUP asks for:
//
//	1 reload     the file is read and the new members are prepared; after a mistake
//	             all go on as before. Without a file only the lists of who may come in
//	             are read again
//	2 (waits)    the members that are to go drain, while group.run hears signals
//	3 complete   the new ones are opened, all or none; if none, the old ones are made
//	             again and opened

// change is a reload under way.
type change struct {
	kept, gone, fresh []*member
}

// reload begins a reload.
func (g *group) reload() {
	notify(reloading())
	if g.path == "" {
		g.readLists(g.running())
		notify("READY=1")
		return
	}
	c, err := g.compare()
	if err != nil {
		g.log.At(0, "reload: %v; all goes on as before", err)
		notify("READY=1")
		return
	}
	g.readLists(c.kept)
	for _, m := range c.gone {
		m.replaced = true
		m.stop(errReplaced)
	}
	g.change = c
	if len(c.gone) == 0 {
		g.complete()
	}
}

// compare says what the file changes. What did not change goes on untouched.
func (g *group) compare() (*change, error) {
	plans, err := g.read()
	if err != nil {
		return nil, err
	}
	c := &change{}
	for _, m := range g.running() {
		if i := slices.IndexFunc(plans, m.plan.same); i >= 0 {
			plans = slices.Delete(plans, i, i+1)
			c.kept = append(c.kept, m)
		} else {
			c.gone = append(c.gone, m)
		}
	}
	c.fresh, err = g.prepare(plans)
	return c, err
}

// same tells whether two plans are of the same proxy.
func (pl plan) same(other plan) bool {
	return pl.config.name == other.config.name && slices.Equal(pl.args, other.args)
}

// readLists reads the lists of who may come in again. Whoever is in stays.
func (g *group) readLists(members []*member) {
	listed := 0
	for _, m := range members {
		if !m.gate.Listed() {
			continue
		}
		listed++
		if err := m.gate.Reload(); err != nil {
			g.log.At(0, "reload: %s; the old list counts", m.label(err.Error()))
		}
	}
	switch {
	case g.path != "":
	case listed == 0:
		g.log.At(0, "reload: there is no file and no list to read again")
	default:
		g.log.At(0, "reloaded the lists of who may come in")
	}
}

// complete opens the new members when the old ones have ended.
func (g *group) complete() {
	c := g.change
	g.change = nil
	defer notify("READY=1")
	err := g.open(c.fresh)
	if err == nil {
		g.log.At(0, "reloaded %s: %d unchanged, %d ended, %d started", g.path, len(c.kept), len(c.gone), len(c.fresh))
		return
	}
	again, lost := 0, []string{}
	for _, old := range c.gone {
		if err := g.revive(old.plan); err != nil {
			g.log.At(0, "reload: cannot start again: %v", err)
			g.blame(err)
			lost = append(lost, old.name)
			continue
		}
		again++
	}
	outcome := fmt.Sprintf("%d unchanged, %d started again as before", len(c.kept), again)
	if len(lost) > 0 {
		outcome += fmt.Sprintf(", %s lost: %s", cli.Plural(len(lost), "proxy"), strings.Join(lost, ", "))
	}
	g.log.At(0, "reload: %v; %s", err, outcome)
}

// revive runs a proxy that had ended.
func (g *group) revive(pl plan) error {
	fresh, err := g.prepare([]plan{pl})
	if err != nil {
		return err
	}
	return g.open(fresh)
}
