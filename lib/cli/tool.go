package cli

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	urfave "github.com/urfave/cli/v2"
)

// Flag is one row of a tool's flag table. The parser, --help, completion and
// the test of the man page all read it.
type Flag struct {
	Name   string   // long name, without dashes
	Short  string   // one letter, or empty
	Value  string   // name of the value in --help; empty for a switch
	Help   string   // a few words, lower case
	Group  string   // heading in --help
	Repeat bool     // may be given several times
	Choice []string // the values that completion offers
	Env    string   // environment name that gives a default, or empty
}

// Example is one example of --help: command lines that run together as they
// are printed, each but the last in the background.
type Example struct {
	Commands []string
	Meaning  string
}

// Tool is one command-line program.
type Tool struct {
	Name     string   // the program's usual name; in texts {} stands for the name it was started by
	Summary  string   // one line
	Usage    []string // forms of the command line
	Examples []Example
	Words    []string // what completion offers as the first argument
	Flags    []Flag
	Footer   string // last lines of --help
	// Run does the work. Its error becomes the exit status.
	Run func(*Args) error
}

// Stdio are the three streams of a run.
type Stdio struct {
	In       io.Reader
	Out, Err io.Writer
}

// System are the streams of the process.
func System() Stdio { return Stdio{os.Stdin, os.Stdout, os.Stderr} }

// CommonFlags are the flags that every tool has.
var CommonFlags = []Flag{
	{Name: "quiet", Short: "q", Help: "print nothing but data and errors", Group: "General"},
	{Name: "verbose", Short: "v", Repeat: true, Help: "tell endpoints and peers; -vv events, -vvv messages", Group: "General"},
	{Name: "timestamps", Help: "begin what -v tells with the time", Group: "General"},
	{Name: "color", Value: "WHEN", Choice: ColorModes, Help: "colour: auto, always or never", Group: "General"},
	{Name: "help", Short: "h", Help: "show this help", Group: "General"},
	{Name: "version", Help: "show the version", Group: "General"},
}

// Main runs the tool with the arguments of the process (the program's name
// first) and returns the exit status.
func (t *Tool) Main(args []string, std Stdio) int {
	prog := programName(args, t.Name)
	stderr := NewStream(std.Err, "auto")
	expanded, err := expand(t.Flags, args[min(1, len(args)):])
	switch {
	case err != nil:
	case slices.Contains(expanded, "--help"):
		err = t.printHelp(NewStream(std.Out, "auto"), prog)
	case slices.Contains(expanded, "--version"):
		err = printVersion(std.Out, prog)
	default:
		err = t.parse(prog, expanded, std, &stderr)
	}
	return Report(stderr, prog, err)
}

// programName is what the user calls the program, so that a renamed binary
// speaks of itself by its own name.
func programName(args []string, usual string) string {
	if len(args) == 0 || args[0] == "" {
		return usual
	}
	return strings.TrimSuffix(filepath.Base(args[0]), ".exe")
}

// parse reads the expanded arguments and runs the action.
func (t *Tool) parse(prog string, expanded []string, std Stdio, stderr **Stream) error {
	a, err := t.read(prog, expanded, std)
	if err != nil {
		return err
	}
	*stderr = a.Err
	if len(a.Words) > 0 && a.Words[0] == "completion" {
		return t.printCompletion(a)
	}
	return t.Run(a)
}

// Args reads arguments that stand elsewhere than on the command line, such as in a
// file, in the place of those of a.
func (t *Tool) Args(a *Args, args []string) (*Args, error) {
	expanded, err := expand(t.Flags, args)
	if err != nil {
		return nil, err
	}
	return t.read(a.Prog, expanded, Stdio{a.In, a.Out, a.Err})
}

// read hands the expanded arguments to urfave/cli.
func (t *Tool) read(prog string, expanded []string, std Stdio) (a *Args, err error) {
	app := &urfave.App{
		Name: prog, HideHelp: true, HideVersion: true, HideHelpCommand: true,
		DisableSliceFlagSeparator: true,
		Flags:                     urfaveFlags(t.Flags),
		Writer:                    std.Out, ErrWriter: std.Err,
		ExitErrHandler: func(*urfave.Context, error) {},
		OnUsageError:   func(_ *urfave.Context, err error, _ bool) error { return Usagef("", "%w", err) },
	}
	app.Action = func(c *urfave.Context) error {
		mode := c.String("color")
		if mode == "" {
			mode = "auto"
		}
		if !slices.Contains(ColorModes, mode) {
			return Usagef("the values are "+strings.Join(ColorModes, " "), "unknown --color %q", mode)
		}
		a = &Args{
			Context: c.Context, Prog: prog, Words: c.Args().Slice(), flags: t.Flags, values: c,
			line: expanded[:slices.Index(expanded, "--")],
			In:   std.In, Out: NewStream(std.Out, mode), Err: NewStream(std.Err, mode),
		}
		return nil
	}
	err = app.RunContext(context.Background(), append([]string{prog}, expanded...))
	return a, err
}

func urfaveFlags(flags []Flag) []urfave.Flag {
	var out []urfave.Flag
	for _, f := range flags {
		if f.Name == "help" || f.Name == "version" {
			continue // answered before parsing
		}
		var env []string
		if f.Env != "" {
			env = []string{f.Env}
		}
		switch {
		case f.Value == "":
			out = append(out, &urfave.BoolFlag{Name: f.Name, Count: new(int), EnvVars: env})
		case f.Repeat:
			out = append(out, &urfave.StringSliceFlag{Name: f.Name, EnvVars: env})
		default:
			out = append(out, &urfave.StringFlag{Name: f.Name, EnvVars: env})
		}
	}
	return out
}

// Version is the version of the module that the program was built from.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unreleased"
}

func printVersion(w io.Writer, prog string) error {
	_, err := io.WriteString(w, prog+" (ztools) "+Version()+"\n")
	return err
}
