package zmq

import (
	"sync"
	"sync/atomic"

	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/security"
)

// Context is the home of sockets: they share its inproc names, and Close ends
// them all (zmq_ctx_new(3)). It is safe for use by many goroutines.
type Context struct {
	pool msg.Pool
	down atomic.Bool // Shutdown was called

	noThreads bool // constant from the first socket on: IO_THREADS was 0

	memory security.Memory // of what its sockets' mechanisms have seen

	mu      sync.Mutex // guards the fields below
	opts    option.ContextOptions
	used    bool // a socket was made
	sockets map[*Socket]struct{}
	names   map[string]*inprocName // inproc names that are bound
	waiting map[string][]*pending  // inproc names that are connected to and not bound

	open sync.WaitGroup // sockets that are not closed or still linger
	conn atomic.Uint64  // the last connection id
}

// NewContext makes a context with libzmq's defaults.
func NewContext() *Context {
	return &Context{
		opts:    option.ContextDefaults(),
		sockets: map[*Socket]struct{}{},
		names:   map[string]*inprocName{},
		waiting: map[string][]*pending{},
	}
}

// Set changes a context option (zmq_ctx_set(3)); EINVAL for an unknown one or a
// value out of range.
func (c *Context) Set(id Option, v any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.opts.Set(id, v); err != nil {
		return &Error{Op: "set context option", Err: err}
	}
	return nil
}

// Get is the value of a context option (zmq_ctx_get(3)).
func (c *Context) Get(id Option) (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, err := c.opts.Get(id)
	if err != nil {
		return nil, &Error{Op: "get context option", Err: err}
	}
	return v, nil
}

// NewSocket makes a socket (zmq_socket(3)). Errors: EINVAL for an unknown type,
// EMFILE beyond MAX_SOCKETS, ETERM after Shutdown.
func (c *Context) NewSocket(t Type) (*Socket, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down.Load() {
		return nil, &Error{Op: "new socket", Err: ETERM}
	}
	if len(c.sockets) >= c.opts.MaxSockets {
		return nil, &Error{Op: "new socket", Err: EMFILE}
	}
	if !c.used {
		c.used, c.noThreads = true, c.opts.IOThreads == 0
	}
	s, err := newSocket(c, t)
	if err != nil {
		return nil, &Error{Op: "new " + t.String() + " socket", Err: err}
	}
	c.sockets[s] = struct{}{}
	c.open.Add(1)
	return s, nil
}

// Shutdown makes every blocked and every later call on the context's sockets,
// except Close, return ETERM (zmq_ctx_shutdown(3)). It may be called more than
// once.
func (c *Context) Shutdown() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down.Store(true)
	for s := range c.sockets {
		s.inbox.end()
		s.reclaim()
	}
}

// Close shuts the context down and waits until every socket is closed and has
// sent, within its LINGER, what was queued (zmq_ctx_term(3)). Sockets that are
// open have to be closed by their users.
func (c *Context) Close() error {
	c.Shutdown()
	c.open.Wait()
	return nil
}

// forget takes a closed socket off the list.
func (c *Context) forget(s *Socket) {
	c.mu.Lock()
	delete(c.sockets, s)
	c.mu.Unlock()
}
