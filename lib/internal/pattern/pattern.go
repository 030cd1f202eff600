// Package pattern is what makes the socket types differ: which pipe a message
// goes to, which one the next comes from, and what is dropped or refused.
//
// There is a file per socket type, over three strategies: lb (load balance), fq
// (fair queue) and dist (distribute). A pattern never blocks, starts no
// goroutine, reads no clock and does no I/O. Its socket calls it with the
// socket's lock held.
//
// What a type does is said by its RFC and by libzmq, which decides where they
// differ: 28 (REQ REP DEALER ROUTER), 29 (PUB SUB XPUB XSUB), 30 (PUSH PULL),
// 31 (PAIR), 41 (SERVER CLIENT), 48 (RADIO DISH), 49 (GATHER SCATTER), 51 (PEER),
// 52 (CHANNEL), and zmq_socket(3) for STREAM and DGRAM.
package pattern

import (
	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/pipe"
)

// Direct is a Pattern that, as long as it has one peer, does nothing with a
// message of one part but write it to the peer's pipe.
type Direct interface {
	// Only is the pipe of the only peer, nil if there are none or more.
	Only() *pipe.Pipe
}

// Source is a Pattern that does nothing to receive a message of one part but read it
// from the pipe of the peer whose turn it is.
type Source interface {
	// Sole is the pipe of the only peer, nil if there are none or more.
	Sole() *pipe.Pipe
	// Turns is what gives turns to so many peers that it has windows, else nil.
	Turns() *FairQueue
}

// Joiner is a Pattern whose user joins groups (DISH). A group that is too long,
// joined twice, or left without having been joined is EINVAL.
type Joiner interface {
	Join(group string) error
	Leave(group string) error
}

// Numbered is a Pattern that gives its peers numbers (SERVER, PEER).
type Numbered interface {
	// Latest is the number of the peer that was attached last.
	Latest() uint32
	// Disconnect ends the connection to a peer; EHOSTUNREACH if there is none.
	Disconnect(id uint32) error
}

// Dropper is a Pattern that drops messages which are for no pipe.
type Dropper interface {
	// Dropped counts them.
	Dropped() uint64
}

// Events says what a socket can do now, as ZMQ_EVENTS does.
type Events uint8

// The bits of Events, as ZMQ_POLLIN and ZMQ_POLLOUT.
const (
	In  Events = 1
	Out Events = 2
)

// Pattern is the behaviour of one socket type.
//
// Messages pass frame by frame. The socket calls Send for all frames of a
// message, and Recv for all frames of a message, without letting go of its
// lock, and calls none of the event methods in between.
type Pattern interface {
	// Attach adds a pipe whose peer is ready to talk, or, for a connection that
	// is still being made, one that queues. The pattern may refuse it.
	Attach(p *pipe.Pipe)
	// Detach removes a pipe that has ended. The pattern has not closed it. A
	// pattern that refuses a pipe, or wants to be rid of it, hangs it up and
	// reads it empty, so that its owner is told Closed and detaches it.
	Detach(p *pipe.Pipe)
	// Readable tells that a read on p, which failed before, may succeed.
	Readable(p *pipe.Pipe)
	// Writable tells that a write on p, which failed before, may succeed.
	Writable(p *pipe.Pipe)
	// Hiccup tells that the connection behind p broke and is being made again:
	// what was queued for the peer and must be fresh is to be sent again.
	Hiccup(p *pipe.Pipe)

	// Send sends one frame. Errors are errno.Errno values. EAGAIN, EHOSTUNREACH
	// and the like on the first frame of a message mean that nothing was done
	// and m is still the caller's. Frames behind the first are never refused
	// with EAGAIN. On success a body of msg.RefMin bytes and more is no longer
	// the caller's.
	Send(m *msg.Msg) error
	// Recv receives one frame into m; EAGAIN when there is none. A body below
	// msg.RefMin is valid until the next call of any method; a larger one is the
	// caller's.
	Recv(m *msg.Msg) error
	// Ready says what would not fail with EAGAIN now.
	Ready() Events

	// Set handles the options that belong to this socket type (ROUTER_MANDATORY,
	// XPUB_VERBOSE, SUBSCRIBE, ...); it returns EINVAL for any other, which
	// the socket then looks up in the option table. v has the type that the
	// option table parsed it to: int, []byte or string.
	Set(id option.ID, v any) error
	// Get is the value of an option that only the pattern knows
	// (TOPICS_COUNT); EINVAL for any other.
	Get(id option.ID) (any, error)
}

// The numbers of the socket types, as in zmq.h.
const (
	Pair = iota
	Pub
	Sub
	Req
	Rep
	Dealer
	Router
	Pull
	Push
	XPub
	XSub
	Stream
	Server
	Client
	Radio
	Dish
	Gather
	Scatter
	Dgram
	Peer
	Channel
)

// makers make the pattern of each socket type.
var makers = [...]func(*option.Options) Pattern{
	Pair:   func(*option.Options) Pattern { return &pair{} },
	Pub:    func(o *option.Options) Pattern { return newPub(o) },
	Sub:    func(o *option.Options) Pattern { return newSub(o) },
	Req:    func(*option.Options) Pattern { return newReq() },
	Rep:    func(o *option.Options) Pattern { return newRep(o) },
	Dealer: func(*option.Options) Pattern { return newDealer() },
	Router: func(o *option.Options) Pattern { return newRouter(o) },
	Pull:   func(*option.Options) Pattern { return &pull{fq: newFQ()} },
	Push:   func(*option.Options) Pattern { return &push{lb: newLB()} },
	XPub:   func(o *option.Options) Pattern { return newXPub(o) },
	XSub:   func(o *option.Options) Pattern { return newXSub(o) },
	Stream: func(o *option.Options) Pattern { return newStream(o) },

	Server:  func(*option.Options) Pattern { return newServer() },
	Client:  func(*option.Options) Pattern { return single{newDealer()} },
	Radio:   func(*option.Options) Pattern { return newRadio() },
	Dish:    func(*option.Options) Pattern { return newDish() },
	Gather:  func(*option.Options) Pattern { return single{&pull{fq: newFQ()}} },
	Scatter: func(*option.Options) Pattern { return single{&push{lb: newLB()}} },
	Dgram:   func(o *option.Options) Pattern { return newDgram(o) },
	Peer:    func(*option.Options) Pattern { return newServer() },
	Channel: func(*option.Options) Pattern { return single{&pair{}} },
}

// New makes the pattern of the socket type with that number in zmq.h. It reads
// o, the socket's own options, whenever it needs one; Raw, and on STREAM
// RoutingID, it also writes. The error is EINVAL for a type that does not exist.
func New(socketType int, o *option.Options) (Pattern, error) {
	if socketType < 0 || socketType >= len(makers) {
		return nil, errno.EINVAL
	}
	return makers[socketType](o), nil
}

// base is what a socket type does that does not say otherwise: nothing, and
// calls in the wrong direction fail with ENOTSUP.
type base struct{}

func (base) Readable(*pipe.Pipe)        {}
func (base) Writable(*pipe.Pipe)        {}
func (base) Hiccup(*pipe.Pipe)          {}
func (base) Send(*msg.Msg) error        { return errno.ENOTSUP }
func (base) Recv(*msg.Msg) error        { return errno.ENOTSUP }
func (base) Set(option.ID, any) error   { return errno.EINVAL }
func (base) Get(option.ID) (any, error) { return nil, errno.EINVAL }

// hangUp ends p from this side: what was sent is delivered, what has come is
// dropped, and the last read has the owner told that p is closed.
func hangUp(p *pipe.Pipe) {
	p.Hangup()
	for p.Skip() {
	}
}

// events is In and Out as said.
func events(in, out bool) (e Events) {
	if in {
		e |= In
	}
	if out {
		e |= Out
	}
	return e
}

// setFlag writes an option that is on unless 0; the table has checked v.
func setFlag(flag *bool, v any) error {
	n, ok := v.(int)
	if !ok {
		return errno.EINVAL
	}
	*flag = n != 0
	return nil
}
