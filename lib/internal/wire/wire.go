// Package wire is the bytes of ZMTP 1.0 to 3.1 (RFC 13, 15, 23, 37): pairs of
// Append, which adds an encoding to a slice, and Consume or Parse, which reads
// one and says how much it took. It does no I/O and keeps no state.
//
// A connection passes through it in this order:
//
//  1. greeting.go    both sides say FF … 7F, their version and mechanism
//  2. frame.go       everything after the greeting is frames
//  3. command.go     the handshake's frames, and some later ones, are commands
//  4. metadata.go    READY and its kin carry properties
//  5. sockettype.go  Socket-Type decides whether the two may talk
//
// Transports with a framing of their own read the frames to send by walk.go.
//
// What is wrong with a peer's bytes is a ProtocolError (error.go).
package wire

// Version is the protocol that a peer speaks.
type Version int

const (
	// Unversioned is ZMTP 1.0 as libzmq 2.x speaks it, without a greeting.
	// Such a peer may not forward subscriptions: a publisher sends it
	// everything.
	Unversioned Version = iota
	// ZMTP10 is 1.0 frames behind a greeting of revision 0.
	ZMTP10
	// ZMTP20 is RFC 15, libzmq 3.x.
	ZMTP20
	// ZMTP30 is RFC 23, libzmq 4.0 and 4.1: subscriptions travel as messages.
	ZMTP30
	// ZMTP31 is RFC 37, libzmq 4.2 and later: subscriptions travel as commands.
	ZMTP31
)

// String is the version as "major.minor".
func (v Version) String() string {
	return [...]string{"1.0", "1.0", "2.0", "3.0", "3.1"}[v]
}

// Framing is the form of the frames that follow the greeting.
func (v Version) Framing() Framing {
	if v <= ZMTP10 {
		return V1
	}
	return V2
}

// Framing is the form of frames.
type Framing int

const (
	// V1 is a size, which counts the flags, then flags and body (RFC 13).
	V1 Framing = 1
	// V2 is flags, size, body (RFC 15, 23, 37).
	V2 Framing = 2
	// WS is the framing of ZWS 2.0 (RFC 45) as a server sends it.
	WS Framing = 3
	// WSMasked is the same as a client sends it.
	WSMasked Framing = 4
)

// Web reports whether frames are those of WebSocket, which has heartbeats of its
// own.
func (f Framing) Web() bool { return f == WS || f == WSMasked }

// Reverse is the framing of the other direction of a connection.
func (f Framing) Reverse() Framing {
	switch f {
	case WS:
		return WSMasked
	case WSMasked:
		return WS
	}
	return f
}
