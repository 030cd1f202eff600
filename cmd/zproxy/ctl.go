package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// zproxy ctl speaks to the control socket of a steerable proxy, ours or libzmq's:
//
//	1 connect   as REQ; a socket of another type refuses that and so tells its type,
//	            and the right one to speak with it connects in its place
//	2 send      the command
//	3 receive   the answer: a REP gives one to everything, others to STATISTICS only

// commands are the commands by the words of the command line.
var commands = map[string]string{"pause": "PAUSE", "resume": "RESUME", "terminate": "TERMINATE", "statistics": "STATISTICS"}

// masters are the types that speak to a control socket of a type.
var masters = map[string]zmq.Type{"REP": zmq.Req, "PAIR": zmq.Pair, "PULL": zmq.Push, "SUB": zmq.Pub, "DEALER": zmq.Dealer}

// errType is a peer of another type.
type errType string

func (e errType) Error() string { return "its control socket is a " + string(e) }

// steer is zproxy ctl.
func steer(a *cli.Args) error {
	if len(a.Words) != 3 || commands[a.Words[2]] == "" {
		return cli.Usagef("for example: "+a.Prog+" ctl tcp://localhost:5561 statistics", "ctl needs an endpoint and one of pause, resume, terminate and statistics")
	}
	e, err := cli.ParseEndpoint(a.Words[1], false)
	if err != nil {
		return err
	}
	timeout := a.Duration("timeout", 5*time.Second)
	if err := a.Check(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(a.Context, timeout,
		cli.Failf(cli.StatusTimeout, "is it the control socket of a proxy?", "no answer from %s within %v", e.Addr, timeout))
	defer cancel()
	c := &controller{log: cli.NewLog(a), endpoint: e, command: commands[a.Words[2]], out: a.Out}
	err = c.ask(ctx, zmq.Req)
	var other errType
	if errors.As(err, &other) {
		own, ok := masters[string(other)]
		if !ok {
			return fmt.Errorf("%s: %w, which nobody can steer", e.Addr, err)
		}
		if c.command == "STATISTICS" && (own == zmq.Push || own == zmq.Pub) {
			return fmt.Errorf("%s: %w, which cannot answer", e.Addr, err)
		}
		err = c.ask(ctx, own)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return context.Cause(ctx)
	}
	return err
}

// controller is one zproxy ctl.
type controller struct {
	log      *cli.Log
	endpoint cli.Endpoint
	command  string
	out      *cli.Stream
}

// ask sends the command with a socket of that type and prints the answer.
func (c *controller) ask(ctx context.Context, own zmq.Type) error {
	zctx := zmq.NewContext()
	defer zctx.Close()
	sock, err := zctx.NewSocket(own)
	if err != nil {
		return err
	}
	defer sock.Close()
	if err := sock.Set(zmq.Linger, 0); err != nil {
		return err
	}
	if err := c.meet(ctx, sock); err != nil {
		return err
	}
	if err := sock.Send(ctx, []byte(c.command)); err != nil {
		return err
	}
	if own != zmq.Req && c.command != "STATISTICS" {
		return sock.Set(zmq.Linger, time.Second) // nothing comes back: let it arrive
	}
	answer, err := sock.Recv(ctx)
	for err == nil && own != zmq.Req && len(answer) == 1 && len(answer[0]) == 0 {
		answer, err = sock.Recv(ctx) // libzmq 4.3.5 also answers the other commands, of others
	}
	if err != nil && own == zmq.Req && errors.Is(err, context.DeadlineExceeded) {
		return cli.Failf(cli.StatusTimeout, "libzmq 4.3.4 obeys one command at a REP, but answers statistics only", "%w", context.Cause(ctx))
	}
	if err != nil {
		return err
	}
	return c.print(answer)
}

// meet connects and waits for the handshake, and for a SUB for its subscription.
func (c *controller) meet(ctx context.Context, sock *zmq.Socket) error {
	events := sock.Events(ctx)
	if err := cli.Attach(sock, c.endpoint, c.log); err != nil {
		return err
	}
	for ev := range events {
		c.log.Event(ev)
		switch {
		case ev.Kind == zmq.HandshakeSucceeded:
			return sock.WaitPeers(ctx, 1)
		case ev.Refused() && ev.SocketType != "":
			return errType(ev.SocketType)
		case ev.Refused():
			return cli.Refusal(ev)
		}
	}
	return ctx.Err()
}

// counters are the names of the numbers, in the order of zmq_proxy_steerable(3).
var counters = [...]string{
	"frontend_received_messages", "frontend_received_bytes", "frontend_sent_messages", "frontend_sent_bytes",
	"backend_received_messages", "backend_received_bytes", "backend_sent_messages", "backend_sent_bytes",
}

// print prints the counters, a name and a number a line.
func (c *controller) print(answer [][]byte) error {
	if c.command != "STATISTICS" {
		return nil
	}
	if len(answer) != len(counters) {
		return fmt.Errorf("%s answers with %d parts instead of %d numbers", c.endpoint.Addr, len(answer), len(counters))
	}
	var b strings.Builder
	for i, part := range answer {
		if len(part) != 8 {
			return fmt.Errorf("%s answers with a number of %d bytes", c.endpoint.Addr, len(part))
		}
		fmt.Fprintf(&b, "%s %d\n", counters[i], binary.NativeEndian.Uint64(part))
	}
	_, err := c.out.Write([]byte(b.String()))
	return err
}
