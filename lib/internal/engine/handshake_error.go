package engine

import (
	"context"
	"errors"
	"os"

	"ztools/lib/internal/security"
	"ztools/lib/internal/wire"
)

// Cause is why a connection has ended, as far as it matters for making it
// again.
type Cause int

const (
	// Lost: the peer or the network has ended it. It is made again.
	Lost Cause = iota
	// TimedOut: the peer was silent for too long. It is made again.
	TimedOut
	// Violated: the peer broke the protocol, as a wire.ProtocolError says. It is
	// not made again.
	Violated
	// Refused: authentication failed, as a security.AuthError says. It is not
	// made again.
	Refused
)

// CauseOf finds the cause in an error of Handshake or of a connection's loops.
func CauseOf(err error) Cause {
	var violation *wire.ProtocolError
	var refusal *security.AuthError
	switch {
	case errors.As(err, &violation):
		return Violated
	case errors.As(err, &refusal):
		return Refused
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return TimedOut
	}
	return Lost
}
