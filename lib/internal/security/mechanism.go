// Package security is the mechanisms of ZMTP 3.x: how two peers agree that they
// may talk, and how frames are protected from then on (RFC 23, 37).
//
// A Mechanism does no I/O. The engine runs it:
//
//  1. send what Next gives, until it gives nothing
//  2. State is Ready: the handshake is done
//  3. receive a command, pass it to Handle, go on with 1
//  4. after an error, send what Next still gives (an ERROR for the peer) and
//     close the connection
//  5. every frame sent passes through Seal, every frame received through Open,
//     unless Transparent
package security

import (
	"fmt"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
)

// State is how far a handshake has come.
type State int

const (
	// Handshaking: commands are still to be sent or received.
	Handshaking State = iota
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
	// Peer is what the peer said about itself, once Ready: properties by name.
	// The map is the caller's.
	Peer() map[string]string

	// Seal turns a frame into what goes over the wire.
	Seal(m *msg.Msg) error
	// Open turns a frame from the wire into what the peer sealed. Errors are as
	// those of Handle.
	Open(m *msg.Msg) error
	// Transparent reports whether Seal and Open change nothing, so that whole
	// runs of frames may pass untouched.
	Transparent() bool
}

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

// mechanisms makes the mechanism for each value of ZMQ_MECHANISM.
var mechanisms = [...]func(*option.Options) Mechanism{newNull}

// New is the mechanism that o asks for, at the beginning of a handshake; ENOTSUP
// if it is not built in. It reads o as long as the handshake lasts and does not
// change it.
func New(o *option.Options) (Mechanism, error) {
	if o.Mechanism < 0 || o.Mechanism >= len(mechanisms) {
		return nil, errno.ENOTSUP
	}
	return mechanisms[o.Mechanism](o), nil
}

// Required reports whether o asks for more than ZMTP 2.0 and 1.0 can give, so
// that such peers must be refused (RFC 37, "Downgrade").
func Required(o *option.Options) bool { return o.Mechanism != 0 || o.ZAPDomain != "" }
