package zmq

import (
	"context"
	"net"
	"sync"
	"time"

	"ztools/lib/internal/engine"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pattern"
	"ztools/lib/internal/pipe"
	"ztools/lib/internal/security"
)

// A session is one peer of a bind, or the one peer of a connect with all its
// reconnects. Its life, run by one goroutine (serve) and, from the first thing
// on that has to be sent, a second one (the engine's WriteLoop):
//
//	1 handshake   nothing of the peer reaches the socket before it succeeded
//	2 attach      the pipe is given to the socket, if it is not there already
//	3 read, write until the connection ends or close has let it drain
//	4 detach      what was not sent stays in the pipe, for a reconnect
//
// A process may have many thousand peers that are silent most of the time, so a
// session at rest is one goroutine with a small stack and holds no buffer.
type session struct {
	sock     *Socket
	opts     *option.Options // as they were at bind or connect
	secure   security.Maker  // made of opts; nil if there is no handshake
	endpoint string          // as the user wrote it, or as bound
	id       uint64
	bound    bool // a peer of a bind
	life     life

	mu      sync.Mutex // guards the fields below
	port    *engine.Port
	end     *pipe.Pipe  // the socket's end of the port's pipe
	conn    *connection // what is connected, from the end of the handshake on
	history history
	name    string // what libzmq calls the endpoint of a connect
	closing bool
	timer   *time.Timer // ends the linger period
}

func (s *Socket) newSession(opts *option.Options, endpoint string, bound bool) *session {
	return &session{
		sock: s, opts: opts, endpoint: endpoint, bound: bound,
		id: s.ctx.conn.Add(1), history: history{since: time.Now()},
	}
}

// life is how something is ended at once, whatever it is doing.
type life struct {
	mu   sync.Mutex // a leaf; guards the fields below
	over bool
	end  func() // ends what is under way
}

// during says how what is under way from now on is ended; false if it must not
// begin.
func (l *life) during(end func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end = end
	return !l.over
}

// abort ends what is under way and all that would follow.
func (l *life) abort() {
	l.mu.Lock()
	l.over = true
	end := l.end
	l.mu.Unlock()
	if end != nil {
		end()
	}
}

// ended reports whether abort was called.
func (l *life) ended() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.over
}

// close ends the session. What is queued is sent first, for at most linger
// milliseconds; -1 is for ever.
func (x *session) close(linger int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.closing = true
	if x.port == nil || linger == 0 {
		x.life.abort()
		return
	}
	if linger > 0 && x.timer == nil {
		x.timer = time.AfterFunc(time.Duration(linger)*time.Millisecond, x.life.abort)
	}
	x.port.Pipe.Hangup()
}

// closed reports whether close was called.
func (x *session) closed() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.closing
}

// unsent counts the messages queued for the peer.
func (x *session) unsent() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.port == nil {
		return 0
	}
	return x.port.Pipe.Unsent()
}

// drained reports whether the session was closed and has nothing left to send,
// so that no further connection is needed. If that happens later, the port ends
// the session.
func (x *session) drained() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.port != nil && x.port.Pipe.Ended()
}

// finish is the end of the session's goroutine: the socket may still read what
// was received.
func (x *session) finish() {
	x.life.abort()
	x.mu.Lock()
	if x.timer != nil {
		x.timer.Stop()
	}
	port := x.port
	x.port = nil
	x.mu.Unlock()
	if port != nil {
		port.Pipe.Close()
	}
}

// newPipe makes the pipe between socket and session, with the limits that the
// options had at bind or connect.
func (x *session) newPipe() (*engine.Port, *pipe.Pipe) {
	end, mine := pipe.New(pipe.Config{
		Pool:     &x.sock.ctx.pool,
		AtoB:     pipe.Limit{Snd: x.opts.SndHWM, Rcv: pipe.NoBoost},
		BtoA:     pipe.Limit{Snd: pipe.NoBoost, Rcv: x.opts.RcvHWM},
		Conflate: x.opts.Conflate && x.sock.typ.conflates(),
	})
	port := engine.NewPort(mine, &x.sock.eager, &x.sock.lend, x)
	end.Tag = port
	x.mu.Lock()
	x.port, x.end = port, end
	x.mu.Unlock()
	return port, end
}

// serve runs one connection, which reach makes, from handshake to end. It returns why
// the connection ended; nil if it ended because the session is to end.
func (x *session) serve(reach func() (net.Conn, error)) error {
	c := &connection{}
	err := apart(func() (err error) {
		if c.Conn, err = reach(); err != nil {
			return err
		}
		return x.open(c)
	})
	if c.engine == nil {
		if c.Conn != nil {
			c.Conn.Close()
		}
		return err
	}
	err = c.engine.ReadLoop()
	x.shut(c, err)
	return err
}

// connection is a session's while it is connected.
type connection struct {
	net.Conn
	engine *engine.Engine
	result *engine.Result // of the handshake; nil if there was none
}

// apart calls f in a goroutine of its own and waits. What a goroutine once
// needed of the stack it keeps, so the one that lives as long as the connection
// must not be the one that makes it.
func apart(f func() error) error {
	done := make(chan error)
	go func() { done <- f() }()
	return <-done
}

// open makes the handshake and attaches the pipe. If c has no engine then,
// there is no connection: because of the error or because the session is to end.
func (x *session) open(c *connection) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if !x.life.during(func() { cancel(); c.Conn.Close() }) {
		return nil
	}
	if err := x.handshake(ctx, c); err != nil {
		if x.life.ended() {
			return nil
		}
		err = &handshakeError{err}
		x.emitFailure(c, err)
		x.emitOpen(c, Disconnected, err)
		return err
	}
	x.start(c)
	return nil
}

// start makes and starts the engine, unless the session was closed meanwhile, and
// attaches the pipe.
func (x *session) start(c *connection) {
	e, end := x.engine(c)
	if e == nil {
		return
	}
	c.engine = e
	x.connected(c, nil)
	if !x.life.during(e.Stop) {
		e.Stop()
	}
	if end != nil {
		x.attach(end)
	}
	x.sock.countPeer(+1)
	e.Start()
}

// stop ends the engine.
func (x *session) stop(c *connection) {
	c.engine.Stop()
	c.engine.Detach()
	x.leave()
	x.sock.countPeer(-1)
}

// history is how a session came to its present state.
type history struct {
	since   time.Time // of being connected, or of not being so
	retries int       // pauses between two attempts to connect
	err     error     // why the last connection or attempt ended
}

// present is the connection that is there, or nil, and how it came to that.
func (x *session) present() (*connection, history) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.conn, x.history
}

// connected notes the connection that is there; or that there is none since err.
func (x *session) connected(c *connection, err error) {
	x.mu.Lock()
	x.conn = c
	x.history.since, x.history.err = time.Now(), err
	x.mu.Unlock()
}

// named is what libzmq calls the endpoint of a connect; empty for a bind.
func (x *session) named() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.name
}

// rename notes another name.
func (x *session) rename(name string) {
	x.mu.Lock()
	x.name = name
	x.mu.Unlock()
}

// retries notes that the next attempt comes after a pause.
func (x *session) retries(err error) {
	x.mu.Lock()
	x.history.retries++
	x.history.err = err
	x.mu.Unlock()
}

// shut is the end of a connection that ended with err.
func (x *session) shut(c *connection, err error) {
	fd := x.descriptor(c)
	x.connected(nil, err)
	x.stop(c)
	x.emit(c, Disconnected, fd, err)
}

// handshake does nothing for a raw connection.
func (x *session) handshake(ctx context.Context, c *connection) (err error) {
	if x.raw() {
		return nil
	}
	if c.result, err = engine.Handshake(ctx, c.Conn, x.opts, x.secure, authenticator{x.sock.ctx}); err != nil {
		return err
	}
	x.emit(c, HandshakeSucceeded, 0, nil)
	return nil
}

// Write implements engine.Host.
func (x *session) Write(e *engine.Engine) { go e.WriteLoop() }

// Abort implements engine.Host.
func (x *session) Abort() { x.life.abort() }

// raw reports whether the connection carries bytes and not ZMTP.
func (x *session) raw() bool { return x.opts.Raw }

// engine makes the engine on the session's pipe. The pipe's other end is
// returned if the socket has not got it yet. The engine is nil if the session
// was closed.
func (x *session) engine(conn *connection) (*engine.Engine, *pipe.Pipe) {
	x.mu.Lock()
	port, closing := x.port, x.closing
	x.mu.Unlock()
	var end *pipe.Pipe
	if port == nil {
		if closing {
			return nil, nil
		}
		port, end = x.newPipe()
	}
	c := engine.Config{
		Conn:     conn.Conn,
		Options:  x.opts,
		Pool:     &x.sock.ctx.pool,
		Result:   conn.result,
		Deaf:     x.sock.typ.deaf(),
		Commands: x.sock.typ.commands(),
		Hello:    x.sock.typ.hello(x.opts),
	}
	switch x.sock.typ {
	case Req:
		c.Guard = &pattern.ReqGuard{}
	case Dish:
		c.Guard = &pattern.DishGuard{}
	}
	x.introduce(port.Pipe, conn)
	return engine.New(c, port), end
}

// attach gives a new pipe to the socket.
func (x *session) attach(end *pipe.Pipe) {
	end.Local = !x.bound
	x.sock.mu.Lock()
	x.sock.attachLocked(end, network)
	x.sock.mu.Unlock()
}

// rejoin prepares the pipe for the next connection after one has ended.
func (x *session) rejoin() {
	x.mu.Lock()
	port, end := x.port, x.end
	if x.opts.Immediate && !x.closing {
		x.port, x.end = nil, nil
	}
	x.mu.Unlock()
	switch {
	case port == nil:
	case x.opts.Immediate:
		port.Pipe.Close()
	case x.sock.typ.subscribes():
		x.sock.inbox.postOnce(hiccup, end)
	}
}
