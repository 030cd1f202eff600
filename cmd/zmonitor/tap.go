package main

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"ztools/lib/cli"
	"ztools/lib/tap"
)

// runTap is `zmonitor tap LISTEN CONNECT`: a relay between two ZeroMQ sockets that
// tells what they say. It passes every byte on as it came.
func (c *config) runTap(a *cli.Args, words []string) error {
	if len(words) != 2 {
		return cli.Usagef("for example: "+a.Prog+" tap tcp://:6000 tcp://localhost:5555", "tap needs an endpoint to listen at and one to connect to")
	}
	from, err := parseLink(words[0], true)
	if err != nil {
		return err
	}
	to, err := parseLink(words[1], false)
	if err != nil {
		return err
	}
	ctx, release := within(a, c.timeout, "timed out after "+c.timeout.String())
	defer release()
	l, err := net.Listen(from.network, from.address)
	if err != nil {
		return err
	}
	c.log.At(0, "bound to %s", from.endpoint(l.Addr()))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &relay{print: c.print, log: c.log, to: to, left: c.count, done: func() { cancel(errTapped) }}
	r.serve(ctx, l)
	if cause := context.Cause(ctx); !errors.Is(cause, errTapped) {
		return cause
	}
	return r.failed
}

// errTapped ends a tap that has told enough.
var errTapped = errors.New("done")

// link is where a relay listens or connects, as package net names it.
type link struct{ network, address string }

// parseLink reads an endpoint of tcp or ipc.
func parseLink(text string, listens bool) (link, error) {
	e, err := cli.ParseEndpoint(text, listens)
	if err != nil {
		return link{}, err
	}
	if e.Bind != listens {
		return link{}, cli.Usagef("the first endpoint listens, the second connects", "endpoint %q is on the wrong side", text)
	}
	scheme, address, _ := strings.Cut(e.Addr, "://")
	switch {
	case scheme == "ipc" && address != "*":
		return link{"unix", address}, nil
	case scheme != "tcp" || strings.Contains(address, ";"):
		return link{}, cli.Usagef("a tap relays tcp://host:port and ipc://path; elsewhere watch or attach tell the events", "tap does not carry %q", text)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return link{}, cli.Usagef("", "endpoint %q: %w", text, err)
	}
	return link{"tcp", net.JoinHostPort(strings.TrimPrefix(host, "*"), strings.Replace(port, "*", "0", 1))}, nil
}

// endpoint is the address of a listener as an endpoint.
func (k link) endpoint(addr net.Addr) string {
	if k.network == "unix" {
		return "ipc://" + addr.String()
	}
	return "tcp://" + addr.String()
}

// relay passes connections on.
type relay struct {
	// Constant.
	print *printer
	log   *cli.Log
	to    link
	done  func() // ends the run

	mu     sync.Mutex // guards the fields below, and printing
	left   int64      // lines to tell; 0 is no limit
	conns  int
	failed error
}

// serve accepts until ctx is done, and waits for all connections.
func (r *relay) serve(ctx context.Context, l net.Listener) {
	var conns sync.WaitGroup
	defer conns.Wait()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		conns.Go(func() { r.connection(ctx, client) })
	}
}

// connection relays one connection until both sides have ended it.
func (r *relay) connection(ctx context.Context, client net.Conn) {
	defer client.Close()
	r.mu.Lock()
	r.conns++
	id := r.conns
	r.mu.Unlock()
	server, err := new(net.Dialer).DialContext(ctx, r.to.network, r.to.address)
	if err != nil {
		r.log.At(0, "connection %d goes nowhere: %v", id, err)
		return
	}
	defer server.Close()
	defer context.AfterFunc(ctx, func() { client.Close(); server.Close() })()
	var telling sync.Mutex // guards talk: both directions feed it
	talk := tap.New(func(it tap.Item) { r.tell(id, it) })
	feed := func(from tap.Side, p []byte) {
		telling.Lock()
		defer telling.Unlock()
		talk.Feed(from, p)
	}
	r.log.At(1, "connection %d: opened by %v", id, client.RemoteAddr())
	var answers sync.WaitGroup
	answers.Go(func() { pass(server, client, func(p []byte) { feed(tap.Server, p) }) })
	pass(client, server, func(p []byte) { feed(tap.Client, p) })
	answers.Wait()
	r.log.At(1, "connection %d: ended", id)
}

// pass copies from one end to the other, and its end too.
func pass(from, to net.Conn, feed func([]byte)) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				from.Close()
				return
			}
			feed(buf[:n])
		}
		if err != nil {
			if c, ok := to.(interface{ CloseWrite() error }); ok && errors.Is(err, io.EOF) {
				_ = c.CloseWrite() // what fails here has ended already
			} else {
				to.Close()
			}
			return
		}
	}
}

// tell prints one item, unless enough was told.
func (r *relay) tell(conn int, it tap.Item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left < 0 {
		return
	}
	if err := r.print.item(time.Now(), conn, it); err != nil {
		r.failed = err
		r.done()
	}
	if r.left > 0 {
		if r.left--; r.left == 0 {
			r.left = -1
			r.done()
		}
	}
}
