package transport

import (
	"math"
	"time"

	"ztools/lib/internal/option"
)

// Backoff counts the pauses between the attempts of one connect. The rules
// are those of ZMQ_RECONNECT_IVL and ZMQ_RECONNECT_IVL_MAX as libzmq applies
// them (zmq_setsockopt(3)). It knows no clock.
type Backoff struct {
	ivl, max int // milliseconds
	current  int // the last pause without jitter; 0 before the first
}

// NewBackoff starts a count with the options RECONNECT_IVL and
// RECONNECT_IVL_MAX. libzmq starts a new one after each connection that the
// transport completed, even if its handshake failed later; see Reset.
func NewBackoff(o *option.Options) Backoff {
	return Backoff{ivl: o.ReconnectIvl, max: o.ReconnectIvlMax}
}

// Next is the pause before the next attempt; false means that there is none,
// because RECONNECT_IVL is 0 or less. rand(n) is a number in [0, n).
//
// With a maximum the pause starts at RECONNECT_IVL and doubles up to the
// maximum, without jitter; a maximum below RECONNECT_IVL is the pause from the
// start. Without one the pause is RECONNECT_IVL and up to as much again.
func (b *Backoff) Next(rand func(n int) int) (time.Duration, bool) {
	switch {
	case b.ivl <= 0:
		return 0, false
	case b.max <= 0:
		return millis(b.ivl + rand(b.ivl)), true
	case b.current == 0:
		b.current = min(b.ivl, b.max)
	default:
		b.current = min(2*b.current, b.max)
	}
	return millis(b.current), true
}

// Reset starts the count again, after a connection.
func (b *Backoff) Reset() { b.current = 0 }

// millis is n milliseconds, at most what libzmq's int can count.
func millis(n int) time.Duration {
	return time.Duration(min(n, math.MaxInt32)) * time.Millisecond
}
