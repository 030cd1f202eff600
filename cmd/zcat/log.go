package main

import (
	"fmt"
	"sync"
	"time"

	"ztools/lib/cli"
)

// logger tells people on stderr what happens: lines of its own, never data.
type logger struct {
	prog       string
	verbose    int
	quiet      bool
	timestamps bool

	mu sync.Mutex // guards w: several goroutines tell things
	w  *cli.Stream
}

func newLogger(a *cli.Args, c *config) *logger {
	return &logger{prog: a.Prog, verbose: c.verbose, quiet: c.quiet, timestamps: c.timestamps, w: a.Err}
}

// on tells whether level is told: 1 endpoints and peers, 2 events, 3 messages.
func (l *logger) on(level int) bool { return l.verbose >= level && !l.quiet }

// at tells something at a level.
func (l *logger) at(level int, format string, args ...any) {
	if l.on(level) {
		l.print(format, args...)
	}
}

// always tells something unless --quiet was given.
func (l *logger) always(format string, args ...any) {
	if !l.quiet {
		l.print(format, args...)
	}
}

// print writes one line. A failure to write to stderr has nowhere to go.
func (l *logger) print(format string, args ...any) {
	stamp := ""
	if l.timestamps {
		stamp = time.Now().Format("2006-01-02T15:04:05.000000Z07:00 ")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = fmt.Fprintf(l.w, "%s%s: %s\n", l.w.Faint(stamp), l.prog, fmt.Sprintf(format, args...))
}
