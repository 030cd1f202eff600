package zmq

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"ztools/lib/internal/engine"
	"ztools/lib/internal/transport"
)

// connector is one Connect.
type connector struct {
	*session
	transport transport.Transport
	rest      string
}

// The bits of RECONNECT_STOP (zmq_setsockopt(3)).
const (
	stopRefused         = 1
	stopHandshakeFailed = 2
	stopDisconnected    = 4
)

// run connects again and again until the session ends. It is owned by the
// socket.
func (c *connector) run() {
	defer c.sock.wg.Done()
	defer c.finish()
	defer c.sock.forget(c.endpoint, c)
	backoff := transport.NewBackoff(c.opts)
	for {
		err := c.attempt(&backoff)
		if c.life.ended() || c.hopeless(err) || c.drained() || !c.pause(&backoff, err) {
			return
		}
	}
}

// attempt makes one connection and serves it until it ends.
func (c *connector) attempt(backoff *transport.Backoff) error {
	var conn net.Conn
	err := c.serve(func() (_ net.Conn, err error) {
		conn, err = c.dial()
		return conn, err
	})
	if conn == nil {
		return err
	}
	backoff.Reset()
	if err != nil {
		c.rejoin()
	}
	c.rename(transport.Endpoint(conn.RemoteAddr())) // to libzmq it is resolved now
	return err
}

// dial connects once.
func (c *connector) dial() (net.Conn, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if !c.life.during(cancel) {
		return nil, context.Canceled
	}
	fd := noDescriptor
	if c.sock.monitor.watched() {
		ctx = transport.WithOpened(ctx, func(opened uintptr) {
			if fd == noDescriptor && !strings.HasPrefix(c.endpoint, "ipc:") { // which connects at once or not at all
				c.emit(ConnectDelayed, int(errnoInProgress), nil)
			}
			fd = int(opened)
		})
	}
	conn, err := c.transport.Dial(ctx, c.rest, c.opts)
	switch {
	case err == nil:
		c.session.emitOpen(&connection{Conn: conn}, Connected, nil)
	case fd != noDescriptor && !c.life.ended():
		c.emit(Closed, fd, err)
	}
	return conn, err
}

// hopeless reports whether a connection that ended with err is not made again:
// always after an orderly end and after a violation of the protocol, else as
// RECONNECT_STOP says. Refusal counts over tcp alone: who listens on an ipc path
// may be about to come.
func (c *connector) hopeless(err error) bool {
	stop := c.opts.ReconnectStop
	switch engine.CauseOf(err) {
	case engine.Violated, engine.Refused:
		return true
	}
	var failed *handshakeError
	return err == nil ||
		stop&stopRefused != 0 && strings.HasPrefix(c.endpoint, "tcp:") && NumberOf(err) == ECONNREFUSED ||
		stop&stopHandshakeFailed != 0 && errors.As(err, &failed) ||
		stop&stopDisconnected != 0 && c.closed()
}

// pause waits before the next attempt, after one that ended with err; false if
// there is none.
func (c *connector) pause(backoff *transport.Backoff, err error) bool {
	d, ok := backoff.Next(rand.IntN)
	if !ok {
		return false
	}
	c.retries(err)
	c.emit(ConnectRetried, int(d/time.Millisecond), err)
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	if c.life.during(cancel) {
		<-ctx.Done()
	}
	return !c.life.ended()
}
