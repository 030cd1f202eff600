package zmq

import (
	"bytes"
	"sync"

	"ztools/lib/internal/engine"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/pipe"
	"ztools/lib/internal/security"
)

// How a context decides who may connect (ZAP, RFC 27). A handler is a REP or
// ROUTER socket bound to ZAPEndpoint:
//
//	1 Ask       a handshake gets a pipe of its own to the handler
//	2 Readable  the handler has answered, or Closed: it is gone
//	3 Reply     the handshake reads the answer

// ZAPEndpoint is where the handler that decides about peers is bound, by a REP
// or ROUTER socket of the same context (RFC 27). Each connection to a socket
// that is a server of PLAIN, CURVE or GSSAPI, and with NULL each connection of
// a socket with a ZAPDomain, is then put to it as a request. The package auth
// has a handler ready.
const ZAPEndpoint = security.Endpoint

// authenticator asks the handler of a context.
type authenticator struct{ ctx *Context }

// Ask implements engine.Authenticator.
func (a authenticator) Ask(request [][]byte, ready func()) (engine.Question, error) {
	c := a.ctx
	c.mu.Lock() // keeps the name until the handler has got the pipe
	defer c.mu.Unlock()
	name := c.names[ZAPEndpoint]
	if name == nil {
		return nil, nil
	}
	handler := name.sock
	if !handler.typ.in(Rep, Router) {
		return nil, security.ErrNoHandler
	}
	none := pipe.Limit{Snd: 0, Rcv: pipe.NoBoost}
	mine, other := pipe.New(pipe.Config{Pool: &c.pool, AtoB: none, BtoA: none})
	if handler.typ.wantsIdentity() {
		mine.Write(identity(nil))
	}
	for i, frame := range request {
		m := msg.Msg{Body: frame}
		if i < len(request)-1 {
			m.Flags = msg.More
		}
		mine.Write(&m)
	}
	q := &question{pipe: mine, ready: ready}
	mine.Own(q)
	mine.CheckRead() // from now on Readable is told
	other.Tag, other.Conn = ZAPEndpoint, c.conn.Add(1)
	handler.inbox.post(attached, other)
	return q, nil
}

// question is one request and the pipe that its reply comes through.
type question struct {
	pipe *pipe.Pipe

	mu    sync.Mutex // guards the field below; held while it is called
	ready func()     // nil once it was called, or must not be any more
}

// Readable implements pipe.Owner.
func (q *question) Readable(*pipe.Pipe) { q.tell() }

// Writable implements pipe.Owner.
func (q *question) Writable(*pipe.Pipe) {}

// Closed implements pipe.Owner: the handler has gone.
func (q *question) Closed(*pipe.Pipe) { q.tell() }

func (q *question) tell() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ready != nil {
		q.ready()
		q.ready = nil
	}
}

// Reply implements engine.Question.
func (q *question) Reply() (reply [][]byte, err error) {
	for more := true; more; {
		var m msg.Msg
		if !q.pipe.Read(&m) {
			return nil, EPIPE
		}
		reply = append(reply, bytes.Clone(m.Body))
		more = m.HasMore()
	}
	return reply, nil
}

// Close implements engine.Question.
func (q *question) Close() {
	q.mu.Lock()
	q.ready = nil
	q.mu.Unlock()
	q.pipe.Close()
}
