package main

import (
	"fmt"
	"io"
	"sync"

	"ztools/lib/cli"
)

// stage is a place that received messages pass. A record is valid during put.
type stage interface {
	put(*cli.Record) error
	flush() error // nothing more is ready: hold nothing back
	end() error   // no more messages come; waits for those under way
}

// stages builds what received messages go through: print, or a command whose
// output is printed, answered or sent on.
func (s *session) stages() (stage, error) {
	print, err := s.printer()
	if err != nil {
		return nil, err
	}
	switch {
	case s.kind.has(relays):
		return s.commandStage(&sender{s: s})
	case s.echo:
		return fork{print, &sender{s: s}}, nil
	case s.kind.has(routes) && (s.exec != "" || s.filter != ""):
		command, err := s.commandStage(&sender{s: s})
		return fork{print, command}, err
	}
	return s.commandStage(print)
}

// commandStage puts --exec or --filter before a stage.
func (s *session) commandStage(next stage) (stage, error) {
	switch {
	case s.exec != "":
		return newExecStage(s, next), nil
	case s.filter != "":
		return newFilterStage(s, next)
	}
	return next, nil
}

// printer encodes messages to stdout. Bytes are held back only while more
// messages are ready.
type printer struct {
	encode cli.Encoder
	w      io.Writer
	buf    []byte
}

// printBlock is how many bytes are held back at most.
const printBlock = 128 << 10

func (s *session) printer() (*printer, error) {
	encode, err := cli.NewEncoder(s.output)
	return &printer{encode: encode, w: s.args.Out, buf: make([]byte, 0, printBlock+4096)}, err
}

func (p *printer) put(r *cli.Record) error {
	var err error
	if p.buf, err = p.encode(p.buf, r); err != nil {
		return err
	}
	if len(p.buf) < printBlock {
		return nil
	}
	return p.flush()
}

func (p *printer) flush() error {
	if len(p.buf) == 0 {
		return nil
	}
	_, err := p.w.Write(p.buf)
	if p.buf = p.buf[:0]; cap(p.buf) > 16*printBlock {
		p.buf = nil
	}
	return err
}

func (p *printer) end() error { return p.flush() }

// sender sends messages on, or back to where their routing id says. Commands
// may use it at the same time.
type sender struct {
	s     *session
	mu    sync.Mutex // guards parts
	parts [][]byte
}

func (o *sender) put(r *cli.Record) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.parts = o.parts[:0]
	if r.ID != nil {
		o.parts = append(o.parts, r.ID)
	}
	o.parts = append(o.parts, r.Parts...)
	err := o.s.deliver(o.s.hard, o.parts, r.Group)
	if err != nil {
		return o.s.unreachable(err)
	}
	o.s.sent.Add(1)
	return o.s.saw(outward, r)
}

func (o *sender) flush() error { return nil }
func (o *sender) end() error   { return nil }

// unreachable forgives that the peer has left before its answer was ready.
func (s *session) unreachable(err error) error {
	if isUnreachable(err) {
		s.dropped.Add(1)
		s.log.At(1, "the peer has left; its answer is dropped")
		return nil
	}
	return fmt.Errorf("send: %w", err)
}

// fork prints a message and then handles it.
type fork struct{ print, handle stage }

func (f fork) put(r *cli.Record) error {
	if err := f.print.put(r); err != nil {
		return err
	}
	return f.handle.put(r)
}

func (f fork) flush() error {
	if err := f.print.flush(); err != nil {
		return err
	}
	return f.handle.flush()
}

func (f fork) end() error {
	err := f.print.end()
	if handled := f.handle.end(); err == nil {
		err = handled
	}
	return err
}
