// Package security is the mechanisms of ZMTP 3.x: how two peers agree that they
// may talk, and how frames are protected from then on (RFC 23, 37).
//
// A Mechanism does no I/O. The engine runs it:
//
//  1. send what Next gives, until it gives nothing
//  2. State is Ready: the handshake is done
//  3. State is Waiting: pass Request to the authentication (ZAP), go on
//     receiving, and pass the reply to Answer when it comes
//  4. receive a command, pass it to Handle, go on with 1
//  5. after an error, send what Next still gives (an ERROR for the peer) and
//     close the connection
//  6. every frame sent passes through Seal, every frame received through Open,
//     unless Transparent
package security

import (
	"context"
	"fmt"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/kerberos"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
)

// State is how far a handshake has come.
type State int

const (
	// Handshaking: commands are still to be sent or received.
	Handshaking State = iota
	// Waiting: nothing is sent until the authentication has answered Request.
	// A command of the peer may come, and goes to Handle.
	Waiting
	// Ready: both sides have agreed, and messages may flow.
	Ready
	// Failed: the handshake has ended with an error.
	Failed
)

// Mechanism is one side of one connection. Its methods are called by one
// goroutine during the handshake; from then on Seal by the writer and Open by
// the reader, at the same time.
type Mechanism interface {
	// Name is the name in the greeting (RFC 37), such as "NULL".
	Name() string
	// Next appends to dst the body of the next handshake command. ok is false
	// if there is nothing to send now.
	Next(dst []byte) (cmd []byte, ok bool)
	// Handle takes the body of a handshake command from the peer and keeps
	// nothing of it. An error, a *wire.ProtocolError or an *AuthError, ends the
	// connection for good.
	Handle(cmd []byte) error
	// State is how far the handshake has come.
	State() State
	// Request is what to ask the authentication while Waiting: the frames of a
	// request of ZAP (RFC 27). They belong to the caller.
	Request() [][]byte
	// Answer ends Waiting. It takes the frames of the reply, nil if nobody
	// answers requests in this context, and keeps nothing of them. An error, a
	// *wire.ProtocolError, an *AuthError or ErrNoHandler, ends the connection.
	Answer(reply [][]byte) error
	// Peer is what is known about the peer, once Ready: what it said about
	// itself and what the authentication said, which counts more. Once Failed it
	// is what came before the mistake. Properties by name; the map is the
	// caller's.
	Peer() map[string]string
	// Said is what the peer said about itself alone, of which nothing may be
	// changed: its routing id is what it says, even if the authentication gives
	// messages another property Identity.
	Said() map[string]string

	// Seal appends to dst a frame as it goes over the wire, with its header in
	// the form of ZMTP 2.0 and 3.x. Of m only Flags and Body count. An error
	// says that this connection can send no more.
	Seal(dst []byte, m *msg.Msg) ([]byte, error)
	// Open turns a frame from the wire into what the peer sealed; it may write
	// to the body and cut it. Errors are as those of Handle.
	Open(m *msg.Msg) error
	// Transparent reports whether Seal and Open change nothing, so that whole
	// runs of frames may pass untouched.
	Transparent() bool
}

// A Starter is a mechanism that first has to get something, such as a ticket,
// perhaps over the network. The engine calls Start once, when the greetings have
// been exchanged; the connection is made again after an error. The context ends
// with the handshake, and Handle may wait for somebody as long as it lasts.
type Starter interface{ Start(context.Context) error }

// ErrNoHandler is the error of Answer if the authentication had to be asked and
// nobody is there to answer; libzmq reports it as EFAULT.
var ErrNoHandler = fmt.Errorf("no authentication handler is bound to %s: %w", Endpoint, errno.EFAULT)

// AuthError says that the peer's authentication has refused us, or ours the
// peer.
type AuthError struct {
	Status int // of ZAP (RFC 27): 300, 400 or 500
}

// Error is the text.
func (e *AuthError) Error() string {
	return fmt.Sprintf("authentication refused with status %d", e.Status)
}

// Unwrap makes the error an EPROTO for errors.Is, as the connection is not made
// again.
func (e *AuthError) Unwrap() error { return errno.EPROTO }

// A Maker makes one side of a connection with the peer at that address: an IP
// address without a port, or what the transport says in its place.
type Maker func(address string) Mechanism

// Memory is what all sockets of a context have to know together. The zero value is
// ready for use.
type Memory struct {
	replays kerberos.Replays // the requests of clients that its servers have accepted
	tickets kerberos.Tickets // those that its clients may use again
}

// mechanisms prepares the mechanism of each value of ZMQ_MECHANISM.
var mechanisms = [...]func(*option.Options, *Memory) (Maker, error){prepareNull, preparePlain, prepareCurve, prepareGSSAPI}

// Prepare readies the mechanism that o asks for, for all connections of a bind
// or connect in the context with that memory. They read o and do not change it. Errors: ENOTSUP if the mechanism
// is not built in, EINVAL if its options cannot be used together.
func Prepare(o *option.Options, shared *Memory) (Maker, error) {
	if o.Mechanism < 0 || o.Mechanism >= len(mechanisms) {
		return nil, errno.ENOTSUP
	}
	return mechanisms[o.Mechanism](o, shared)
}

// Known reports whether the mechanism with that number in zmq.h is built in.
func Known(number int) bool { return number < len(mechanisms) && mechanisms[number] != nil }

// Required reports whether o asks for more than ZMTP 2.0 and 1.0 can give, so
// that such peers must be refused (RFC 37, "Downgrade").
func Required(o *option.Options) bool { return o.Mechanism != 0 || o.ZAPDomain != "" }
