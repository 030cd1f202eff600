package cli

import (
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	urfave "github.com/urfave/cli/v2"
)

// Args is a parsed command line with the streams of the run. The methods that
// read units keep the first error, which Err returns, so that a tool can read
// all its flags and ask once.
type Args struct {
	Context context.Context
	Prog    string   // the name the program was started by
	Words   []string // the arguments that are no flags
	In      io.Reader
	Out     *Stream
	Err     *Stream

	flags  []Flag
	line   []string // the flags of the command line, as expand writes them
	values *urfave.Context
	bad    error
}

// Given tells whether a flag stands on the command line or in the environment.
func (a *Args) Given(name string) bool { return a.values.IsSet(name) }

// GivenFlags are the names of all flags given, in the order of the table.
func (a *Args) GivenFlags() []string {
	var names []string
	for _, f := range a.flags {
		if a.Given(f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

// WrittenFlags are the names of the flags that stand on the command line, in the
// order of the table: those of GivenFlags without the ones of the environment.
func (a *Args) WrittenFlags() []string {
	var names []string
	for _, f := range a.flags {
		if slices.ContainsFunc(a.line, func(arg string) bool {
			name, _, _ := strings.Cut(arg, "=")
			return name == "--"+f.Name
		}) {
			names = append(names, f.Name)
		}
	}
	return names
}

// Bool is a switch.
func (a *Args) Bool(name string) bool { return a.values.Bool(name) }

// Times is how often a switch was given.
func (a *Args) Times(name string) int { return a.values.Count(name) }

// String is the value of a flag, or otherwise if it is not given.
func (a *Args) String(name, otherwise string) string {
	if !a.Given(name) {
		return otherwise
	}
	return a.values.String(name)
}

// Strings are all values of a flag that may be repeated.
func (a *Args) Strings(name string) []string { return a.values.StringSlice(name) }

// Duration reads a length of time.
func (a *Args) Duration(name string, otherwise time.Duration) time.Duration {
	return readUnit(a, name, otherwise, ParseDuration, "write 300ms, 5s, 2m or 1h30m")
}

// Size reads a number of bytes.
func (a *Args) Size(name string, otherwise int64) int64 {
	return readUnit(a, name, otherwise, ParseSize, "write bytes, or 64k, 16M, 1G")
}

// Number reads a number of messages.
func (a *Args) Number(name string, otherwise int64) int64 {
	return readUnit(a, name, otherwise, ParseCount, "write a whole number, or 10k, 1M")
}

// Rate reads messages per time as the time between two of them.
func (a *Args) Rate(name string, otherwise time.Duration) time.Duration {
	return readUnit(a, name, otherwise, ParseRate, "write 100, 10k/s or 5/m")
}

// Delim reads a delimiter with escapes; nil if it is not given.
func (a *Args) Delim(name string) []byte {
	return readUnit(a, name, nil, func(text string) ([]byte, error) {
		b, err := Unescape(text)
		return append([]byte{}, b...), err
	}, `the escapes are \n \t \r \0 \\ and \xNN`)
}

// ID reads a routing id; nil if it is not given.
func (a *Args) ID(name string) []byte {
	return readUnit(a, name, nil, ParseID, "write text, or 0x and hexadecimal digits")
}

// Endpoint reads the endpoint of a flag, which binds unless it begins with >; nil if
// it is not given.
func (a *Args) Endpoint(name string) *Endpoint {
	if !a.Given(name) {
		return nil
	}
	e, err := ParseEndpoint(a.values.String(name), true)
	if err != nil {
		a.Reject(About(name, err))
	}
	return &e
}

func readUnit[T any](a *Args, name string, otherwise T, parse func(string) (T, error), hint string) T {
	if !a.Given(name) {
		return otherwise
	}
	v, err := parse(a.values.String(name))
	if err != nil {
		a.Reject(About(name, Usagef(hint, "--%s: %w", name, err)))
	}
	return v
}

// Reject keeps err as the error of the command line if it is the first.
func (a *Args) Reject(err error) {
	if a.bad == nil {
		a.bad = err
	}
}

// Check is the first error of the command line, or nil.
func (a *Args) Check() error { return a.bad }

// Choice is a value that must be one of those in the flag's row.
func (a *Args) Choice(name, otherwise string) string {
	v := a.String(name, otherwise)
	at := slices.IndexFunc(a.flags, func(f Flag) bool { return f.Name == name })
	if choices := a.flags[at].Choice; v != otherwise && !slices.Contains(choices, v) {
		a.Reject(About(name, Usagef("the values are "+strings.Join(choices, " "), "unknown --%s %q", name, v)))
	}
	return v
}

// Open opens a file to read; - is stdin.
func (a *Args) Open(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(a.In), nil
	}
	return os.Open(name)
}

// Create makes a file to write; - is stdout.
func (a *Args) Create(name string) (io.WriteCloser, error) {
	if name == "-" {
		return keepOpen{a.Out}, nil
	}
	return os.Create(name)
}

// keepOpen is a stream whose Close does nothing.
type keepOpen struct{ io.Writer }

func (keepOpen) Close() error { return nil }
