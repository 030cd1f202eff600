package cli

import (
	"fmt"
	"sync"
	"time"

	"ztools/lib/zmq"
)

// Log tells people on stderr what happens: lines of its own, never data. It may
// be used by several goroutines.
type Log struct {
	// Constant.
	prog       string
	level      int // how often -v was given; -1 for --quiet
	timestamps bool

	mu sync.Mutex // guards w
	w  *Stream
}

// NewLog is a log as --quiet, --verbose and --timestamps ask for it.
func NewLog(a *Args) *Log {
	l := &Log{prog: a.Prog, level: a.Times("verbose"), timestamps: a.Bool("timestamps"), w: a.Err}
	if a.Bool("quiet") {
		l.level = -1
	}
	return l
}

// On tells whether a level is told: 0 what everybody should see, 1 endpoints and
// peers, 2 events, 3 messages.
func (l *Log) On(level int) bool { return l.level >= level }

// At tells something at a level, as one line. A failure to write to stderr has
// nowhere to be reported.
func (l *Log) At(level int, format string, args ...any) {
	if !l.On(level) {
		return
	}
	stamp := ""
	if l.timestamps {
		stamp = l.w.Faint(time.Now().Format("2006-01-02T15:04:05.000000Z07:00 "))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = fmt.Fprintf(l.w, "%s%s: %s\n", stamp, l.prog, fmt.Sprintf(format, args...))
}

// Event tells peers that come and go with -v, and every event with -vv.
func (l *Log) Event(ev zmq.Event) {
	switch {
	case l.On(2):
		l.At(2, "%v %s%s%s", ev.Kind, ev.Endpoint, after(" remote ", ev.Remote), after(" ", EventReason(ev)))
	case ev.Kind == zmq.HandshakeSucceeded:
		l.At(1, "peer joined: %s%s%s", ev.SocketType, after(" at ", ev.Remote), after(", id ", EventID(ev)))
	case ev.Kind == zmq.Disconnected:
		l.At(1, "peer left%s", after(": ", ev.Remote))
	}
}

// EventReason is why what an event tells of went wrong, or empty.
func EventReason(ev zmq.Event) string {
	if ev.Err == nil {
		return ""
	}
	return ev.Err.Error()
}

// EventID is the peer's routing id as FormatID writes it, or empty.
func EventID(ev zmq.Event) string {
	if len(ev.RoutingID) == 0 {
		return ""
	}
	return FormatID(ev.RoutingID)
}

// after is text behind a label, or nothing if there is no text.
func after(label, text string) string {
	if text == "" {
		return ""
	}
	return label + text
}

// Plural is word, with an s unless n is 1.
func Plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
