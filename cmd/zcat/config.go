package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// Limits on the size of a message where --max-size is not given.
const (
	maxSizeOut = 1 << 30
	maxSizeIn  = 64 << 20
)

// config is a checked command line.
type config struct {
	kind      kind
	endpoints []cli.Endpoint // of pipe: IN and OUT
	options   []cli.SocketOption
	security  *cli.Security
	topics    []string
	identity  []byte
	target    []byte
	groups    []string // of DISH
	group     string   // of RADIO

	input, output cli.Layout
	maxIn         int64 // largest part to receive

	data     []string
	files    []string
	replay   string
	repeat   int64 // 0: for ever
	interval time.Duration
	speed    float64
	peers    int64 // -1: as the source asks

	exec, filter string
	jobs         int64
	keepGoing    bool
	echo         bool
	replyTimeout time.Duration // 0: for ever
	retries      int64
	rtt          bool

	count       int64         // 0: no limit
	timeout     time.Duration // 0: none
	monitor     *cli.Endpoint // nil: none
	idle        time.Duration // 0: none
	untilGone   bool
	linger      time.Duration
	lingerGiven bool

	record, tee string
	stats       bool
	gap         int64 // part that holds a number, from 1; 0: none
}

// parseConfig reads the words and flags. Nothing is started; every error is a
// usage error.
func parseConfig(a *cli.Args) (*config, error) {
	if len(a.Words) == 0 {
		return nil, cli.Usagef(a.Prog+" --help shows examples", "no socket type given")
	}
	k, err := findKind(a.Words[0])
	if err != nil {
		return nil, unpackHint(a, err)
	}
	if err := k.checkFlags(a.GivenFlags()); err != nil {
		return nil, err
	}
	c := readFlags(a, k)
	if k.typ == zmq.Stream && c.security.Secure() {
		a.Reject(cli.Usagef("leave the security flags out", "STREAM sockets have no security: their peers do not speak ZMTP"))
	}
	if err := a.Check(); err != nil {
		return nil, err
	}
	for _, step := range []func(*cli.Args) error{c.readEndpoints, c.readLayouts, c.checkSource, c.checkCommands} {
		if err := step(a); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// unpackHint explains the mistake of one who wanted gzip's zcat.
func unpackHint(a *cli.Args, err error) error {
	packed := slices.IndexFunc(a.Words, func(w string) bool {
		return slices.Contains([]string{".gz", ".tgz", ".z"}, strings.ToLower(filepath.Ext(w)))
	})
	if packed < 0 {
		return err
	}
	return cli.Usagef("gzip -dc "+a.Words[packed]+" unpacks it", "this %s speaks ZeroMQ and does not unpack %s", a.Prog, a.Words[packed])
}

func readFlags(a *cli.Args, k kind) *config {
	c := &config{
		kind: k, topics: a.Strings("subscribe"), identity: a.ID("identity"), target: a.ID("target"),
		groups: a.Strings("join"), group: a.String("group", ""),
		maxIn: a.Size("max-size", maxSizeIn),
		data:  a.Strings("data"), files: a.Strings("file"), replay: a.String("replay", ""),
		repeat: a.Number("repeat", 1), interval: a.Duration("interval", 0), speed: 1,
		peers: a.Number("wait-peers", -1),
		exec:  a.String("exec", ""), filter: a.String("filter", ""), jobs: a.Number("jobs", 1),
		keepGoing: a.Bool("keep-going"), echo: a.Bool("echo"),
		replyTimeout: a.Duration("reply-timeout", 0), retries: a.Number("retries", 0), rtt: a.Bool("rtt"),
		count: a.Number("count", 0), timeout: a.Duration("timeout", 0), idle: a.Duration("idle", 0),
		untilGone: a.Bool("until-peers-gone"), monitor: a.Endpoint("monitor"), linger: a.Duration("linger", time.Second), lingerGiven: a.Given("linger"),
		record: a.String("record", ""), tee: a.String("tee", ""), stats: a.Bool("stats"), gap: a.Number("gap", 0),
		options: a.SocketOptions("option"), security: a.Security(""),
	}
	if a.Given("rate") {
		c.interval = a.Rate("rate", 0)
	}
	if text := a.String("speed", "1"); text != "1" {
		speed, err := strconv.ParseFloat(strings.TrimSuffix(text, "x"), 64)
		if err != nil || !(speed >= 0) {
			a.Reject(cli.Usagef("write 2, 0.5, 10x, or 0 for as fast as possible", "--speed: %q is no speed", text))
		}
		c.speed = speed
	}
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"count", c.count}, {"jobs", c.jobs}, {"gap", c.gap}, {"max-size", c.maxIn},
		{"timeout", int64(c.timeout)}, {"idle", int64(c.idle)}, {"reply-timeout", int64(c.replyTimeout)},
	} {
		if f.value == 0 && a.Given(f.name) {
			a.Reject(cli.Usagef("leave the flag out", "--%s cannot be 0", f.name))
		}
	}
	if c.count > 0 && a.Given("data") && !a.Given("repeat") && c.kind.main() == outward {
		c.repeat = 0
	}
	if len(c.data) > 0 && !a.Given("repeat") && c.interval > 0 {
		c.repeat = 0
	}
	return c
}

// readEndpoints reads the words behind the type. Words that are no endpoint
// are further files of --file.
func (c *config) readEndpoints(a *cli.Args) error {
	add := func(text string, bind bool) error {
		e, err := cli.ParseEndpoint(text, bind)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(c.endpoints, func(o cli.Endpoint) bool { return o.Addr == e.Addr }) {
			return cli.Usagef("name it once", "endpoint %s is given twice", e.Addr)
		}
		c.endpoints = append(c.endpoints, e)
		return nil
	}
	for i, word := range a.Words[1:] {
		if len(c.files) > 0 && !strings.Contains(word, "://") {
			c.files = append(c.files, word)
			continue
		}
		bind := cli.UsuallyBinds(c.kind.typ) && (!c.kind.has(relays) || i == 0)
		if err := add(word, bind); err != nil {
			return err
		}
	}
	for _, text := range a.Strings("bind") {
		if err := add(strings.TrimPrefix(text, "@"), true); err != nil {
			return err
		}
	}
	for _, text := range a.Strings("connect") {
		if err := add(strings.TrimPrefix(text, ">"), false); err != nil {
			return err
		}
	}
	return c.countEndpoints(a)
}

func (c *config) countEndpoints(a *cli.Args) error {
	if c.kind.has(relays) && len(c.endpoints) != 2 {
		return cli.Usagef("for example: "+a.Prog+" pipe tcp://:5555 tcp://localhost:5556", "pipe needs two endpoints, IN and OUT")
	}
	if len(c.endpoints) == 0 {
		return cli.Usagef("for example: "+a.Prog+" "+strings.ToLower(c.kind.name)+" tcp://localhost:5555", "no endpoint given")
	}
	return nil
}

// readLayouts puts the format flags together and tries both directions.
func (c *config) readLayouts(a *cli.Args) error {
	both := a.Choice("format", cli.Formats()[0])
	part := a.Delim("part-delim")
	base := cli.Layout{Delim: a.Delim("delim"), PartDelim: part, Split: part != nil, MaxSize: a.Size("max-size", maxSizeOut)}
	c.input, c.output = base, base
	c.input.Format, c.output.Format = a.Choice("in", both), a.Choice("out", both)
	c.input.Routed = c.kind.has(routes) && c.target == nil && !c.singlePeer()
	c.output.Template = a.String("template", "")
	c.output.Escape = a.Out.TTY && c.output.Format != "raw"
	if err := a.Check(); err != nil {
		return err
	}
	if a.Given("delim") && len(base.Delim) == 0 && c.input.Format == "lines" && c.kind.has(sends) {
		return cli.Usagef("-f raw sends all of stdin as one message", "an empty --delim cannot cut the input")
	}
	if a.Given("part-delim") && len(part) == 0 {
		return cli.Usagef("-f raw prints parts without anything between", "--part-delim cannot be empty")
	}
	_, err := cli.NewEncoder(c.output)
	return err
}

// checkSource checks what is to be sent.
func (c *config) checkSource(a *cli.Args) error {
	var given []string
	for _, name := range []string{"data", "file", "replay"} {
		if a.Given(name) {
			given = append(given, "--"+name)
		}
	}
	if len(given) > 1 {
		return cli.Usagef("give one of them", "%s cannot both be the source", strings.Join(given, " and "))
	}
	if a.Given("repeat") && (len(given) == 0 || c.replay != "") {
		return cli.Usagef("it is for --data and --file", "--repeat has nothing to repeat")
	}
	if a.Given("interval") && a.Given("rate") {
		return cli.Usagef("give one of them", "--interval and --rate say the same twice")
	}
	if c.interval > 0 && c.replay != "" {
		return cli.Usagef("--speed 10 goes ten times as fast, --speed 0 as fast as possible", "--replay keeps the times of its recording, so --interval and --rate have no place")
	}
	if a.Given("speed") && c.replay == "" {
		return cli.Usagef("it is for --replay", "--speed has nothing to replay")
	}
	if err := c.checkTexts(); err != nil {
		return err
	}
	if c.kind.has(routes) && c.target == nil && !a.Given("exec") && !c.echo {
		return c.checkAddress(given)
	}
	return nil
}

// checkTexts tries the templates of --data and looks for the files to send.
func (c *config) checkTexts() error {
	if c.counts() {
		for _, text := range c.data {
			if _, err := cli.NewCounter(text); err != nil {
				return err
			}
		}
	}
	for _, name := range append(slices.Clone(c.files), c.replay) {
		if name == "" || name == "-" {
			continue
		}
		if _, err := os.Stat(name); err != nil {
			return err
		}
	}
	return nil
}

// counts tells whether --data is sent again and again, so that its parts are
// templates.
func (c *config) counts() bool { return c.repeat != 1 || c.kind.has(answers) }

// checkAddress makes sure that a routed message can name its peer.
func (c *config) checkAddress(given []string) error {
	const hint = "--target ID says which peer gets it"
	switch {
	case c.singlePeer():
		return nil
	case len(c.files) > 0:
		return cli.Usagef(hint, "a file names no peer")
	case len(c.data) == 1:
		return cli.Usagef(hint+", or give the id as the first --data", "--data names no peer")
	case len(given) == 0 && c.input.Format == "raw":
		return cli.Usagef(hint, "raw input names no peer")
	}
	return nil
}

// singlePeer tells whether a STREAM or PEER socket has exactly one connection,
// which then needs no routing id.
func (c *config) singlePeer() bool {
	return (c.kind.typ == zmq.Stream || c.kind.typ == zmq.Peer) && c.target == nil && len(c.endpoints) == 1 && !c.endpoints[0].Bind
}

// checkCommands checks what is done with received messages.
func (c *config) checkCommands(a *cli.Args) error {
	var ways []string
	for _, name := range []string{"exec", "filter", "echo"} {
		if a.Given(name) {
			ways = append(ways, "--"+name)
		}
	}
	if c.kind.has(answers) && len(c.data) > 0 {
		ways = append(ways, "--data")
	}
	if len(ways) > 1 {
		return cli.Usagef("give one of them", "%s cannot be given together", strings.Join(ways, " and "))
	}
	if c.jobs > 1 && c.exec == "" && (c.filter == "" || !c.kind.has(relays)) {
		return cli.Usagef("it is for --exec", "--jobs has no commands to run")
	}
	if c.jobs > 1 && c.kind.has(answers|asks) {
		return cli.Usagef("router runs many at a time", "%s handles one message at a time", c.kind.name)
	}
	if c.keepGoing && c.exec == "" {
		return cli.Usagef("it is for --exec", "--keep-going has no command to outlive")
	}
	if c.retries > 0 && c.replyTimeout == 0 {
		return cli.Usagef("add --reply-timeout", "--retries needs to know when a reply is late")
	}
	return nil
}
