package zmq

import (
	"fmt"
	"strings"

	"ztools/lib/internal/wire"
)

// Type is a socket type, with the number it has in zmq.h (zmq_socket(3)).
type Type int

// The socket types. The first twelve are libzmq's stable ones; the others it
// calls draft. Messages of SERVER, CLIENT, RADIO, DISH, GATHER, SCATTER, PEER and
// CHANNEL have one part: to send more is EINVAL, and what a peer sends in more
// is dropped.
const (
	Pair Type = iota
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

var typeNames = [...]string{
	"PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH", "XPUB", "XSUB", "STREAM",
	"SERVER", "CLIENT", "RADIO", "DISH", "GATHER", "SCATTER", "DGRAM", "PEER", "CHANNEL",
}

// String is the name as ZMTP sends it, such as "DEALER".
func (t Type) String() string {
	if t < 0 || int(t) >= len(typeNames) {
		return fmt.Sprintf("Type(%d)", int(t))
	}
	return typeNames[t]
}

// ParseType is the type of that name, in any case. An unknown name is EINVAL.
func ParseType(name string) (Type, error) {
	for i, n := range typeNames {
		if strings.EqualFold(n, name) {
			return Type(i), nil
		}
	}
	return 0, &Error{Op: "socket type " + name, Err: EINVAL}
}

// in reports whether t is one of types.
func (t Type) in(types ...Type) bool {
	for _, x := range types {
		if t == x {
			return true
		}
	}
	return false
}

// receives reports whether the user can receive from such a socket.
func (t Type) receives() bool { return !t.in(Push, Pub, Scatter, Radio) }

// sends reports whether the user can send to such a socket.
func (t Type) sends() bool { return !t.in(Pull, Sub, Gather, Dish) }

// wantsIdentity reports whether the peer's routing id is read from the pipe
// before its first message.
func (t Type) wantsIdentity() bool { return t.in(Router, Rep, Stream) }

// takesSubscriptions reports whether SUBSCRIBE and CANCEL mean something.
func (t Type) takesSubscriptions() bool { return t.in(Pub, XPub) }

// commands are the names of the commands that a peer may send to the socket.
func (t Type) commands() []string {
	switch {
	case t.takesSubscriptions():
		return []string{wire.Subscribe, wire.Cancel}
	case t == Radio:
		return []string{wire.Join, wire.Leave}
	}
	return nil
}

// subscribes reports whether the subscriptions are sent again when a
// connection breaks.
func (t Type) subscribes() bool { return t.in(Sub, XSub, Dish) }

// deaf reports whether what a peer sends is dropped unread.
func (t Type) deaf() bool { return t.in(Push, Scatter, Radio) }

// once reports whether a second connect to the same endpoint does nothing.
func (t Type) once() bool { return t.in(Dealer, Sub, Pub, Req) }

// conflates reports whether CONFLATE has an effect.
func (t Type) conflates() bool { return t.in(Dealer, Pull, Push, Pub, Sub) }
