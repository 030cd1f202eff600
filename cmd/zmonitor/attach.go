package main

import (
	"context"
	"iter"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// runAttach is `zmonitor attach ENDPOINT`: the events that a program publishes
// with --monitor, with zmq.Socket.PublishEvents, or by passing on the messages of
// libzmq's monitor through a PUB socket.
func (c *config) runAttach(a *cli.Args, words []string) error {
	if len(words) != 1 {
		return cli.Usagef("for example: "+a.Prog+" attach ipc:///tmp/events", "attach needs one endpoint")
	}
	ctx, release := within(a, c.timeout, c.late())
	defer release()
	s, err := c.attach(words[0])
	if err != nil {
		return err
	}
	defer s.close()
	var failed error
	events := published(ctx, s.sock, &failed, c.log)
	if err := c.follow(ctx, events, func(zmq.Event) error { return nil }); err != nil {
		return err
	}
	return failed
}

// attach is a SUB socket that gets all that is published at an endpoint.
func (c *config) attach(endpoint string) (*session, error) {
	e, err := cli.ParseEndpoint(endpoint, false)
	if err != nil {
		return nil, err
	}
	s, err := c.open(zmq.Sub)
	if err != nil {
		return nil, err
	}
	if err := s.sock.Subscribe(""); err != nil {
		s.close()
		return nil, err
	}
	if err := cli.Attach(s.sock, e, c.log); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// published is the events that arrive at sock, each in one form only, until ctx is
// done or receiving fails.
func published(ctx context.Context, sock *zmq.Socket, failed *error, log *cli.Log) iter.Seq[zmq.Event] {
	return func(yield func(zmq.Event) bool) {
		for {
			parts, err := sock.Recv(ctx)
			if err != nil {
				if ctx.Err() == nil {
					*failed = err
				}
				return
			}
			switch string(parts[0]) {
			case zmq.TopicV1, zmq.TopicV2, cli.TopicPeers:
				continue // also sent as JSON, or for top
			}
			ev, err := zmq.ParseEvent(parts)
			if err != nil {
				log.At(0, "skipped a message: %v", err)
				continue
			}
			if !yield(ev) {
				return
			}
		}
	}
}
