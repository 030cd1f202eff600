package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// The exit statuses of all five tools. A run ended by signal N exits with
// StatusSignal+N.
const (
	StatusOK      = 0   // the work is done
	StatusFailed  = 1   // it failed
	StatusUsage   = 2   // the command line is wrong; nothing was started
	StatusTimeout = 3   // timed out or idle before the work was done
	StatusRefused = 4   // refused by the peer's authentication
	StatusUnsent  = 5   // ended with messages unsent
	StatusCommand = 6   // an --exec or --filter command failed
	StatusSignal  = 128 // plus the signal's number
)

// Statuses is the table of exit statuses as the man pages print it.
var Statuses = []struct{ Status, Meaning string }{
	{"0", "the work is done"},
	{"1", "it failed"},
	{"2", "the command line is wrong; nothing was started"},
	{"3", "timed out or idle before the work was done"},
	{"4", "refused by the peer's authentication"},
	{"5", "ended with messages unsent; their number is printed"},
	{"6", "an --exec or --filter command failed"},
	{"128+N", "ended by signal N before the work was done"},
}

// Error is a failure with the exit status and the hint that belong to it.
type Error struct {
	Status int
	Hint   string // one line that helps, or empty
	Quiet  bool   // the status says it all: print nothing
	Flag   string // the long name of the flag that it is about, or empty
	Err    error
}

// Error is the text without the hint.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap is the error behind it.
func (e *Error) Unwrap() error { return e.Err }

// Usagef is an error in the command line, status 2, with a hint that may be empty.
func Usagef(hint, format string, args ...any) *Error {
	return Failf(StatusUsage, hint, format, args...)
}

// Failf is an error with the given exit status and a hint that may be empty.
func Failf(status int, hint, format string, args ...any) *Error {
	return &Error{Status: status, Hint: hint, Err: fmt.Errorf(format, args...)}
}

// About is err as one about a flag, unless it is about one already; nil for nil.
func About(flag string, err error) error {
	if err == nil {
		return nil
	}
	e := Error{Status: StatusFailed}
	if known := (*Error)(nil); errors.As(err, &known) {
		e = *known
	}
	if e.Flag == "" {
		e.Flag = flag
	}
	e.Err = err
	return &e
}

// FlagOf is the flag that an error is about, or empty.
func FlagOf(err error) string {
	if known := (*Error)(nil); errors.As(err, &known) {
		return known.Flag
	}
	return ""
}

// Hinted is err with the hint that it knows itself, such as that of a
// *secret.SharedError; status 1.
func Hinted(err error) error {
	var knows interface{ Hint() string }
	if !errors.As(err, &knows) {
		return err
	}
	return &Error{Status: StatusFailed, Hint: knows.Hint(), Err: err}
}

// Signalled is the end of a run by a signal: status 128+N, nothing printed.
func Signalled(sig os.Signal) *Error {
	number := 0
	if s, ok := sig.(syscall.Signal); ok {
		number = int(s)
	}
	return &Error{Status: StatusSignal + number, Quiet: true, Err: fmt.Errorf("ended by signal: %v", sig)}
}

// Report prints err as `prog: error: …` and `prog: hint: …` and returns the
// exit status. A nil error is status 0; an error that is no Error is status 1.
// A broken pipe on our own output is quiet and counts as SIGPIPE.
func Report(w *Stream, prog string, err error) int {
	if err == nil {
		return StatusOK
	}
	if errors.Is(err, syscall.EPIPE) {
		return StatusSignal + int(syscall.SIGPIPE)
	}
	e := &Error{Status: StatusFailed, Err: err}
	errors.As(err, &e)
	if e.Quiet {
		return e.Status
	}
	printLine(w, prog, w.Bad("error:"), err.Error())
	if e.Hint != "" {
		printLine(w, prog, w.Good("hint:"), e.Hint)
	}
	return e.Status
}

// printLine writes one line, whatever line breaks the text holds. A failure to
// write to stderr has nowhere to be reported.
func printLine(w io.Writer, prog, label, text string) {
	text = strings.ReplaceAll(strings.TrimSpace(text), "\n", "; ")
	_, _ = fmt.Fprintf(w, "%s: %s %s\n", prog, label, text)
}
