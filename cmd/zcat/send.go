package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// send is the loop from the source to the socket:
//
//	1 the source cuts the next message out of its buffer
//	2 before the first one, peers are awaited; each waits until it is due
//	3 Socket.Send copies it into the queue and waits while that is full
//
// Nothing is allocated for a message, and none waits for the next one.
func (s *session) send(src source) error {
	var r cli.Record
	var parts [][]byte
	for n := int64(0); s.unlimited(n); n++ {
		err := s.take(src, n, &r)
		if err == io.EOF {
			break
		}
		if err != nil {
			return s.interrupted(err)
		}
		if parts, err = s.addressed(parts[:0], &r); err != nil {
			return s.interrupted(err)
		}
		if err := s.deliver(s.ctx, parts, r.Group); err != nil {
			return s.interrupted(sendError(err))
		}
		s.sent.Add(1)
		if err := s.saw(outward, &r); err != nil {
			return err
		}
	}
	return s.sourceEnded()
}

// unlimited tells whether -n allows message n (from 0) to be sent.
func (s *session) unlimited(n int64) bool {
	return s.count == 0 || n < s.count || s.kind.main() == inward
}

// addressed puts the routing id before the parts where the type wants one.
func (s *session) addressed(parts [][]byte, r *cli.Record) ([][]byte, error) {
	switch {
	case s.target != nil:
		parts = append(parts, s.target)
	case r.ID != nil:
		parts = append(parts, r.ID)
	case s.singlePeer():
		select {
		case id := <-s.first:
			s.first <- id
			parts = append(parts, id)
		case <-s.ctx.Done():
			return nil, s.ctx.Err()
		}
	}
	return append(parts, r.Parts...), nil
}

// waitPeers waits for --wait-peers peers, by default for one if the source has
// an end. For PUB and XPUB a peer counts once it has subscribed.
func (s *session) waitPeers(src source) error {
	n := int(s.peers)
	if n < 0 && src.bounded {
		n = 1
	}
	if n <= 0 {
		return nil
	}
	s.log.At(1, "waiting for %d %s", n, cli.Plural(n, "peer"))
	return s.out.WaitPeers(s.ctx, n)
}

// interrupted drops an error that only says that the run has ended.
func (s *session) interrupted(err error) error {
	if s.ctx.Err() != nil && errors.Is(err, s.ctx.Err()) {
		return nil
	}
	return err
}

// sendError explains why a message was not accepted.
func sendError(err error) error {
	if isUnreachable(err) {
		return cli.Failf(cli.StatusFailed, "-w N waits for N peers; the id is what the peer set with --identity", "no peer has this routing id: %w", err)
	}
	return fmt.Errorf("send: %w", err)
}

// sourceEnded says what the end of the source means for the type.
func (s *session) sourceEnded() error {
	addressed := s.target != nil || s.singlePeer()
	switch {
	case s.kind.has(twoWay) || s.kind.has(routes) && addressed:
		return s.stayForReplies()
	case s.kind.has(serves):
		return nil
	}
	return errDone
}

// stayForReplies goes on receiving for --linger. With -n, which counts what is
// received, it goes on until then unless --linger was given too.
func (s *session) stayForReplies() error {
	if s.count > 0 && !s.lingerGiven {
		return nil
	}
	s.complete.Store(s.count == 0)
	if sleepUntil(s.ctx, time.Now().Add(s.linger)) != nil {
		return nil
	}
	if s.count > 0 {
		return cli.Failf(cli.StatusTimeout, "", "no more replies within %v: %s", s.linger, s.progress())
	}
	return errDone
}

func isUnreachable(err error) bool { return errors.Is(err, zmq.EHOSTUNREACH) }
