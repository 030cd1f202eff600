package main

import (
	"context"
	"errors"
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

	// Of watch.
	until zmq.EventKind // 0: none
	count int64         // 0: no limit
}

// belongs are the flags that only one of the commands has.
var belongs = map[string]string{"type": "probe", "wait": "probe", "until": "watch", "count": "watch"}

// run is zmonitor behind its command line.
func run(a *cli.Args) error {
	if a.ListsOptions() {
		return cli.PrintOptions(a.Out)
	}
	if len(a.Words) == 0 {
		return cli.Usagef(a.Prog+" --help shows examples", "nothing to do: probe or watch")
	}
	command, words := a.Words[0], a.Words[1:]
	for flag, owner := range belongs {
		if a.Given(flag) && command != owner {
			return cli.Usagef("", "--%s is for %s", flag, owner)
		}
	}
	c, err := parseConfig(a)
	if err != nil {
		return err
	}
	switch command {
	case "probe":
		return c.runProbe(a, words)
	case "watch":
		return c.runWatch(a, words)
	}
	return cli.Usagef("the commands are probe and watch", "unknown command %q", command)
}

func parseConfig(a *cli.Args) (*config, error) {
	c := &config{
		log: cli.NewLog(a), print: newPrinter(a), options: a.SocketOptions("option"), secure: a.Security(""),
		timeout: a.Duration("timeout", 0), wait: a.Bool("wait"), count: a.Number("count", 0),
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
	case t == zmq.Stream:
		return 0, cli.Usagef(hint, "STREAM sockets make no handshake")
	case t > zmq.Stream:
		return 0, cli.Usagef(hint, "%v sockets are not available in this version", t)
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
	sock *zmq.Socket
}

func (c *config) open(t zmq.Type) (*session, error) {
	s := &session{zctx: zmq.NewContext()}
	var err error
	if s.sock, err = s.zctx.NewSocket(t); err != nil {
		return nil, err
	}
	if err := errors.Join(c.secure.Apply(s.sock), cli.SetOptions(s.sock, c.options)); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// close leaves nothing behind: a watched socket has nothing to send.
func (s *session) close() {
	_ = s.sock.Set(zmq.Linger, 0) // fails only on a closed socket
	_ = s.sock.Close()
	_ = s.zctx.Close()
}
