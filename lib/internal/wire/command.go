package wire

import "encoding/binary"

// The names of commands (RFC 23, 24, 25, 37, 38, 48).
const (
	Ready     = "READY"
	Error     = "ERROR"
	Subscribe = "SUBSCRIBE"
	Cancel    = "CANCEL"
	Ping      = "PING"
	Pong      = "PONG"
	Join      = "JOIN"
	Leave     = "LEAVE"
	Hello     = "HELLO"
	Welcome   = "WELCOME"
	Initiate  = "INITIATE"
	Message   = "MESSAGE"
)

// PingContextMax is the longest context of a PING, in bytes.
const PingContextMax = 16

// AppendCommand appends the body of a command frame: the name's length, the
// name, data. For SUBSCRIBE and CANCEL data is the topic, for JOIN and LEAVE the
// group, for READY metadata.
func AppendCommand[T string | []byte](dst []byte, name string, data T) []byte {
	dst = append(dst, byte(len(name)))
	dst = append(dst, name...)
	return append(dst, data...)
}

// ParseCommand splits the body of a command frame. Both results point into
// body.
func ParseCommand(body []byte) (name, data []byte, err error) {
	if len(body) == 0 || body[0] == 0 || int(body[0]) >= len(body) {
		return nil, nil, Violation(MalformedUnspecified, "command without a whole name")
	}
	n := 1 + int(body[0])
	return body[1:n:n], body[n:], nil
}

// AppendPing appends the body of a PING: how long the receiver keeps the
// connection without hearing more, in tenths of a second (0: for ever), and a
// context of at most PingContextMax bytes to be sent back.
func AppendPing(dst []byte, ttl uint16, context []byte) []byte {
	dst = AppendCommand(dst, Ping, "")
	dst = binary.BigEndian.AppendUint16(dst, ttl)
	return append(dst, context...)
}

// ParsePing reads the data of a PING. A context that is too long is cut, as
// libzmq does. context points into data.
func ParsePing(data []byte) (ttl uint16, context []byte, err error) {
	if len(data) < 2 {
		return 0, nil, Violation(MalformedUnspecified, "short ping")
	}
	context = data[2:min(len(data), 2+PingContextMax)]
	return binary.BigEndian.Uint16(data), context, nil
}

// AppendError appends the body of an ERROR. reason has at most 255 bytes.
func AppendError(dst []byte, reason string) []byte {
	dst = AppendCommand(dst, Error, "")
	return append(append(dst, byte(len(reason))), reason...)
}

// ParseError reads the data of an ERROR. Bytes behind the reason are ignored,
// as libzmq does.
func ParseError(data []byte) (reason string, err error) {
	if len(data) == 0 || int(data[0]) >= len(data) {
		return "", Violation(MalformedError, "malformed error command")
	}
	return string(data[1 : 1+int(data[0])]), nil
}
