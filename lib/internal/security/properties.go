package security

import (
	"strings"

	"ztools/lib/internal/option"
	"ztools/lib/internal/wire"
)

// maxProperties is how many properties a peer may send; they are kept as long as
// the connection.
const maxProperties = 256

// appendOwn appends the metadata that every mechanism sends: the socket type,
// the routing id if the type has one, and those of ZMQ_METADATA.
func appendOwn(dst []byte, o *option.Options) []byte {
	dst = wire.AppendProperty(dst, wire.PropSocketType, wire.SocketTypeName(o.Type))
	if wire.SendsIdentity(o.Type) {
		dst = wire.AppendProperty(dst, wire.PropIdentity, o.RoutingID)
	}
	for _, p := range o.Metadata {
		dst = wire.AppendProperty(dst, p[0], p[1])
	}
	return dst
}

// parsePeer reads the metadata of the peer of a socket of that type. A missing
// Socket-Type passes, as in libzmq; a wrong one does not. Of a name that comes
// twice the first value counts. With an error comes what was read so far, so
// that people can be told what is wrong.
func parsePeer(metadata []byte, socketType int) (map[string]string, error) {
	peer := make(map[string]string)
	for n := 0; len(metadata) > 0; n++ {
		name, value, rest, err := wire.ConsumeProperty(metadata)
		if err != nil {
			return peer, err
		}
		if n == maxProperties {
			return peer, wire.Violation(wire.InvalidMetadata, "too many properties")
		}
		if err := addProperty(peer, canonical(string(name)), string(value), socketType); err != nil {
			return peer, err
		}
		metadata = rest
	}
	return peer, nil
}

func addProperty(peer map[string]string, name, value string, socketType int) error {
	switch name {
	case wire.PropSocketType:
		if !wire.Compatible(socketType, value) {
			peer[name] = value
			return wire.Violation(wire.InvalidMetadata,
				wire.SocketTypeName(socketType)+" cannot talk to a peer of this socket type")
		}
	case wire.PropIdentity:
		if len(value) > wire.MaxIdentity {
			return wire.Violation(wire.InvalidMetadata, "routing id is longer than 255 bytes")
		}
	case wire.PropUserID, wire.PropPeerAddress:
		return nil // not the peer's to say
	}
	if _, twice := peer[name]; !twice {
		peer[name] = value
	}
	return nil
}

var knownNames = [...]string{
	wire.PropSocketType, wire.PropIdentity, wire.PropUserID, wire.PropPeerAddress,
}

// canonical is name as zmq_msg_gets(3) spells it if it is one of those that
// the library knows; names are equal without regard to case (RFC 37).
func canonical(name string) string {
	for _, known := range knownNames {
		if strings.EqualFold(name, known) {
			return known
		}
	}
	return name
}

// refusal is the error for an ERROR command with that data. libzmq tells its
// application only of the reasons that are a status of ZAP.
func refusal(data []byte) error {
	reason, err := wire.ParseError(data)
	if err != nil {
		return err
	}
	switch reason {
	case "300":
		return &AuthError{300}
	case "400":
		return &AuthError{400}
	case "500":
		return &AuthError{500}
	}
	return wire.Quietly(wire.Violation(wire.Unspecified, "peer has refused the connection"))
}
