package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"

	"ztools/lib/cli"
)

// execStage runs a command for each message: the last part on its stdin, all
// parts and ids in its environment. Its output takes the place of the last
// part; without output the message goes no further.
type execStage struct {
	s    *session
	next stage
	// ordered keeps the order of the messages: output is printed so. Answers
	// and forwarded messages go as soon as they are ready.
	ordered bool

	slots chan struct{} // one for each command that may run
	group sync.WaitGroup
	last  chan struct{} // closed when the message before has gone on

	mu sync.Mutex // guards next: commands end at any time
}

func newExecStage(s *session, next stage) *execStage {
	done := make(chan struct{})
	close(done)
	_, prints := next.(*printer)
	return &execStage{s: s, next: next, ordered: prints, slots: make(chan struct{}, s.jobs), last: done}
}

func (e *execStage) put(r *cli.Record) error {
	select {
	case e.slots <- struct{}{}:
	case <-e.s.hard.Done():
		return nil
	}
	before, done := e.last, make(chan struct{})
	e.last = done
	if e.s.jobs == 1 {
		return e.run(r, before, done)
	}
	own := clone(r)
	e.group.Go(func() {
		if err := e.run(own, before, done); err != nil {
			e.s.stop(err)
		}
	})
	return nil
}

func (e *execStage) run(r *cli.Record, before <-chan struct{}, done chan<- struct{}) error {
	defer func() { <-e.slots }()
	defer close(done)
	output, err := e.s.command(r)
	if e.ordered {
		<-before
	}
	if err != nil || len(output) == 0 && !e.s.kind.has(routes) {
		return err
	}
	r.Parts = append(r.Parts[:len(r.Parts)-1:len(r.Parts)-1], output)
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.next.put(r); err != nil {
		return err
	}
	return e.next.flush()
}

func (e *execStage) flush() error { return nil }

func (e *execStage) end() error {
	e.group.Wait()
	return e.next.end()
}

// command runs --exec once and returns its output. A failed command ends the
// run with status 6; with --keep-going it counts as one without output.
func (s *session) command(r *cli.Record) ([]byte, error) {
	body := r.Parts[len(r.Parts)-1]
	cmd := shell(s.hard, s.exec)
	cmd.Env = append(os.Environ(), s.environment(r)...)
	cmd.Stdin = bytes.NewReader(body)
	cmd.Stderr = s.args.Err.Writer
	output, err := cmd.Output()
	if err == nil {
		return s.trimmed(output, body), nil
	}
	if s.hard.Err() != nil {
		return nil, nil
	}
	if s.keepGoing {
		s.log.At(1, "command failed: %v", err)
		return nil, nil
	}
	return nil, cli.Failf(cli.StatusCommand, "--keep-going goes on after a failure", "command failed: %w: %s", err, s.exec)
}

// trimmed takes the newline off that a command puts behind a text without one,
// in the formats where a message is a line.
func (s *session) trimmed(output, body []byte) []byte {
	if s.output.Format != "lines" || bytes.HasSuffix(body, []byte("\n")) {
		return output
	}
	return bytes.TrimSuffix(output, []byte("\n"))
}

// shell makes a command of the system's shell.
func shell(ctx context.Context, line string) *exec.Cmd {
	if runtime.GOOS == "windows" {
		return exec.CommandContext(ctx, "cmd", "/C", line)
	}
	return exec.CommandContext(ctx, "sh", "-c", line)
}

// environmentMax is the longest part that goes into the environment; Linux
// allows 128 KiB for one variable.
const environmentMax = 64 << 10

// environment tells a command about its message. Parts that no variable can
// hold come in hexadecimal, and long ones not at all.
func (s *session) environment(r *cli.Record) []string {
	env := []string{
		"ZMQ_TYPE=" + s.kind.name,
		fmt.Sprintf("ZMQ_SEQ=%d", r.Seq),
		fmt.Sprintf("ZMQ_PARTS=%d", len(r.Parts)),
		"ZMQ_PEER=" + r.Peer,
		"ZMQ_GROUP=" + r.Group,
	}
	if r.ID != nil {
		env = append(env, "ZMQ_ID="+cli.FormatID(r.ID))
	}
	for i, p := range r.Parts {
		switch {
		case len(p) > environmentMax:
		case bytes.IndexByte(p, 0) < 0:
			env = append(env, fmt.Sprintf("ZMQ_PART_%d=%s", i+1, p))
		default:
			env = append(env, fmt.Sprintf("ZMQ_PART_%d_HEX=%s", i+1, hex.EncodeToString(p)))
		}
	}
	return env
}

func clone(r *cli.Record) *cli.Record {
	own := *r
	own.Parts = nil
	for _, p := range r.Parts {
		own.Parts = append(own.Parts, bytes.Clone(p))
	}
	own.ID = bytes.Clone(r.ID)
	return &own
}
