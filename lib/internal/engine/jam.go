package engine

import "time"

// A connection that is full both ways. Linux drops what comes when the buffer of the
// receiver has overflowed, and since 6.17 it can happen that it drops everything from
// then on, acknowledgements too: so it never learns that the peer, whose buffer
// was full as well, has room again, and sends no more. One who does not read before he
// has written, such as a worker that waits in Send, then waits for ever. Reading a
// little ends that:
//
//	1 room   waits for the pipe; once that has taken jamAfter, and again and again
//	2 unjam  reads ahead what makes the buffer take packets again, if it has
//	         overflowed and the peer has not acknowledged everything
//	3 read   goes on with what was read ahead

// jamAfter is how long ReadLoop waits for room before it looks whether the connection
// is jammed. Nobody waits that long in a queue that moves. It may be jammed later, and
// once more, so each look is followed by another, after twice as long up to jamMost.
const (
	jamAfter = time.Second
	jamMost  = 16 * time.Second
)

// aheadMax is the most that is read ahead of the pipe's room. A buffer of the size that
// Linux gives at most, 32 MiB, overflows by 4 to 5.
const aheadMax = 16 << 20

// jam is what ReadLoop has for connections that are full both ways.
type jam struct {
	timer *time.Timer   // made by the first wait for room
	next  time.Duration // how long it takes to the next look
	ahead []byte        // read ahead, and not taken yet
}

// await begins a wait for room and returns what tells that it takes long.
func (j *jam) await() <-chan time.Time {
	j.next = jamAfter
	if j.timer == nil {
		j.timer = time.NewTimer(jamAfter)
	} else {
		j.timer.Reset(jamAfter)
	}
	return j.timer.C
}

// unjam reads ahead if that is needed. What ends the connection is met by the next
// read.
func (e *Engine) unjam() {
	j := &e.in.jam
	j.next = min(2*j.next, jamMost)
	j.timer.Reset(j.next)
	if n := e.link.jammed(); n > 0 && len(j.ahead)+n <= aheadMax {
		p := make([]byte, n)
		j.ahead = append(j.ahead, p[:e.link.tryRead(p)]...)
	}
}

// take copies what was read ahead.
func (j *jam) take(p []byte) int {
	n := copy(p, j.ahead)
	if j.ahead = j.ahead[n:]; len(j.ahead) == 0 {
		j.ahead = nil
	}
	return n
}
