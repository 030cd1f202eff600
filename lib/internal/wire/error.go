package wire

import (
	"errors"

	"ztools/lib/internal/errno"
)

// Code says what a peer did wrong, as the event HANDSHAKE_FAILED_PROTOCOL
// reports it: the ZMQ_PROTOCOL_ERROR values of zmq_socket_monitor(3).
type Code uint32

// The codes of ZMTP.
const (
	Unspecified          Code = 0x10000000
	UnexpectedCommand    Code = 0x10000001
	InvalidSequence      Code = 0x10000002
	KeyExchange          Code = 0x10000003
	MalformedUnspecified Code = 0x10000011
	MalformedMessage     Code = 0x10000012
	MalformedHello       Code = 0x10000013
	MalformedInitiate    Code = 0x10000014
	MalformedError       Code = 0x10000015
	MalformedReady       Code = 0x10000016
	MalformedWelcome     Code = 0x10000017
	InvalidMetadata      Code = 0x10000018
	Cryptographic        Code = 0x11000001
	MechanismMismatch    Code = 0x11000002
)

// The codes of ZAP (RFC 27): what the authentication handler did wrong.
const (
	ZAPUnspecified       Code = 0x20000000
	ZAPMalformedReply    Code = 0x20000001
	ZAPBadRequestID      Code = 0x20000002
	ZAPBadVersion        Code = 0x20000003
	ZAPInvalidStatusCode Code = 0x20000004
	ZAPInvalidMetadata   Code = 0x20000005
)

// WSUnspecified is the code of what breaks the rules of WebSocket or ZWS 2.0.
const WSUnspecified Code = 0x30000000

// ProtocolError is a breach of the protocol by the peer, or by who was asked
// about it. The connection ends, and a socket that made it does not make it
// again (zmq_connect(3)).
type ProtocolError struct {
	Code Code
	Text string // lower case
	// Errno is EPROTO, or EMSGSIZE for a frame above ZMQ_MAXMSGSIZE.
	Errno errno.Errno
	// Quiet says that libzmq's monitor tells of it by the end of the connection
	// alone, without HANDSHAKE_FAILED_PROTOCOL.
	Quiet bool
}

// ErrSize is the error for a frame that is larger than allowed.
var ErrSize = &ProtocolError{Code: Unspecified, Text: "frame is larger than the limit", Errno: errno.EMSGSIZE}

// Violation is the ProtocolError of that code and text.
func Violation(code Code, text string) *ProtocolError {
	return &ProtocolError{Code: code, Text: text, Errno: errno.EPROTO}
}

// Quietly is err with Quiet set, if it is a ProtocolError.
func Quietly(err error) error {
	var loud *ProtocolError
	if !errors.As(err, &loud) {
		return err
	}
	quiet := *loud
	quiet.Quiet = true
	return &quiet
}

// Error is the text.
func (e *ProtocolError) Error() string { return e.Text }

// Unwrap is the errno, for errors.Is.
func (e *ProtocolError) Unwrap() error { return e.Errno }
