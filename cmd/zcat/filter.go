package main

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"

	"ztools/lib/cli"
)

// filter is a command that runs all the time and speaks the stream format both
// ways: messages to its stdin, messages from its stdout.
type filter struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	encode cli.Encoder
	decode cli.Decoder
	input  *cli.Input
	buf    []byte
	layout cli.Layout
}

// errFilterEnded says that a filter reads no more; its exit status says why.
var errFilterEnded = errors.New("the filter has ended")

// startFilter starts --filter with pipes on both sides.
func (s *session) startFilter() (*filter, error) {
	l := s.output
	l.Template, l.Escape, l.Routed, l.MaxSize = "", false, s.kind.has(routes), s.input.MaxSize
	f := &filter{cmd: shell(s.hard, s.filter), layout: l}
	f.cmd.Stderr = s.args.Err.Writer
	var err error
	if f.stdin, err = f.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := f.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if f.encode, err = cli.NewEncoder(l); err != nil {
		return nil, err
	}
	f.input = cli.NewInput(stdout, l.MaxSize)
	if f.decode, err = cli.NewDecoder(f.input, l); err != nil {
		return nil, err
	}
	if err := f.cmd.Start(); err != nil {
		return nil, cli.Failf(cli.StatusCommand, "", "cannot start the filter: %w", err)
	}
	return f, nil
}

// write encodes a message towards the filter.
func (f *filter) write(r *cli.Record) error {
	if len(r.Parts) > 1 && f.layout.Format == "lines" && !f.layout.Split {
		return cli.Failf(cli.StatusFailed, "-f json or -f frames keeps parts; --part-delim splits lines", "a message of %d parts cannot pass a filter that speaks lines", len(r.Parts))
	}
	var err error
	f.buf, err = f.encode(f.buf, r)
	if err != nil || len(f.buf) < printBlock {
		return err
	}
	return f.flush()
}

func (f *filter) flush() error {
	if len(f.buf) == 0 {
		return nil
	}
	_, err := f.stdin.Write(f.buf)
	f.buf = f.buf[:0]
	if err != nil {
		return fmt.Errorf("%w: %v", errFilterEnded, err)
	}
	return nil
}

// wait collects the exit status; the end of the filter's output was seen.
func (f *filter) wait() error {
	if err := f.cmd.Wait(); err != nil {
		return cli.Failf(cli.StatusCommand, "", "filter failed: %w", err)
	}
	return nil
}

// filterStage passes messages through filters at the pace of each: what comes
// out goes to the next stage as soon as it is there.
type filterStage struct {
	s       *session
	next    stage
	filters []*filter
	turn    int
	group   sync.WaitGroup

	mu     sync.Mutex // guards next and failed: filters write at any time
	failed error
	ending bool
}

func newFilterStage(s *session, next stage) (stage, error) {
	st := &filterStage{s: s, next: next}
	for range s.jobs {
		f, err := s.startFilter()
		if err != nil {
			return nil, err
		}
		st.filters = append(st.filters, f)
		st.group.Go(func() { st.read(f) })
	}
	return st, nil
}

func (st *filterStage) put(r *cli.Record) error {
	st.turn = (st.turn + 1) % len(st.filters)
	return st.excuse(st.filters[st.turn].write(r))
}

func (st *filterStage) flush() error {
	for _, f := range st.filters {
		if err := st.excuse(f.flush()); err != nil {
			return err
		}
	}
	return nil
}

// excuse leaves it to read to say how a filter ended that no longer reads.
func (st *filterStage) excuse(err error) error {
	if !errors.Is(err, errFilterEnded) {
		return err
	}
	<-st.s.ctx.Done()
	return nil
}

// read passes on what a filter writes until it ends.
func (st *filterStage) read(f *filter) {
	err := st.readAll(f)
	if waited := f.wait(); err == nil {
		err = waited
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.s.hard.Err() != nil {
		return
	}
	if st.failed == nil {
		st.failed = err
	}
	if !st.ending && err == nil {
		err = errDone // like head, it has seen enough
	}
	if err != nil {
		st.s.stop(err)
	}
}

func (st *filterStage) readAll(f *filter) error {
	var r cli.Record
	for {
		if err := f.decode(&r); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("filter: %w", err)
		}
		st.mu.Lock()
		err := st.next.put(&r)
		if err == nil && len(f.input.Window()) == 0 {
			err = st.next.flush()
		}
		st.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

// end closes the input of the filters and waits for the rest of their output.
func (st *filterStage) end() error {
	st.mu.Lock()
	st.ending = true
	st.mu.Unlock()
	for _, f := range st.filters {
		_ = f.flush() // a filter that has ended says so in read
		_ = f.stdin.Close()
	}
	st.group.Wait()
	if err := st.next.end(); err != nil {
		return err
	}
	return st.failed
}
