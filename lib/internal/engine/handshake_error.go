package engine

import (
	"errors"
	"os"

	"ztools/lib/internal/security"
	"ztools/lib/internal/wire"
)

// MechanismError says that a handshake ended when the greetings had been
// exchanged and the security mechanism spoke.
type MechanismError struct {
	Mechanism string
	Err       error
}

// Error is the text of the reason.
func (e *MechanismError) Error() string { return e.Err.Error() }

// Unwrap is the reason.
func (e *MechanismError) Unwrap() error { return e.Err }

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
	case errors.Is(err, os.ErrDeadlineExceeded):
		return TimedOut
	}
	return Lost
}
