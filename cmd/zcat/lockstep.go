package main

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// REQ and REP: one message each way in turn.

// ask sends each message of the source as a request and prints the reply.
func (s *session) ask(src source) error {
	print, err := s.printer()
	if err != nil {
		return err
	}
	out, err := s.commandStage(print)
	if err != nil {
		return err
	}
	err = s.askAll(src, out)
	if ended := out.end(); err == nil {
		err = ended
	}
	return err
}

func (s *session) askAll(src source, out stage) error {
	var request, reply cli.Record
	var m zmq.Message
	var parts [][]byte
	for n := int64(0); s.count == 0 || n < s.count; n++ {
		err := s.take(src, n, &request)
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = s.roundTrip(&request, &m)
		}
		if err != nil {
			return s.interrupted(err)
		}
		parts = s.describe(&reply, &m, parts)
		s.received.Add(1)
		if err := s.saw(inward, &reply); err != nil {
			return err
		}
		if err := out.put(&reply); err != nil {
			return err
		}
		if err := out.flush(); err != nil {
			return err
		}
	}
	return nil
}

// roundTrip asks until a reply comes or the retries are used up. Each attempt
// is a request of its own: a late reply to an earlier one is dropped by the
// socket (REQ_CORRELATE).
func (s *session) roundTrip(request *cli.Record, m *zmq.Message) error {
	for attempt := int64(0); ; attempt++ {
		begin := time.Now()
		err := s.attempt(request, m)
		if err == nil {
			s.addRTT(time.Since(begin))
			return nil
		}
		if !errors.Is(err, context.DeadlineExceeded) || s.ctx.Err() != nil {
			return err
		}
		if attempt == s.retries {
			return cli.Failf(cli.StatusTimeout, "--retries N asks again", "no reply within %v after %d %s", s.replyTimeout, attempt+1, cli.Plural(int(attempt+1), "request"))
		}
		s.log.At(1, "no reply within %v: asking again", s.replyTimeout)
	}
}

// attempt asks once. Both ways together may take --reply-timeout: when the last
// peer has left, a request stays in the socket's hand.
func (s *session) attempt(request *cli.Record, m *zmq.Message) error {
	ctx := s.ctx
	if s.replyTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.replyTimeout)
		defer cancel()
	}
	if err := s.deliver(ctx, request.Parts, ""); err != nil {
		return sendError(err)
	}
	s.sent.Add(1)
	if err := s.saw(outward, request); err != nil {
		return err
	}
	return s.in.RecvMessage(ctx, m)
}

// answerer makes the reply to a request. io.EOF: there are no more replies.
type answerer func(request *cli.Record) ([][]byte, error)

// answer receives requests, prints them and sends the replies.
func (s *session) answer(reply answerer) error {
	print, err := s.printer()
	if err != nil {
		return err
	}
	err = s.answerAll(print, reply)
	if ended := print.end(); err == nil {
		err = ended
	}
	return s.interrupted(err)
}

func (s *session) answerAll(print stage, reply answerer) error {
	var m zmq.Message
	var r cli.Record
	var parts [][]byte
	for n := int64(0); s.count == 0 || n < s.count; n++ {
		if err := s.in.RecvMessage(s.ctx, &m); err != nil {
			return err
		}
		parts = s.describe(&r, &m, parts)
		s.received.Add(1)
		if err := s.saw(inward, &r); err != nil {
			return err
		}
		if err := print.put(&r); err != nil {
			return err
		}
		if err := print.flush(); err != nil {
			return err
		}
		if err := s.reply(reply, &r); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) reply(reply answerer, request *cli.Record) error {
	parts, err := reply(request)
	if err == io.EOF {
		s.stop(errDone)
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.deliver(s.hard, parts, ""); err != nil {
		return sendError(err)
	}
	s.sent.Add(1)
	return s.saw(outward, &cli.Record{Parts: parts})
}

// answerer chooses where replies come from.
func (s *session) answerer() (answerer, error) {
	switch {
	case s.echo:
		return func(r *cli.Record) ([][]byte, error) { return r.Parts, nil }, nil
	case s.exec != "":
		return s.execAnswer, nil
	case s.filter != "":
		return s.filterAnswer()
	case len(s.data) > 0:
		return s.dataAnswer()
	}
	return s.typedAnswer()
}

func (s *session) execAnswer(r *cli.Record) ([][]byte, error) {
	output, err := s.command(r)
	return [][]byte{output}, err
}

// filterAnswer asks a running command for each reply.
func (s *session) filterAnswer() (answerer, error) {
	f, err := s.startFilter()
	if err != nil {
		return nil, err
	}
	wait := sync.OnceValue(f.wait)
	s.helpers.Go(func() { // ends the command with the run
		<-s.hard.Done()
		_ = f.stdin.Close()
		_ = wait() // it was killed
	})
	var r cli.Record
	return func(request *cli.Record) ([][]byte, error) {
		err := f.write(request)
		if err == nil {
			err = f.flush()
		}
		if err == nil {
			err = f.decode(&r)
		}
		if err == nil {
			return r.Parts, nil
		}
		if s.hard.Err() == nil {
			_ = f.stdin.Close()
			if failed := wait(); failed != nil {
				return nil, failed
			}
		}
		return nil, cli.Failf(cli.StatusCommand, "it must answer each message with one", "the filter gave no reply: %w", err)
	}, nil
}

// dataAnswer gives --data as every reply; {{.Count}} counts.
func (s *session) dataAnswer() (answerer, error) {
	fill, err := s.dataParts()
	var r cli.Record
	return func(*cli.Record) ([][]byte, error) {
		err := fill(&r)
		return r.Parts, err
	}, err
}

// typedAnswer takes each reply from stdin. Its end ends the run at once, even
// while no request is there.
func (s *session) typedAnswer() (answerer, error) {
	next, err := s.stdin()
	if err != nil {
		return nil, err
	}
	replies := make(chan [][]byte)
	failed := make(chan error, 1)
	s.helpers.Go(func() {
		for {
			var r cli.Record
			err := next(&r)
			if err != nil {
				failed <- err
				s.stop(endOfReplies(err))
				return
			}
			select {
			case replies <- clone(&r).Parts:
			case <-s.ctx.Done():
				return
			}
		}
	})
	return func(*cli.Record) ([][]byte, error) {
		select {
		case parts := <-replies:
			return parts, nil
		case err := <-failed:
			return nil, err
		case <-s.ctx.Done():
			return nil, s.ctx.Err()
		}
	}, nil
}

func endOfReplies(err error) error {
	if err == io.EOF {
		return errDone
	}
	return err
}
