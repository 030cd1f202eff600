package zmq

import (
	"context"
	"net"
	"sync"
	"time"

	"ztools/lib/internal/engine"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pattern"
	"ztools/lib/internal/pipe"
	"ztools/lib/internal/transport"
	"ztools/lib/internal/wire"
)

// A session is one peer of a bind, or the one peer of a connect with all its
// reconnects. Its life, run by one goroutine (serve) and a second one while
// there is a connection (the engine's WriteLoop):
//
//	1 handshake   nothing of the peer reaches the socket before it succeeded
//	2 attach      the pipe is given to the socket, if it is not there already
//	3 read, write until the connection ends or close has let it drain
//	4 detach      what was not sent stays in the pipe, for a reconnect
type session struct {
	sock     *Socket
	opts     *option.Options // as they were at bind or connect
	endpoint string          // as the user wrote it, or as bound
	id       uint64
	life     context.Context // done when the session is to end at once
	abort    context.CancelFunc

	mu      sync.Mutex // guards the fields below
	port    *engine.Port
	end     *pipe.Pipe // the socket's end of the port's pipe
	closing bool
	timer   *time.Timer // ends the linger period
}

func (s *Socket) newSession(opts *option.Options, endpoint string) *session {
	x := &session{sock: s, opts: opts, endpoint: endpoint, id: s.ctx.conn.Add(1)}
	x.life, x.abort = context.WithCancel(s.life)
	return x
}

// close ends the session. What is queued is sent first, for at most linger
// milliseconds; -1 is for ever.
func (x *session) close(linger int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.closing = true
	if x.port == nil || linger == 0 {
		x.abort()
		return
	}
	if linger > 0 && x.timer == nil {
		x.timer = time.AfterFunc(time.Duration(linger)*time.Millisecond, x.abort)
	}
	x.port.Pipe.Hangup()
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
	x.abort()
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
	port := engine.NewPort(mine, &x.sock.eager, &x.sock.lend, x.abort)
	end.Tag = port
	x.mu.Lock()
	x.port, x.end = port, end
	x.mu.Unlock()
	return port, end
}

// serve runs one connection from handshake to end. local says that this side
// has connected. It returns why the connection ended; nil if it ended because
// the session is to end.
func (x *session) serve(conn net.Conn, local bool) error {
	ev := Event{Conn: x.id, Endpoint: x.endpoint}
	ev.Local, ev.Remote = transport.Endpoint(conn.LocalAddr()), transport.Endpoint(conn.RemoteAddr())
	unhook := context.AfterFunc(x.life, func() { conn.Close() })
	defer unhook()

	res, err := x.handshake(conn, &ev)
	if err != nil {
		conn.Close()
		if x.life.Err() != nil {
			return nil
		}
		err = &handshakeError{err}
		x.sock.emitFailure(ev, err)
		x.sock.emit(ev, Disconnected, 0, err)
		return err
	}

	e, end := x.engine(conn, res, local)
	if e == nil { // closed meanwhile
		conn.Close()
		return nil
	}
	stop := context.AfterFunc(x.life, e.Stop)
	if end != nil {
		x.attach(end, local)
	}
	x.sock.countPeer(+1)
	written := make(chan struct{})
	go func() {
		defer close(written)
		e.WriteLoop()
	}()
	err = e.ReadLoop()
	e.Stop()
	<-written
	stop()
	e.Detach()
	x.leave()
	x.sock.countPeer(-1)
	x.sock.emit(ev, Disconnected, 0, err)
	return err
}

// handshake does nothing for a raw connection.
func (x *session) handshake(conn net.Conn, ev *Event) (*engine.Result, error) {
	if x.raw() {
		return nil, nil
	}
	res, err := engine.Handshake(conn, x.opts)
	if err != nil {
		return nil, err
	}
	ev.SocketType, ev.RoutingID = res.SocketType, res.Identity
	if res.Mechanism != nil {
		ev.Mechanism = res.Mechanism.Name()
	}
	x.sock.emit(*ev, HandshakeSucceeded, 0, nil)
	return res, nil
}

// raw reports whether the connection carries bytes and not ZMTP.
func (x *session) raw() bool { return x.opts.Raw }

// engine makes the engine on the session's pipe. The pipe's other end is
// returned if the socket has not got it yet. The engine is nil if the session
// was closed.
func (x *session) engine(conn net.Conn, res *engine.Result, local bool) (*engine.Engine, *pipe.Pipe) {
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
		Conn:          conn,
		Options:       x.opts,
		Pool:          &x.sock.ctx.pool,
		Result:        res,
		Deaf:          x.sock.typ.deaf(),
		Subscriptions: x.sock.typ.takesSubscriptions(),
	}
	if x.sock.typ == Req {
		c.Guard = &pattern.ReqGuard{}
	}
	x.introduce(port.Pipe, conn, res)
	return engine.New(c, port), end
}

// introduce writes what the socket must know about a peer before its first
// message.
func (x *session) introduce(p *pipe.Pipe, conn net.Conn, res *engine.Result) {
	meta := &msg.Meta{Properties: map[string]string{wire.PropPeerAddress: transport.PeerAddress(conn)}}
	var id []byte
	if res != nil {
		meta.Properties, id = res.Properties, res.Identity
	}
	p.SetMeta(meta)
	if x.sock.typ.wantsIdentity() {
		p.Write(&msg.Msg{Flags: msg.Identity, Body: id})
	}
	if x.raw() && x.opts.StreamNotify {
		p.Write(&msg.Msg{})
	}
	if res != nil && res.Version == wire.Unversioned && x.sock.typ.takesSubscriptions() {
		p.Write(&msg.Msg{Body: []byte{1}}) // such a peer may not subscribe: it gets all
	}
}

// leave tells a STREAM socket by an empty message that the peer has gone, if
// STREAM_NOTIFY is on.
func (x *session) leave() {
	x.mu.Lock()
	port := x.port
	x.mu.Unlock()
	if x.raw() && x.opts.StreamNotify && port != nil {
		port.Pipe.Write(&msg.Msg{})
	}
}

// attach gives a new pipe to the socket.
func (x *session) attach(end *pipe.Pipe, local bool) {
	end.Local = local
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
		x.sock.inbox.post(hiccup, end)
	}
}
