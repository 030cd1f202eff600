package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// process is a running peer. Its goroutine reads what it prints, waits for
// its end and then closes lines; end waits for that goroutine.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	lines chan string
	err   error // why it ended; valid when lines is closed
}

// linesKept is more lines than a peer ever prints.
const linesKept = 16

// start runs a program; the end of ctx kills it.
func start(ctx context.Context, path string, args ...string) (*process, error) {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.WaitDelay = time.Second
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, stdin: stdin, lines: make(chan string, linesKept)}
	go func() {
		for s := bufio.NewScanner(stdout); s.Scan(); {
			p.lines <- s.Text()
		}
		p.err = reason(ctx, cmd, &stderr)
		close(p.lines)
	}()
	return p, nil
}

// reason waits for the process and says in one line why it ended.
func reason(ctx context.Context, cmd *exec.Cmd, stderr *bytes.Buffer) error {
	err := cmd.Wait()
	name := filepath.Base(cmd.Path)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", name, context.Cause(ctx))
	case stderr.Len() > 0:
		line, _, _ := strings.Cut(stderr.String(), "\n")
		return errors.New(line)
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	}
	return fmt.Errorf("%s ended without a result", name)
}

// expect waits for a line, which must be word.
func (p *process) expect(word string) error {
	line, ok := <-p.lines
	if !ok {
		return p.err
	}
	if line != word {
		return fmt.Errorf("%s printed %q instead of %q", filepath.Base(p.cmd.Path), line, word)
	}
	return nil
}

// watch gives up a measurement for which the process is needed, when it ends.
func (p *process) watch(giveUp context.CancelCauseFunc) {
	for range p.lines {
	}
	giveUp(p.err)
}

// end kills the process, which has done its work, and waits for it.
func (p *process) end() {
	p.stdin.Close()
	p.cmd.Process.Kill()
	for range p.lines {
	}
}
