package main

import (
	"slices"
	"strings"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// side is one side of the proxy, as the command line describes it.
type side struct {
	name     string // frontend or backend
	typ      zmq.Type
	endpoint cli.Endpoint
	options  []cli.SocketOption
	security *cli.Security
}

// sets tells whether an option is given.
func (s side) sets(name string) bool {
	return slices.ContainsFunc(s.options, func(o cli.SocketOption) bool {
		return strings.TrimPrefix(strings.ToLower(o.Name), "zmq_") == name
	})
}

// config is one proxy, checked, as the command line or a table of the file
// describes it.
type config struct {
	name        string // empty for that of the command line
	front, back side
	linger      time.Duration
	capture     string        // an endpoint or a file; empty: none
	copies      *cli.Endpoint // capture, if it is one
	control     *cli.Endpoint // nil: none
	monitor     *cli.Endpoint // nil: none
	topics      *topics       // nil: all pass as they are
	groups      []string      // of DISH
}

// parseConfig reads the words and flags. Nothing is started.
func parseConfig(a *cli.Args, name string) (*config, error) {
	both := a.SocketOptions("option")
	c := &config{
		name:    name,
		front:   side{name: "frontend", options: slices.Concat(both, a.SocketOptions("frontend-option")), security: a.Security("frontend-")},
		back:    side{name: "backend", options: slices.Concat(both, a.SocketOptions("backend-option")), security: a.Security("backend-")},
		linger:  a.Duration("linger", time.Second),
		capture: a.String("capture", ""),
		control: a.Endpoint("control"),
		monitor: a.Endpoint("monitor"),
		groups:  a.Strings("join"),
	}
	if strings.Contains(c.capture, "://") {
		c.copies = a.Endpoint("capture")
	}
	if err := a.Check(); err != nil {
		return nil, err
	}
	if err := c.readWords(a); err != nil {
		return nil, cli.About(runKey, err)
	}
	for _, check := range []func(*cli.Args) error{c.checkUses, c.checkGroups, c.readTopics} {
		if err := check(a); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// readTopics reads the rules for topics, which only publications have.
func (c *config) readTopics(a *cli.Args) (err error) {
	c.topics, err = parseTopics(a.Strings("topic-allow"), a.Strings("topic-deny"), a.Strings("topic-rewrite"))
	if err != nil || c.topics == nil || hasTopics(c.front.typ) && hasTopics(c.back.typ) {
		return err
	}
	flags := []string{"topic-allow", "topic-deny", "topic-rewrite"}
	flag := flags[slices.IndexFunc(flags, a.Given)]
	return cli.About(flag, cli.Usagef("it is for xsub with xpub, or sub with pub", "%v and %v have no topics for --%s", c.front.typ, c.back.typ, flag))
}

// readWords reads the pair of types and the endpoints.
func (c *config) readWords(a *cli.Args) error {
	if len(a.Words) == 0 {
		return cli.Usagef(a.Prog+" --help shows examples", "no kind of proxy given")
	}
	kind, words := a.Words[0], a.Words[1:]
	if kind == "run" {
		return c.readPair(a, words)
	}
	types, ok := devices[kind]
	if !ok {
		return cli.Usagef("the kinds are queue, forwarder, streamer and run", "unknown kind of proxy %q", kind)
	}
	if len(words) != 2 {
		return cli.Usagef("for example: "+a.Prog+" "+kind+" tcp://:5559 tcp://:5560", "%s needs two endpoints, FRONTEND and BACKEND", kind)
	}
	c.front.typ, c.back.typ = types[0], types[1]
	return c.readEndpoints(words[0], true, words[1], true)
}

// readPair reads TYPE FRONTEND TYPE BACKEND.
func (c *config) readPair(a *cli.Args, words []string) error {
	if len(words) != 4 {
		return cli.Usagef("for example: "+a.Prog+" run router tcp://:5559 dealer tcp://host:5560", "run needs two types with an endpoint each")
	}
	var err error
	if c.front.typ, err = parseType(words[0]); err != nil {
		return err
	}
	if c.back.typ, err = parseType(words[2]); err != nil {
		return err
	}
	if err := checkPair(c.front.typ, c.back.typ); err != nil {
		return err
	}
	return c.readEndpoints(words[1], cli.UsuallyBinds(c.front.typ), words[3], cli.UsuallyBinds(c.back.typ))
}

// readEndpoints reads both endpoints; frontBinds and backBinds tell what one
// without a sign means.
func (c *config) readEndpoints(front string, frontBinds bool, back string, backBinds bool) error {
	var err error
	if c.front.endpoint, err = cli.ParseEndpoint(front, frontBinds); err != nil {
		return err
	}
	c.back.endpoint, err = cli.ParseEndpoint(back, backBinds)
	return err
}
