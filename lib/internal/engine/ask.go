package engine

import (
	"errors"
	"os"
	"time"

	"ztools/lib/internal/security"
)

// How the authentication is asked about a peer (ZAP, RFC 27) while the
// handshake goes on:
//
//	1 ask      passes the request on
//	2 receive  goes on reading, so that a peer that leaves or sends what it
//	           must not is noticed at once
//	3 ready    says that there is a reply, and interrupts the read
//	4 Reply    is passed to the mechanism

// An Authenticator is where a handshake can ask about a peer.
type Authenticator interface {
	// Ask passes the frames of a request on. ready is called once, by anyone and
	// perhaps before Ask returns, when Reply has something to tell. A nil
	// Question says that nobody answers requests.
	Ask(request [][]byte, ready func()) (Question, error)
}

// A Question is a request that was passed on.
type Question interface {
	// Reply is the frames of the reply, once ready was called; an error says
	// that there will be none.
	Reply() ([][]byte, error)
	// Close ends the question and waits for a call of ready that is under way;
	// there are none afterwards.
	Close()
}

// ask has the authentication decide. Until it has, the mechanism handles what
// the peer sends.
func (h *handshake) ask(m security.Mechanism) error {
	answered := make(chan struct{}, 1)
	q, err := h.auth.Ask(m.Request(), func() {
		signal(answered)
		h.conn.SetReadDeadline(time.Unix(1, 0))
	})
	if err != nil {
		return err
	}
	if q == nil {
		return m.Answer(nil)
	}
	reply, err := h.reply(m, q, answered)
	q.Close()
	if err != nil {
		return err
	}
	if err := h.conn.SetReadDeadline(h.deadline); err != nil {
		return err
	}
	return m.Answer(reply)
}

// reply waits for the reply to q.
func (h *handshake) reply(m security.Mechanism, q Question, answered <-chan struct{}) ([][]byte, error) {
	if err := h.wait(m, answered); err != nil {
		return nil, err
	}
	return q.Reply()
}

// wait receives until there is an answer.
func (h *handshake) wait(m security.Mechanism, answered <-chan struct{}) error {
	for {
		err := h.command(m)
		select {
		case <-answered:
			if errors.Is(err, os.ErrDeadlineExceeded) {
				err = nil
			}
			return err
		default:
		}
		if err != nil {
			return err
		}
	}
}
