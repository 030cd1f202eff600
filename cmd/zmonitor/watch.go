package main

import (
	"context"
	"iter"
	"strings"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// eventKinds are the events that can be waited for.
func eventKinds() []zmq.EventKind {
	var kinds []zmq.EventKind
	for k := zmq.Connected; k <= zmq.HandshakeFailedAuth; k <<= 1 {
		kinds = append(kinds, k)
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
	ctx, release := within(a, c.timeout, c.late())
	defer release()
	var events iter.Seq[zmq.Event]
	s, endpoints, err := c.watched(words, func(sock *zmq.Socket) { events = sock.Events(ctx) })
	if err != nil {
		return err
	}
	defer s.close()
	alone := len(endpoints) == 1 && !endpoints[0].Bind
	return c.follow(ctx, events, func(ev zmq.Event) error {
		if !alone {
			return nil
		}
		return cli.Refusal(ev) // nothing more can happen
	})
}

// watched opens a socket of the type and at the endpoints that the words name.
// prepare is called before it binds or connects.
func (c *config) watched(words []string, prepare func(*zmq.Socket)) (*session, []cli.Endpoint, error) {
	t, err := parseType(words[0])
	if err != nil {
		return nil, nil, err
	}
	var endpoints []cli.Endpoint
	for _, word := range words[1:] {
		e, err := cli.ParseEndpoint(word, cli.UsuallyBinds(t))
		if err != nil {
			return nil, nil, err
		}
		endpoints = append(endpoints, e)
	}
	s, err := c.open(t)
	if err != nil {
		return nil, nil, err
	}
	prepare(s.sock)
	for _, e := range endpoints {
		if err := cli.Attach(s.sock, e, c.log); err != nil {
			s.close()
			return nil, nil, err
		}
		if e.Bind {
			c.secure.Tell(c.log, "zcat", t, s.sock.LastEndpoint())
		}
	}
	return s, endpoints, nil
}

// late is what the end of --timeout says.
func (c *config) late() string {
	text := "timed out after " + c.timeout.String()
	if c.until != 0 {
		text += " without " + eventName(c.until)
	}
	return text
}

// follow prints events until one of them or a flag ends that; final says so of
// an event by an error.
func (c *config) follow(ctx context.Context, events iter.Seq[zmq.Event], final func(zmq.Event) error) error {
	seen := int64(0)
	for ev := range events {
		if err := c.print.event(ev); err != nil {
			return err
		}
		seen++
		if ev.Kind == c.until || seen == c.count {
			return nil
		}
		if err := final(ev); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}
