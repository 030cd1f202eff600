package main

import (
	"context"
	"strings"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// eventKinds are the events that can happen to an open socket.
func eventKinds() []zmq.EventKind {
	var kinds []zmq.EventKind
	for k := zmq.Connected; k <= zmq.HandshakeFailedAuth; k <<= 1 {
		if k != zmq.MonitorStopped {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// eventName is the name as a flag has it: handshake-succeeded.
func eventName(k zmq.EventKind) string {
	return strings.ReplaceAll(strings.ToLower(k.String()), "_", "-")
}

func eventNames() []string {
	var names []string
	for _, k := range eventKinds() {
		names = append(names, eventName(k))
	}
	return names
}

// parseEvent reads an event's name as eventName has it or as libzmq does.
func parseEvent(text string) (zmq.EventKind, error) {
	name := strings.ReplaceAll(strings.ToLower(text), "_", "-")
	name = strings.TrimPrefix(name, "zmq-event-")
	for _, k := range eventKinds() {
		if eventName(k) == name {
			return k, nil
		}
	}
	return 0, cli.Usagef("the events are "+strings.Join(eventNames(), " "), "--until: unknown event %q", text)
}

// runWatch is `zmonitor watch TYPE ENDPOINT...`.
func (c *config) runWatch(a *cli.Args, words []string) error {
	if len(words) < 2 {
		return cli.Usagef("for example: "+a.Prog+" watch dealer tcp://localhost:5555", "watch needs a socket type and an endpoint")
	}
	t, err := parseType(words[0])
	if err != nil {
		return err
	}
	var endpoints []cli.Endpoint
	for _, word := range words[1:] {
		e, err := cli.ParseEndpoint(word, cli.UsuallyBinds(t))
		if err != nil {
			return err
		}
		endpoints = append(endpoints, e)
	}
	text := "timed out after " + c.timeout.String()
	if c.until != 0 {
		text += " without " + eventName(c.until)
	}
	ctx, release := within(a, c.timeout, text)
	defer release()
	s, err := c.open(t)
	if err != nil {
		return err
	}
	defer s.close()
	events := s.sock.Events(ctx)
	for _, e := range endpoints {
		if err := cli.Attach(s.sock, e, c.log); err != nil {
			return err
		}
		if e.Bind {
			c.secure.Tell(c.log, "zcat", t, s.sock.LastEndpoint())
		}
	}
	seen := int64(0)
	for ev := range events {
		if err := c.print.event(ev); err != nil {
			return err
		}
		seen++
		if ev.Kind == c.until || seen == c.count {
			return nil
		}
		if err := cli.Refusal(ev); err != nil && len(endpoints) == 1 && !endpoints[0].Bind {
			return err // nothing more can happen
		}
	}
	return context.Cause(ctx)
}
