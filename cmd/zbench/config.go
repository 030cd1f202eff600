package main

import (
	"os"
	"slices"
	"strings"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// endpoints are those that both ends can use. The system chooses the names that
// others could have taken.
var endpoints = map[string]string{
	"tcp": "tcp://127.0.0.1:0", "ipc": "ipc://*", "inproc": "inproc://zbench", "ws": "ws://127.0.0.1:0", "wss": "wss://127.0.0.1:0",
}

// kind is one kind of measurement.
type kind struct {
	what    string // for people; %s is where the ends are
	sizes   string // default of --size
	measure func(*run) error
	columns []column
}

// kinds are the kinds of measurement with both ends, or one, in this program.
var kinds = map[string]*kind{
	"thr":     {"PUSH to PULL", "16,1k,64k", throughput, throughputColumns},
	"lat":     {"REQ to REP and back, one at a time, times in µs", "16,1k,64k", latency, latencyColumns},
	"load":    {"requests on a fixed schedule, times in µs since each was due", "16", openLoop, loadColumns},
	"fanout":  {"PUB to SUB", "16", fanOut, fanoutColumns},
	"connect": {"connections with their first round trip, times in µs", "16", connections, connectColumns},
	"sub":     {"received by SUB", "0", subscription, subscribeColumns},
}

// foreign are the words that load an endpoint which is already there, with the
// work that does it and the type whose usual side counts.
var foreign = map[string]struct {
	kind string
	typ  zmq.Type
}{"req": {"lat", zmq.Req}, "push": {"thr", zmq.Push}, "sub": {"sub", zmq.Sub}}

// config is a checked command line.
type config struct {
	*kind
	log  *cli.Log
	show *progress
	prog string
	word string // the kind's name

	// What.
	sizes      []int
	transports []string
	mechanisms []string
	options    []cli.SocketOption
	security   *cli.Security  // towards another program; nil if both ends are here
	to         []cli.Endpoint // nil: both ends are here
	together   bool           // in one process
	senders    int
	receivers  int
	clients    int
	subs       int
	parallel   int
	prefixes   []string
	data       []byte // nil: numbered bodies

	// How long.
	every    time.Duration // between messages; 0: as fast as it goes
	warm     length
	length   length
	gone     bool // the end is when the last peer leaves, at the latest
	linger   time.Duration
	runs     int
	idle     time.Duration
	patience time.Duration // with what is missing at the end
	interval time.Duration
	timeout  time.Duration // 0: none

	// Output.
	format  string
	plots   []string
	monitor *cli.Endpoint // of --monitor; nil: none

	newSleeper func() sleeper
}

// sockets is how many sockets one context may have to hold.
func (c *config) sockets() int {
	n := c.senders + c.receivers + c.clients + c.subs
	if c.word == "connect" {
		n += int(c.length.count)
	}
	return n
}

// sense says with which first words a flag makes sense; other flags always do.
var sense = map[string]string{
	"size": "thr lat load fanout connect req push", "transport": "thr lat load fanout connect",
	"mechanism": "thr lat load fanout connect", "curve": "thr lat load fanout connect", "plain": "thr lat load fanout connect",
	"inproc": "thr lat load fanout connect", "to": "thr lat load connect",
	"senders": "thr push", "receivers": "thr", "clients": "lat load req", "subs": "fanout", "parallel": "connect",
	"bind": "serve req push sub", "connect": "serve req push sub", "until-peers-gone": "serve sub", "linger": "thr push",
	"monitor": "thr lat load fanout serve req push sub", "rate": "load fanout req push", "subscribe": "sub", "data": "req push", "file": "req push",
	"count": "thr lat load fanout connect serve req push sub", "duration": "thr lat load fanout req push sub",
	"warmup": "thr lat load fanout req push sub", "runs": "thr lat load fanout connect req push sub",
	"interval": "thr lat load fanout req push sub", "idle": "thr lat load fanout connect req push sub",
	"option": "thr lat load fanout connect serve req push sub", "timeout": "thr lat load fanout connect serve req push sub",
	"plot": "thr lat load fanout req push sub connect", "fail-if": "compare",
	"csv": "thr lat load fanout connect req push sub compare", "markdown": "thr lat load fanout connect req push sub compare",
	"json": "thr lat load fanout connect req push sub compare serve",
}

// instead is what to do where a flag makes no sense.
var instead = map[string]string{
	"rate": "thr and lat go as fast as they can; load keeps a rate", "duration": "--count says how many", "to": "req, push and sub name the endpoint itself",
	"bind": "--to names the other end", "connect": "--to names the other end", "monitor": "its sockets are too many to watch",
}

// parseConfig reads the words and flags; every error is a usage error.
func parseConfig(a *cli.Args) (*config, error) {
	c := &config{log: cli.NewLog(a), prog: a.Prog, word: a.Words[0], newSleeper: newSleeper}
	c.parseWhere(a)
	c.kind = kinds[c.word]
	c.parseWhat(a)
	c.parseLength(a)
	c.format = parseFormat(a)
	c.plots, c.monitor = a.Strings("plot"), a.Endpoint("monitor")
	for _, name := range c.plots {
		if !plottable(name) {
			a.Reject(cli.Usagef("write FILE.svg, FILE.png, or - for a plot in text", "--plot: %q is no kind of picture", name))
		}
	}
	return c, a.Check()
}

// checkSense refuses flags that mean nothing for a first word, and numbers that
// cannot be 0.
func checkSense(a *cli.Args) {
	kind := a.Words[0]
	for _, name := range a.GivenFlags() {
		if kinds, limited := sense[name]; limited && !slices.Contains(strings.Fields(kinds), kind) {
			a.Reject(cli.Usagef(instead[name], "--%s makes no sense for %s", name, kind))
		}
	}
	for _, name := range []string{"count", "duration", "runs", "timeout", "idle", "interval", "senders", "receivers", "clients", "subs", "parallel"} {
		if v := a.String(name, "1"); v == "0" || v == "0s" {
			a.Reject(cli.Usagef("leave the flag out", "--%s cannot be 0", name))
		}
	}
}

// parseWhere says where the other end is.
func (c *config) parseWhere(a *cli.Args) {
	t := zmq.Push
	if f, ok := foreign[c.word]; ok {
		c.word, t = f.kind, f.typ
		if c.word == "lat" && a.Given("rate") {
			c.word = "load"
		}
	}
	c.to = endpointsOf(a, a.Words[1:], cli.UsuallyBinds(t))
	if c.to == nil {
		c.together = a.Bool("inproc")
		for _, f := range cli.SecurityFlags("") {
			if a.Given(f.Name) && (f.Env == "" || os.Getenv(f.Env) == "") {
				a.Reject(cli.Usagef("--curve and --plain measure with keys made for it", "--%s is for another program, and both ends are here", f.Name))
			}
		}
		return
	}
	c.security, c.mechanisms = a.Security(""), []string{mechanismOf(a)}
	for _, name := range []string{"transport", "inproc", "receivers", "mechanism", "curve", "plain"} {
		if a.Given(name) {
			a.Reject(cli.Usagef("", "--%s makes no sense where the other end is another program", name))
		}
	}
}

// endpointsOf are those of --to, of the words that name some, of -b and of -c;
// without a sign a word is bound or not as bind says.
func endpointsOf(a *cli.Args, words []string, bind bool) (list []cli.Endpoint) {
	add := func(text string, bind bool) {
		e, err := cli.ParseEndpoint(text, bind)
		if err == nil && slices.ContainsFunc(list, func(o cli.Endpoint) bool { return o.Addr == e.Addr }) {
			err = cli.Usagef("", "endpoint %s is given twice", e.Addr)
		}
		if err != nil {
			a.Reject(err)
		}
		list = append(list, e)
	}
	if a.Given("to") {
		words = append(words, a.String("to", ""))
	}
	for _, text := range words {
		add(text, bind)
	}
	for _, text := range a.Strings("bind") {
		add(strings.TrimPrefix(text, "@"), true)
	}
	for _, text := range a.Strings("connect") {
		add(strings.TrimPrefix(text, ">"), false)
	}
	return list
}

// addresses are the endpoints for people.
func addresses(list []cli.Endpoint) string {
	var all []string
	for _, e := range list {
		all = append(all, e.Addr)
	}
	return strings.Join(all, ", ")
}

// schemes are the transports of endpoints.
func schemes(list []cli.Endpoint) string {
	var all []string
	for _, e := range list {
		scheme, _, _ := strings.Cut(e.Addr, "://")
		if !slices.Contains(all, scheme) {
			all = append(all, scheme)
		}
	}
	return strings.Join(all, "+")
}

// checkBinds refuses several sockets at one address.
func (c *config) checkBinds(a *cli.Args) {
	if !slices.ContainsFunc(c.to, func(e cli.Endpoint) bool { return e.Bind }) {
		return
	}
	if c.word == "connect" || c.senders > 1 || c.clients > 1 {
		a.Reject(cli.Usagef("connect to the other end, or leave it at one socket", "several sockets cannot bind %s", addresses(c.to)))
	}
}

// mechanismOf is which mechanism the security flags ask for.
func mechanismOf(a *cli.Args) string {
	for _, m := range []struct{ flag, name string }{
		{"server-key", "curve"}, {"curve-server", "curve"}, {"plain-user", "plain"}, {"plain-allow", "plain"}, {"gssapi-service", "gssapi"}, {"gssapi-server", "gssapi"},
	} {
		if a.Given(m.flag) {
			return m.name
		}
	}
	return "null"
}

// parseWhat reads what is sent, from how many to how many.
func (c *config) parseWhat(a *cli.Args) {
	c.options, c.prefixes = a.SocketOptions("option"), a.Strings("subscribe")
	if len(c.prefixes) == 0 {
		c.prefixes = []string{""}
	}
	for _, text := range strings.Split(a.String("size", c.kind.sizes), ",") {
		n, err := cli.ParseSize(text)
		if err != nil || n > maxSize {
			a.Reject(cli.Usagef("write sizes like 16,1k,64k, up to 1G", "--size: %q is no size of a message", text))
		}
		if c.word == "load" && n < stampSize {
			a.Reject(cli.Usagef("", "--size: %d bytes are too few for the number and the time that load writes into a request: at least %d", n, stampSize))
		}
		c.sizes = append(c.sizes, int(n))
	}
	c.transports = strings.Split(a.String("transport", "tcp"), ",")
	for _, name := range c.transports {
		if endpoints[name] == "" {
			a.Reject(cli.Usagef("the values are tcp ipc inproc ws wss", "--transport: unknown %q", name))
		}
	}
	c.parseMechanisms(a)
	number := func(name string, otherwise int64) int {
		n := a.Number(name, otherwise)
		if n > mostSockets {
			a.Reject(cli.Usagef("", "--%s: %d sockets are too many for a process, which has at most %d", name, n, mostSockets))
		}
		return int(n)
	}
	c.senders, c.receivers, c.clients = number("senders", 1), number("receivers", 1), number("clients", 1)
	c.subs, c.parallel = number("subs", 10), number("parallel", 16)
	if c.senders > 1 && c.receivers > 1 {
		a.Reject(cli.Usagef("give one of them", "several senders to several receivers make no plain figure"))
	}
	c.checkBinds(a)
	c.parseData(a)
}

func (c *config) parseMechanisms(a *cli.Args) {
	if c.mechanisms == nil {
		c.mechanisms = strings.Split(a.String("mechanism", "null"), ",")
	}
	for _, name := range []string{"curve", "plain"} {
		switch {
		case a.Bool(name) && a.Given("mechanism"):
			a.Reject(cli.Usagef("--mechanism null,plain,curve has them all", "--%s and --mechanism both say it", name))
		case a.Bool(name):
			c.mechanisms = []string{name}
		}
	}
	if a.Bool("curve") && a.Bool("plain") {
		a.Reject(cli.Usagef("--mechanism plain,curve measures both", "--curve and --plain exclude each other"))
	}
	inside := !slices.ContainsFunc(c.transports, func(t string) bool { return t != "inproc" })
	for _, name := range c.mechanisms {
		if c.to == nil && inside && name != "null" {
			a.Reject(cli.Usagef("--inproc measures them in one process, over tcp or ipc", "inproc knows no mechanism such as %s", name))
		}
		if c.to == nil && !slices.Contains([]string{"null", "plain", "curve"}, name) {
			a.Reject(cli.Usagef("the values are null plain curve", "--mechanism: unknown %q", name))
		}
	}
}

// parseData reads the body that a foreign endpoint expects.
func (c *config) parseData(a *cli.Args) {
	if a.Given("data") {
		c.data = []byte(a.String("data", ""))
	}
	if name := a.String("file", ""); name != "" {
		body, err := os.ReadFile(name)
		if err != nil {
			a.Reject(cli.Usagef("", "--file: %w", err))
		}
		c.data = body
	}
	if c.data == nil {
		return
	}
	if a.Given("size") || a.Given("data") && a.Given("file") {
		a.Reject(cli.Usagef("give one of them", "--size, --data and --file all say what to send"))
	}
	if c.word == "load" {
		a.Reject(cli.Usagef("leave out --rate, or the body", "with --rate requests carry their number and time, so no body of yours"))
	}
	c.sizes = []int{len(c.data)}
}

// warmUpShare is how much of a measurement goes before it and is left out, unless
// --warmup says it: a tenth.
const warmUpShare = 10

// parseLength reads how long and how often.
func (c *config) parseLength(a *cli.Args) {
	c.length, c.gone = length{a.Number("count", 0), a.Duration("duration", 0)}, a.Bool("until-peers-gone")
	switch {
	case a.Given("count") && a.Given("duration"):
		a.Reject(cli.Usagef("give one of them", "--count and --duration both say how long"))
	case c.word == "connect" && !a.Given("count"):
		c.length.count = 1000
	case !a.Given("count") && !a.Given("duration") && !c.gone:
		c.length.time = time.Second
	}
	c.every = a.Rate("rate", 0)
	if c.word == "load" && c.every == 0 {
		a.Reject(cli.Usagef("for example --rate 10k", "load needs the --rate of its schedule"))
	}
	if c.word == "connect" && c.length.count > mostSockets {
		a.Reject(cli.Usagef("they all stay open; --runs repeats them", "--count: %d connections are too many for a process, which has at most %d", c.length.count, mostSockets))
	}
	c.runs, c.idle, c.patience = int(a.Number("runs", 1)), a.Duration("idle", 10*time.Second), a.Duration("idle", restLimit)
	c.interval, c.timeout, c.linger = a.Duration("interval", 0), a.Duration("timeout", 0), a.Duration("linger", 0)
	if a.Given("linger") && c.to == nil {
		a.Reject(cli.Usagef("with --to nothing but the queues knows what is still to go", "--linger makes no sense where the receiver counts"))
	}
	c.warm = c.defaultWarmUp()
	if !a.Given("warmup") {
		return
	}
	if n, err := cli.ParseCount(a.String("warmup", "")); err == nil && c.length.count > 0 {
		c.warm = length{count: n}
		return
	}
	c.warm = length{time: a.Duration("warmup", 0)}
	if c.length.count > 0 && c.warm.time > 0 {
		a.Reject(cli.Usagef("write a number of messages, or measure for a --duration", "--warmup is a time, but --count counts"))
	}
}

// defaultWarmUp is a tenth. There is none before connections, and none where a
// peer may count the messages, too.
func (c *config) defaultWarmUp() length {
	if c.word == "connect" || c.to != nil && c.length.count > 0 {
		return length{}
	}
	return length{c.length.count / warmUpShare, c.length.time / warmUpShare}
}

// formats are the flags that choose one.
var formats = []string{"json", "csv", "markdown"}

func parseFormat(a *cli.Args) string {
	chosen := ""
	for _, name := range formats {
		switch {
		case a.Bool(name) && chosen != "":
			a.Reject(cli.Usagef("give one of them", "--%s and --%s both say the format", chosen, name))
		case a.Bool(name):
			chosen = name
		}
	}
	return chosen
}
