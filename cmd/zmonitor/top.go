package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// A source gives the peers of this moment, waiting until there is something new.
// ctx.Err() is its end.
type source func(ctx context.Context) (cli.Peers, error)

// runTop is `zmonitor top ENDPOINT` and `zmonitor top watch TYPE ENDPOINT...`.
func (c *config) runTop(a *cli.Args, words []string) error {
	if c.interval <= 0 {
		return cli.Usagef("for example 500ms", "--interval must be more than 0")
	}
	ctx, release := within(a, c.timeout, c.late())
	defer release()
	next, closeSource, err := c.source(a, words)
	if err != nil {
		return err
	}
	defer closeSource()
	r := &rates{}
	switch {
	case c.once:
		return c.printOnce(ctx, next, r)
	case a.Out.TTY && !c.print.json && !c.print.plain:
		return live(ctx, a, next, r)
	}
	for {
		peers, err := next(ctx)
		if err != nil {
			return ending(ctx, err)
		}
		if err := c.print.peers(peers.Time, r.rows(peers)); err != nil {
			return err
		}
	}
}

// ending is what ended a run: its context, or err.
func ending(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// printOnce prints one table, whose rates are those between two moments.
func (c *config) printOnce(ctx context.Context, next source, r *rates) error {
	for range 2 {
		peers, err := next(ctx)
		if err != nil {
			return ending(ctx, err)
		}
		if rows := r.rows(peers); r.known {
			return c.print.peers(peers.Time, rows)
		}
	}
	return nil
}

// source opens what the arguments name.
func (c *config) source(a *cli.Args, words []string) (next source, closeSource func(), err error) {
	switch {
	case len(words) == 1 && words[0] != "watch":
		s, err := c.attach(words[0])
		if err != nil {
			return nil, nil, err
		}
		return s.publishedPeers, s.close, nil
	case len(words) > 2 && words[0] == "watch":
		s, _, err := c.watched(words[1:], func(*zmq.Socket) {})
		if err != nil {
			return nil, nil, err
		}
		return s.ownPeers(c.interval), s.close, nil
	}
	return nil, nil, cli.Usagef(fmt.Sprintf("for example: %[1]s top ipc:///tmp/events, or %[1]s top watch dealer tcp://localhost:5555", a.Prog),
		"top needs the endpoint of a --monitor, or watch with a socket type and endpoints")
}

// publishedPeers waits for what a --monitor tells each second.
func (s *session) publishedPeers(ctx context.Context) (cli.Peers, error) {
	for {
		parts, err := s.sock.Recv(ctx)
		if err != nil {
			return cli.Peers{}, err
		}
		if string(parts[0]) != cli.TopicPeers || len(parts) != 2 {
			continue
		}
		var peers cli.Peers
		err = json.Unmarshal(parts[1], &peers)
		return peers, err
	}
}

// ownPeers asks the watched socket, at first at once.
func (s *session) ownPeers(interval time.Duration) source {
	pause := time.Duration(0)
	return func(ctx context.Context) (cli.Peers, error) {
		t := time.NewTimer(pause)
		defer t.Stop()
		pause = interval
		select {
		case <-t.C:
			return cli.PeersOf(s.sock), nil
		case <-ctx.Done():
			return cli.Peers{}, ctx.Err()
		}
	}
}

// row is a line of the table: a peer and what went to and from it lately.
type row struct {
	cli.Peer
	SentRate     float64 `json:"sent_rate"`     // messages/s
	ReceivedRate float64 `json:"received_rate"` // messages/s
}

// rates compares the peers with those of the moment before.
type rates struct {
	known  bool // a moment before is there
	at     time.Time
	before map[uint64]cli.Peer
}

func (r *rates) rows(now cli.Peers) []row {
	elapsed := now.Time.Sub(r.at).Seconds()
	r.known = r.before != nil
	before := map[uint64]cli.Peer{}
	rows := []row{}
	for _, p := range now.Peers {
		line := row{Peer: p}
		if old, ok := r.before[p.Connection]; ok && elapsed > 0 && old.Sent <= p.Sent && old.Received <= p.Received {
			line.SentRate = float64(p.Sent-old.Sent) / elapsed
			line.ReceivedRate = float64(p.Received-old.Received) / elapsed
		}
		before[p.Connection] = p
		rows = append(rows, line)
	}
	r.at, r.before = now.Time, before
	return rows
}

// state is how a peer stands, in a word.
func (r *row) state() string {
	switch {
	case r.Connected:
		return "ready"
	case r.Retries > 0:
		return "retrying"
	}
	return "waiting"
}
