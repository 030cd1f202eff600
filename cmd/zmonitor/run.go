package main

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// probeTimeout is how long a probe waits by default.
const probeTimeout = 5 * time.Second

// config is a checked command line.
type config struct {
	log     *cli.Log
	print   *printer
	options []cli.SocketOption
	secure  *cli.Security
	timeout time.Duration // 0: none

	// Of probe.
	typ  *zmq.Type // nil: find out
	wait bool

	// Of watch, attach and tap.
	until zmq.EventKind // 0: none
	count int64         // 0: no limit

	// Of top.
	once     bool
	interval time.Duration
}

// belongs are the flags that only some of the commands have.
var belongs = map[string][]string{
	"type": {"probe"}, "wait": {"probe"}, "until": {"watch", "attach"}, "count": {"watch", "attach", "tap"},
	"once": {"top"}, "interval": {"top"}, "option": sockets,
}

// sockets are the commands that open a socket, which has options and security.
var sockets = []string{"probe", "watch", "attach", "top"}

// checkFlags refuses flags that make no sense for the command. What stands in the
// environment may be meant for others.
func checkFlags(command string, written []string) error {
	for _, name := range written {
		owners, hint := belongs[name], ""
		if slices.ContainsFunc(cli.SecurityFlags(""), func(f cli.Flag) bool { return f.Name == name }) {
			owners = sockets
		}
		if owners == nil || slices.Contains(owners, command) {
			continue
		}
		if command == "tap" {
			hint = "a tap has no socket: it passes on what its two ends say, with their options and security"
		}
		return cli.Usagef(hint, "--%s is for %s", name, strings.Join(owners, " and "))
	}
	return nil
}

// commands are what zmonitor does.
var commands = map[string]func(c *config, a *cli.Args, words []string) error{
	"probe": (*config).runProbe, "watch": (*config).runWatch, "attach": (*config).runAttach,
	"tap": (*config).runTap, "top": (*config).runTop,
}

// run is zmonitor behind its command line.
func run(a *cli.Args) error {
	if a.ListsOptions() {
		return cli.PrintOptions(a.Out)
	}
	if len(a.Words) == 0 {
		return cli.Usagef(a.Prog+" --help shows examples", "nothing to do: probe, watch, attach, tap or top")
	}
	command, words := commands[a.Words[0]], a.Words[1:]
	if command == nil {
		return cli.Usagef("the commands are probe, watch, attach, tap and top", "unknown command %q", a.Words[0])
	}
	if err := checkFlags(a.Words[0], a.WrittenFlags()); err != nil {
		return err
	}
	c, err := parseConfig(a)
	if err != nil {
		return err
	}
	return command(c, a, words)
}

func parseConfig(a *cli.Args) (*config, error) {
	c := &config{
		log: cli.NewLog(a), print: newPrinter(a), options: a.SocketOptions("option"),
		timeout: a.Duration("timeout", 0), wait: a.Bool("wait"), count: a.Number("count", 0),
		once: a.Bool("once"), interval: a.Duration("interval", time.Second),
	}
	if slices.Contains(sockets, a.Words[0]) {
		c.secure = a.Security("")
	}
	if a.Given("timeout") && c.timeout == 0 || a.Given("count") && c.count == 0 {
		a.Reject(cli.Usagef("leave the flag out", "--timeout and --count cannot be 0"))
	}
	if a.Bool("json") && a.Bool("plain") {
		a.Reject(cli.Usagef("give one of them", "--json and --plain cannot be given together"))
	}
	if name := a.String("until", ""); name != "" {
		var err error
		if c.until, err = parseEvent(name); err != nil {
			a.Reject(err)
		}
	}
	if name := a.String("type", ""); name != "" {
		t, err := parseType(name)
		if err != nil {
			a.Reject(err)
		}
		c.typ = &t
	}
	return c, a.Check()
}

// parseType reads a socket type that speaks ZMTP here.
func parseType(name string) (zmq.Type, error) {
	const hint = "for example dealer, req, sub, push, router or pub"
	t, err := zmq.ParseType(name)
	switch {
	case err != nil:
		return 0, cli.Usagef(hint, "unknown socket type %q", name)
	case t == zmq.Stream, t == zmq.Dgram:
		return 0, cli.Usagef(hint, "%v sockets make no handshake", t)
	}
	return t, nil
}

// within is a context that ends with the time limit, whose cause is then status 3
// and text, or with a signal. The caller calls release at the end.
func within(a *cli.Args, limit time.Duration, text string) (ctx context.Context, release func()) {
	signals, unhook := cli.Interrupts()
	parent, stop := context.WithCancelCause(a.Context)
	ctx, cancel := parent, func() {}
	if limit > 0 {
		ctx, cancel = context.WithTimeoutCause(parent, limit, cli.Failf(cli.StatusTimeout, "", "%s", text))
	}
	var helper sync.WaitGroup
	helper.Go(func() {
		select {
		case sig := <-signals:
			stop(cli.Signalled(sig))
		case <-ctx.Done():
		}
	})
	return ctx, func() {
		stop(nil)
		cancel()
		helper.Wait()
		unhook()
	}
}

// session is a socket that is watched.
type session struct {
	zctx *zmq.Context
	gate cli.Gate
	sock *zmq.Socket
}

func (c *config) open(t zmq.Type) (*session, error) {
	s := &session{zctx: zmq.NewContext()}
	var err error
	if s.gate, err = cli.Authenticate(s.zctx, c.log, c.secure); err != nil {
		return nil, err
	}
	if s.sock, err = s.zctx.NewSocket(t); err != nil {
		return nil, err
	}
	if err := c.secure.Apply(s.sock); err != nil {
		s.close()
		return nil, err
	}
	if err := cli.SetOptions(s.sock, c.options); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// close leaves nothing behind: a watched socket has nothing to send.
func (s *session) close() {
	_ = s.sock.Set(zmq.Linger, 0) // fails only on a closed socket
	_ = s.sock.Close()
	_ = s.gate.Close()
	_ = s.zctx.Close()
}
