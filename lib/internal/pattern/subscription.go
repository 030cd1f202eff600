package pattern

import "ztools/lib/internal/msg"

// A subscription travels from SUB to PUB as the body of a command of ZMTP 3.1
// (RFC 37), or, in older versions and when a user of XSUB wrote it, as a frame
// that begins with 1 or 0.
const (
	subscribe = "\x09SUBSCRIBE"
	cancel    = "\x06CANCEL"
)

// The commands of DISH (RFC 48).
const (
	join  = "\x04JOIN"
	leave = "\x05LEAVE"
)

// cutCommand is what stands behind a command's name, if it is that command.
func cutCommand(body []byte, name string) (rest []byte, ok bool) {
	if len(body) < len(name) || string(body[:len(name)]) != name {
		return nil, false
	}
	return body[len(name):], true
}

// verb is what a frame wants.
type verb uint8

const (
	data   verb = iota // nothing: it is the user's
	add                // subscribe to topic
	remove             // take a subscription to topic back
)

// parseSubscription says what the frame wants and for which topic, which points
// into its body. A command that is no subscription is data.
func parseSubscription(m *msg.Msg) (topic []byte, v verb) {
	if m.Flags&msg.Command != 0 {
		if topic, ok := cutCommand(m.Body, subscribe); ok {
			return topic, add
		}
		if topic, ok := cutCommand(m.Body, cancel); ok {
			return topic, remove
		}
		return nil, data
	}
	if len(m.Body) > 0 && m.Body[0] <= 1 {
		return m.Body[1:], remove - verb(m.Body[0])
	}
	return nil, data
}

// appendSubscription appends a subscription as a command.
func appendSubscription(dst []byte, v verb, topic []byte) []byte {
	name := subscribe
	if v == remove {
		name = cancel
	}
	return append(append(dst, name...), topic...)
}
