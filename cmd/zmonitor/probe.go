package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// A probe connects and makes the handshake, in which the peer tells its socket
// type even to one of a type that does not fit, unless it hangs up first. So these
// types are tried in turn until one has learnt it. None of them gets a message or
// is counted on for a reply: no probe takes work from those for whom it was
// meant.
var candidates = []zmq.Type{zmq.Req, zmq.Sub, zmq.Push, zmq.Pub}

// fitting is the candidate that a peer of a type keeps its connection with, so that
// it answers a PING. The first of the candidates needs no row.
var fitting = map[string]zmq.Type{"PUB": zmq.Sub, "XPUB": zmq.Sub, "PULL": zmq.Push, "SUB": zmq.Pub, "XSUB": zmq.Pub}

// finding is what a probe found out.
type finding struct {
	Endpoint   string
	SocketType string // empty if the peer did not say
	Version    string // of ZMTP
	Mechanism  string // empty before ZMTP 3.0
	RoutingID  string
	Connect    time.Duration
	Handshake  time.Duration
	RoundTrip  time.Duration // of a PING and its PONG; 0 if it was not measured
	Failure    *failure      // nil if a ZeroMQ socket is there
}

// runProbe is `zmonitor probe ENDPOINT`.
func (c *config) runProbe(a *cli.Args, words []string) error {
	if len(words) != 1 {
		return cli.Usagef("for example: "+a.Prog+" probe tcp://localhost:5555", "probe needs one endpoint")
	}
	e, err := cli.ParseEndpoint(words[0], false)
	if err != nil {
		return err
	}
	if e.Bind {
		return cli.Usagef("", "a probe connects, it does not bind")
	}
	if c.timeout == 0 {
		c.timeout = probeTimeout
	}
	ctx, release := within(a, c.timeout, "")
	defer release()
	f, err := c.probe(ctx, e)
	if err != nil {
		return err
	}
	if err := c.print.finding(f); err != nil || f.Failure == nil {
		return err
	}
	return f.Failure.err()
}

// probe tries the candidates until one fits. A peer may hang up before we have
// read why, so if all it did was that, they are tried once more. The error is one
// that says nothing about the peer.
func (c *config) probe(ctx context.Context, e cli.Endpoint) (*finding, error) {
	// A peer that accepts and does not answer soon may be waiting for words of
	// another protocol.
	soon, cancel := context.WithTimeout(ctx, min(c.timeout/3, time.Second))
	defer cancel()
	f, err := c.ask(soon, e)
	if err != nil || f.Failure == nil || !slices.Contains(mysterious, f.Failure.kind) {
		return f, err
	}
	if other := sniff(ctx, e.Addr); other != "" {
		f.Failure = notZMTP(fmt.Sprintf("%s speaks %s, not ZMTP", e.Addr, other))
		return f, nil
	}
	if f.Failure.kind != failedTimeout {
		return f, nil
	}
	again, err := c.ask(ctx, e)
	if err == nil && again.Failure != nil && again.Connect == 0 && f.Connect > 0 {
		return f, nil // which tells more
	}
	return again, err
}

// mysterious are failures behind which there may be a server of another protocol.
var mysterious = []string{failedClosed, failedProtocol, failedTimeout}

// ask makes as many connections as it takes to learn who is there, and one more
// for the round trip if none of them stayed.
func (c *config) ask(ctx context.Context, e cli.Endpoint) (*finding, error) {
	f, err := c.learn(ctx, e)
	if err != nil || f.Failure != nil || f.Version != pinged || f.RoundTrip > 0 || c.typ != nil {
		return f, err
	}
	t, ok := fitting[f.SocketType]
	if !ok {
		return f, nil
	}
	again, err := c.attempt(ctx, e, t)
	if err == nil && again.Failure == nil {
		f.RoundTrip = again.RoundTrip
	}
	return f, err
}

// learn tries the candidates.
func (c *config) learn(ctx context.Context, e cli.Endpoint) (*finding, error) {
	if c.typ != nil {
		return c.attempt(ctx, e, *c.typ)
	}
	var f *finding
	for _, t := range slices.Concat(candidates, candidates) {
		var err error
		if f, err = c.attempt(ctx, e, t); err != nil || f.Failure == nil || f.Failure.kind != failedClosed {
			return f, err
		}
	}
	return f, nil
}

// attempt makes one connection as a socket of type t.
func (c *config) attempt(ctx context.Context, e cli.Endpoint, t zmq.Type) (*finding, error) {
	s, err := c.open(t)
	if err != nil {
		return nil, err
	}
	defer s.close()
	if err := s.ping(); err != nil {
		return nil, err
	}
	events := s.sock.Events(ctx)
	p := &attempt{finding: &finding{Endpoint: e.Addr}, config: c, typ: t, started: time.Now()}
	if err := cli.Attach(s.sock, e, c.log); err != nil {
		return nil, err
	}
	for ev := range events {
		if !p.event(ev) {
			continue
		}
		if ev.Kind == zmq.HandshakeSucceeded && ev.Version == pinged && p.Failure == nil {
			p.RoundTrip = s.roundTrip(ctx)
		}
		return p.finding, nil
	}
	var signalled *cli.Error
	if cause := context.Cause(ctx); errors.As(cause, &signalled) && signalled.Status > cli.StatusSignal {
		return nil, cause
	}
	p.Failure = timedOut(e.Addr, c.timeout, !p.connected.IsZero(), p.last)
	return p.finding, nil
}

// pinged is the version of ZMTP whose peers answer a PING.
const pinged = "3.1"

// ping makes the socket send a PING soon after a handshake, which breaks off
// nothing if it is not answered.
func (s *session) ping() error {
	const soon = 5 // milliseconds
	if err := s.sock.Set(zmq.HeartbeatIvl, soon); err != nil {
		return err
	}
	return s.sock.Set(zmq.HeartbeatTimeout, 0)
}

// roundTrip waits for the answer to a PING, but not long; 0 if there is none.
func (s *session) roundTrip(ctx context.Context) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for {
		for _, peer := range s.sock.Stats().Peers {
			if peer.RoundTrip > 0 {
				return peer.RoundTrip
			}
			if peer.Err != nil { // it has left
				return 0
			}
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return 0
		}
	}
}

// attempt is the state of one connection.
type attempt struct {
	*finding
	config    *config
	typ       zmq.Type
	started   time.Time // of the connect under way
	connected time.Time // zero before
	last      error     // why the last connect failed
}

// event takes note of an event and reports whether the attempt has ended.
func (p *attempt) event(ev zmq.Event) bool {
	switch ev.Kind {
	case zmq.ConnectDelayed:
		p.started = ev.Time
	case zmq.Connected:
		p.connected = ev.Time
		p.Connect = ev.Time.Sub(p.started)
	case zmq.Closed, zmq.ConnectRetried: // the second alone for a host that nobody knows
		p.last = ev.Err
		if !p.config.wait {
			p.Failure = unreachable(ev)
			return true
		}
	case zmq.HandshakeSucceeded:
		p.learn(ev)
		p.Failure = foreign(ev)
		return true
	case zmq.HandshakeFailedNoDetail, zmq.HandshakeFailedProtocol, zmq.HandshakeFailedAuth:
		p.Failure = handshakeFailed(ev, p.typ)
		return true
	}
	if ev.Refused() && ev.Code == cli.CodeInvalidMetadata && ev.SocketType != "" && p.config.typ == nil {
		p.learn(ev) // it does not fit, but that is all we wanted to know
		return true
	}
	if ev.Refused() {
		p.Failure = handshakeFailed(ev, p.typ)
		return true
	}
	return false
}

// learn keeps what a peer told.
func (p *attempt) learn(ev zmq.Event) {
	p.Handshake = ev.Time.Sub(p.connected)
	p.SocketType, p.Version, p.Mechanism, p.RoutingID = ev.SocketType, ev.Version, ev.Mechanism, cli.EventID(ev)
}

// milliseconds is a time as a number with three decimals.
func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.3f", float64(d)/float64(time.Millisecond))
}
