package main

import (
	"fmt"
	"slices"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// What is checked beyond each flag by itself, before anything starts:
//
//	checkForm      flags and form of the command line: a proxy, a file, ctl
//	checkGroups    groups and types of a proxy
//	checkUses      endpoints of a proxy
//	checkPlans     endpoints and names of all proxies of a file

// flag is a row of the flag table.
type flag struct{ cli.Flag }

func flagOf(name string) flag {
	flags := newTool().Flags
	return flag{flags[slices.IndexFunc(flags, func(f cli.Flag) bool { return f.Name == name })]}
}

func (f flag) is(other cli.Flag) bool { return f.Name == other.Name }

// describes tells whether a flag describes a proxy, so that it may stand in a file.
func (f flag) describes() bool {
	return slices.Contains([]string{"Sockets", "Security", "Ending", "Steering", "Topics"}, f.Group) || f.is(cli.MonitorFlag)
}

// assignment is how the flag is written in a file.
func (f flag) assignment() string {
	if f.Value == "" {
		return f.Name + " = true"
	}
	return fmt.Sprintf("%s = %q", f.Name, f.Value)
}

// steers tells whether the command line is zproxy ctl.
func steers(a *cli.Args) bool { return len(a.Words) > 0 && a.Words[0] == "ctl" }

// checkForm refuses flags that mean nothing where no proxy is described: with ctl,
// and beside a file, which says it itself.
func checkForm(a *cli.Args) error {
	for _, name := range a.WrittenFlags() {
		switch f := flagOf(name); {
		case steers(a) && name != "timeout" && !slices.ContainsFunc(cli.CommonFlags, f.is):
			return cli.Usagef("ctl takes --timeout and how much to tell", "--%s makes no sense with ctl", name)
		case a.Given("file") && f.describes():
			return cli.Usagef("write "+f.assignment()+" in the file, at its top or for one proxy", "--%s makes no sense beside --file", name)
		}
	}
	return nil
}

// runKey stands for a flag in errors about the words of the command line: it is the
// key that has them in a file.
const runKey = "run"

// use is an endpoint with the flag that names it.
type use struct {
	flag string
	cli.Endpoint
}

// uses are all endpoints of the proxy.
func (c *config) uses() []use {
	list := []use{{runKey, c.front.endpoint}, {runKey, c.back.endpoint}}
	for _, more := range []struct {
		flag string
		e    *cli.Endpoint
	}{{"control", c.control}, {"capture", c.copies}, {"monitor", c.monitor}} {
		if more.e != nil {
			list = append(list, use{more.flag, *more.e})
		}
	}
	return list
}

// checkUses refuses an endpoint that is given twice.
func (c *config) checkUses(*cli.Args) error {
	all := c.uses()
	for i, u := range all {
		for _, other := range all[:i] {
			if u.Clashes(other.Endpoint) || u.Addr == other.Addr && !u.Wildcard() && !other.Wildcard() {
				return cli.About(u.flag, cli.Usagef("each socket needs an endpoint of its own", "endpoint %s is given twice", u.Addr))
			}
		}
	}
	return nil
}

// checkGroups compares the groups with the types.
func (c *config) checkGroups(*cli.Args) error {
	dish := c.front.typ == zmq.Dish || c.back.typ == zmq.Dish
	switch {
	case dish && len(c.groups) == 0:
		return cli.About(runKey, cli.Usagef("for example --join weather", "DISH receives nothing without --join"))
	case !dish && len(c.groups) > 0:
		return cli.About("join", cli.Usagef("it is for dish", "%v and %v have no groups for --join", c.front.typ, c.back.typ))
	}
	return nil
}

// checkPlans refuses a name that two proxies have, or an endpoint that both bind.
func checkPlans(plans []plan) error {
	for i, pl := range plans {
		for _, other := range plans[:i] {
			if other.config.name == pl.config.name {
				return pl.explain(cli.About("name", cli.Usagef("", "%q is the name of another proxy", pl.config.name)))
			}
			if u, ok := pl.config.clash(other.config); ok {
				return pl.explain(cli.About(u.flag, cli.Usagef("each socket needs an endpoint of its own", "%q binds endpoint %s too", other.config.name, u.Addr)))
			}
		}
	}
	return nil
}

// clash finds an endpoint that another proxy has bound.
func (c *config) clash(other *config) (use, bool) {
	for _, u := range c.uses() {
		for _, o := range other.uses() {
			if u.Clashes(o.Endpoint) {
				return u, true
			}
		}
	}
	return use{}, false
}
