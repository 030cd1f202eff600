package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"ztools/lib/cli"
)

// source is where messages to send come from.
type source struct {
	next    cli.Decoder                 // io.EOF: there are no more
	bounded bool                        // it has an end, so nothing of it should get lost
	due     func(*cli.Record) time.Time // when the message is to be sent; nil: at once
	fill    cli.Decoder                 // makes what is to be made only then; nil: nothing
}

// source chooses the source and its schedule.
func (s *session) source() (source, error) {
	src, err := s.rawSource()
	if err == nil && s.interval > 0 {
		src.due = s.paced()
	}
	return src, err
}

// take gets message n, from 0. Before the first one peers are awaited, and only
// then its schedule begins.
func (s *session) take(src source, n int64, r *cli.Record) error {
	if err := src.next(r); err != nil {
		return err
	}
	if n == 0 {
		if err := s.waitPeers(src); err != nil {
			return err
		}
	}
	if src.due != nil {
		if err := sleepUntil(s.ctx, src.due(r)); err != nil {
			return err
		}
	}
	if src.fill != nil {
		return src.fill(r)
	}
	return nil
}

func (s *session) rawSource() (source, error) {
	switch {
	case len(s.data) > 0:
		return s.dataSource()
	case len(s.files) > 0:
		return source{next: s.fileSource(), bounded: true}, nil
	case s.replay != "":
		return s.replaySource()
	}
	next, err := s.stdin()
	return source{next: next, bounded: !cli.IsTerminal(s.args.In)}, err
}

// stdin decodes what is typed or piped in.
func (s *session) stdin() (cli.Decoder, error) {
	r := &pump{ctx: s.ctx, r: s.args.In, full: make(chan block), empty: make(chan []byte, 2)}
	r.empty <- make([]byte, pumpBlock)
	r.empty <- make([]byte, pumpBlock)
	return cli.NewDecoder(cli.NewInput(r, s.input.MaxSize), s.input)
}

// pump lets a read be interrupted: a goroutine reads ahead one block at a
// time, and Read waits for a block or for the end of the run. When the run ends
// the goroutine may still be inside a read of stdin, which nothing can
// interrupt; it ends with the process.
type pump struct {
	ctx     context.Context
	r       io.Reader
	full    chan block
	empty   chan []byte
	held    block // block being read, and what is left of it
	left    []byte
	started bool
}

// block is the outcome of one read.
type block struct {
	buf []byte
	n   int
	err error
}

// pumpBlock is the size of a read: four times what a Linux pipe holds.
const pumpBlock = 256 << 10

func (p *pump) Read(b []byte) (int, error) {
	if !p.started {
		p.started = true
		go p.run()
	}
	for len(p.left) == 0 {
		if p.held.err != nil {
			return 0, p.held.err
		}
		if p.held.buf != nil {
			p.empty <- p.held.buf
		}
		p.held = block{}
		select {
		case p.held = <-p.full:
			p.left = p.held.buf[:p.held.n]
		case <-p.ctx.Done():
			return 0, p.ctx.Err()
		}
	}
	n := copy(b, p.left)
	p.left = p.left[n:]
	return n, nil
}

func (p *pump) run() {
	for {
		buf := <-p.empty
		n, err := p.r.Read(buf)
		select {
		case p.full <- block{buf, n, err}:
		case <-p.ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// dataSource sends --data, --repeat times.
func (s *session) dataSource() (source, error) {
	fill, err := s.dataParts()
	n := int64(0)
	return source{bounded: true, fill: fill, next: func(*cli.Record) error {
		if s.repeat > 0 && n == s.repeat {
			return io.EOF
		}
		n++
		return nil
	}}, err
}

// dataParts makes the message of --data; with --repeat or a schedule its parts
// are templates.
func (s *session) dataParts() (cli.Decoder, error) {
	var counters []*cli.Counter
	if s.counts() {
		for _, text := range s.data {
			c, err := cli.NewCounter(text)
			if err != nil {
				return nil, err
			}
			counters = append(counters, c)
		}
	}
	n := int64(0)
	return func(r *cli.Record) error {
		n++
		*r = cli.Record{Parts: r.Parts[:0]}
		for i, text := range s.data {
			part := []byte(text)
			if counters != nil {
				var err error
				if part, err = counters[i].Append(nil, n, time.Now()); err != nil {
					return err
				}
			}
			r.Parts = append(r.Parts, part)
		}
		return s.address(r)
	}, nil
}

// address takes the routing id from the first part where --target is missing.
func (s *session) address(r *cli.Record) error {
	if !s.input.Routed {
		return nil
	}
	id, err := cli.ParseID(string(r.Parts[0]))
	r.ID, r.Parts = id, r.Parts[1:]
	return err
}

// fileSource sends each file as one message, --repeat times.
func (s *session) fileSource() cli.Decoder {
	at, round := 0, int64(1)
	return func(r *cli.Record) error {
		if at == len(s.files) {
			if round == s.repeat {
				return io.EOF
			}
			at, round = 0, round+1
		}
		at++
		body, err := s.readFile(s.files[at-1])
		*r = cli.Record{Parts: append(r.Parts[:0], body)}
		return err
	}
}

func (s *session) readFile(name string) ([]byte, error) {
	f, err := s.args.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, s.input.MaxSize+1))
	if err == nil && int64(len(body)) > s.input.MaxSize {
		err = fmt.Errorf("%s: %w", name, cli.ErrTooLong)
	}
	return body, err
}

// replaySource sends a recording with the times between its messages, divided
// by --speed. Times are counted from the first message, so delays do not add up.
func (s *session) replaySource() (source, error) {
	f, err := s.args.Open(s.replay)
	if err != nil {
		return source{}, err
	}
	next, err := cli.NewDecoder(cli.NewInput(f, s.input.MaxSize), cli.Layout{Format: "json", Routed: s.input.Routed})
	var begin, first time.Time
	return source{next: next, bounded: true, due: func(r *cli.Record) (due time.Time) {
		if s.speed == 0 || r.Time.IsZero() {
			return due
		}
		if begin.IsZero() {
			begin, first = time.Now(), r.Time
		}
		return begin.Add(time.Duration(float64(r.Time.Sub(first)) / s.speed))
	}}, err
}

// paced is due an interval after the message before it was.
func (s *session) paced() func(*cli.Record) time.Time {
	var next time.Time
	return func(*cli.Record) time.Time {
		if next.IsZero() {
			next = time.Now()
		}
		due := next
		next = next.Add(s.interval)
		return due
	}
}

// sleepUntil waits for a moment or the end of ctx. A moment that has passed
// does not wait: a schedule that has slipped catches up.
func sleepUntil(ctx context.Context, due time.Time) error {
	rest := time.Until(due)
	if rest <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
