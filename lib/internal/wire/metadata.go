package wire

import (
	"encoding/binary"
	"math"
)

// The names of the properties that the library knows (RFC 37, zmq_msg_gets(3)).
const (
	PropSocketType  = "Socket-Type"
	PropIdentity    = "Identity"
	PropUserID      = "User-Id"      // set by ZAP, never by the peer
	PropPeerAddress = "Peer-Address" // set by the transport, never by the peer
)

// MaxIdentity is the longest routing id (RFC 28, RFC 37), in bytes.
const MaxIdentity = 255

// AppendProperty appends one property of metadata (RFC 37): the name's length
// (1 byte, 1 to 255), the name, the value's length (4 bytes), the value.
func AppendProperty[T string | []byte](dst []byte, name string, value T) []byte {
	dst = append(dst, byte(len(name)))
	dst = append(dst, name...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(value)))
	return append(dst, value...)
}

// ConsumeProperty reads the first property of b, which is not empty, and
// returns what is left. name and value point into b. Any byte may stand in a
// name, as in libzmq, but it must have one.
func ConsumeProperty(b []byte) (name, value, rest []byte, err error) {
	name, rest, ok := cut(b[1:], uint64(b[0]))
	if !ok || len(name) == 0 || len(rest) < 4 {
		return nil, nil, nil, errMetadata
	}
	size := binary.BigEndian.Uint32(rest)
	value, rest, ok = cut(rest[4:], uint64(size))
	if !ok || size > math.MaxInt32 {
		return nil, nil, nil, errMetadata
	}
	return name, value, rest, nil
}

var errMetadata = Violation(InvalidMetadata, "malformed metadata")

// cut splits b behind n bytes, if it has them.
func cut(b []byte, n uint64) (head, tail []byte, ok bool) {
	if n > uint64(len(b)) {
		return nil, nil, false
	}
	return b[:n:n], b[n:], true
}
