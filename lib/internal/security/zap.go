package security

import (
	"maps"
	"strconv"

	"ztools/lib/internal/option"
	"ztools/lib/internal/wire"
)

// How the authentication is asked about a peer (ZAP, RFC 27), as the part of a
// mechanism that does not depend on which it is:
//
//	1 ask      the mechanism knows the credentials and waits
//	2 Request  is passed to the handler bound to Endpoint
//	3 answer   takes its reply: the mechanism goes on, or has failed
//	4 refuse   tells the peer, for the statuses that it may know
//
// libzmq decides on the bytes: there is one question to a connection, so its
// number is always 1, and the routing id is that of the asking socket.

// Endpoint is where the handler is bound, in the context of the socket that
// asks.
const Endpoint = "inproc://zeromq.zap.01"

const (
	zapVersion = "1.0"
	zapID      = "1"
	zapFrames  = 7 // of a reply
)

// zap is one question, embedded in each mechanism.
type zap struct {
	options   *option.Options
	address   string // of the peer
	mechanism string

	credentials [][]byte
	asking      bool
	status      int               // of the reply, 0 before
	told        bool              // the peer, of the status
	said        map[string]string // User-Id and the reply's metadata
}

// ask begins to wait. The credentials are copied into each Request.
func (z *zap) ask(credentials ...[]byte) { z.asking, z.credentials = true, credentials }

// Request is the frames of the question.
func (z *zap) Request() [][]byte {
	frames := [][]byte{
		nil, // the delimiter of an envelope
		[]byte(zapVersion),
		[]byte(zapID),
		[]byte(z.options.ZAPDomain),
		[]byte(z.address),
		append([]byte(nil), z.options.RoutingID...),
		[]byte(z.mechanism),
	}
	for _, c := range z.credentials {
		frames = append(frames, append([]byte(nil), c...))
	}
	return frames
}

// answer ends the waiting. Without a handler compulsory decides.
func (z *zap) answer(reply [][]byte, compulsory bool) error {
	z.asking, z.credentials = false, nil
	if reply == nil {
		if compulsory {
			return ErrNoHandler
		}
		return nil
	}
	if err := z.read(reply); err != nil {
		return err
	}
	if z.status != 200 {
		return &AuthError{z.status}
	}
	return nil
}

// read takes a reply apart: delimiter, version, number, status, text, user id,
// metadata.
func (z *zap) read(reply [][]byte) error {
	if len(reply) != zapFrames {
		return wire.Violation(wire.ZAPMalformedReply, "reply of the authentication has the wrong number of frames")
	}
	switch {
	case len(reply[0]) != 0:
		return wire.Violation(wire.ZAPUnspecified, "reply of the authentication has no delimiter")
	case string(reply[1]) != zapVersion:
		return wire.Violation(wire.ZAPBadVersion, "reply of the authentication has another version")
	case string(reply[2]) != zapID:
		return wire.Violation(wire.ZAPBadRequestID, "reply of the authentication is to another request")
	}
	status, ok := statuses[string(reply[3])]
	if !ok {
		return wire.Violation(wire.ZAPInvalidStatusCode, "reply of the authentication has an unknown status")
	}
	said, err := parseSaid(reply[6], z.options.Type)
	if err != nil {
		return err
	}
	said[wire.PropUserID] = string(reply[5])
	z.status, z.said = status, said
	return nil
}

// statuses are the statuses of RFC 27 by their text.
var statuses = map[string]int{"200": 200, "300": 300, "400": 400, "500": 500}

// parseSaid reads the metadata of a reply to a socket of that type. Of a name that
// comes twice the first value counts. A Socket-Type must fit, as in libzmq, though
// it changes nothing but what messages have as a property.
func parseSaid(metadata []byte, socketType int) (map[string]string, error) {
	said := make(map[string]string)
	for len(metadata) > 0 {
		name, value, rest, err := wire.ConsumeProperty(metadata)
		if err != nil {
			return nil, wire.Violation(wire.ZAPInvalidMetadata, "reply of the authentication has malformed metadata")
		}
		n := canonical(string(name))
		if n == wire.PropSocketType && !wire.Compatible(socketType, string(value)) {
			return nil, wire.Violation(wire.ZAPInvalidMetadata, "reply of the authentication has a socket type that does not fit")
		}
		if _, twice := said[n]; !twice {
			said[n] = string(value)
		}
		metadata = rest
	}
	return said, nil
}

// refused reports whether the peer is still to be told that it was refused. Of
// a temporary failure, 300, it learns nothing (RFC 26): it will try again.
func (z *zap) refused() bool { return z.status >= 400 && !z.told }

// refuse appends the ERROR for the peer.
func (z *zap) refuse(dst []byte) (cmd []byte, ok bool) {
	z.told = true
	return wire.AppendError(dst, strconv.Itoa(z.status)), true
}

// known is what the peer said about itself, if anything, under what the
// authentication said.
func (z *zap) known(peer map[string]string) map[string]string {
	if peer == nil {
		return nil
	}
	known := maps.Clone(peer)
	maps.Copy(known, z.said)
	return known
}
