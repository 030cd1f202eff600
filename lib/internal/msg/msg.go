// Package msg is one frame of a message on its way through the library.
//
// Ownership. A body shorter than RefMin is copied wherever it is stored, so
// it never outlives the call it was passed to. A body of RefMin bytes and more
// travels by reference: whoever holds the Msg owns it, and nobody writes to it
// any more. If the body came from a Pool, Buf says so and the last holder may
// give it back; without Buf the garbage collector does.
package msg

import "strconv"

// RefMin is the body size from which frames travel by reference:
// BenchmarkThroughput/tcp/1024 and /tcp/8192 (lib/zmq).
const RefMin = 4 << 10

// Flags are a frame's flags: the low three bits are those of a ZMTP 3 frame
// (RFC 37), the others never reach the wire.
type Flags uint8

const (
	// More says that further frames of the same message follow.
	More Flags = 1 << 0
	// Long marks an 8-byte size in front of the body; only codecs see it.
	Long Flags = 1 << 1
	// Command marks a ZMTP command; the body begins with its name.
	Command Flags = 1 << 2
	// Identity marks the frame that carries the peer's routing id, the first on
	// a pipe to a socket that wants it.
	Identity Flags = 1 << 6
	// Wire are the flags that mean something to a peer.
	Wire = More | Command
)

// Msg is one frame. The zero value is an empty frame.
type Msg struct {
	Body      []byte
	Buf       *Buf   // the pool's buffer that holds Body, or nil
	Meta      *Meta  // properties of the connection it came over, or nil
	Group     string // RADIO and DISH
	RoutingID uint32 // SERVER and PEER
	Flags     Flags
}

// Part is a part of a message that is there as a whole. Buf is the pool's buffer that
// holds Body, or nil.
type Part struct {
	Body []byte
	Buf  *Buf
}

// New is a message of one part with a copy of body.
func New(body []byte) *Msg { return &Msg{Body: append([]byte(nil), body...)} }

// HasMore reports whether further frames of the same message follow.
func (m *Msg) HasMore() bool { return m.Flags&More != 0 }

// Meta are the properties that every message of one connection shares. It is
// never changed after the handshake.
type Meta struct {
	// Properties as zmq_msg_gets(3) names them: Socket-Type, Identity,
	// Peer-Address, User-Id and the X- names.
	Properties map[string]string
	// FD is the descriptor of the connection, -1 if it has none.
	FD int
}

// Get is the property of that name. Routing-Id and Identity are the same one.
func (m *Meta) Get(name string) (string, bool) {
	if m == nil {
		return "", false
	}
	switch name {
	case "Routing-Id":
		name = "Identity"
	case "__fd":
		return strconv.Itoa(m.FD), m.FD >= 0
	}
	v, ok := m.Properties[name]
	return v, ok
}
