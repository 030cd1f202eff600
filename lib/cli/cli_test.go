package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ztools/lib/zmq"
)

func TestUnits(t *testing.T) {
	duration := func(s string) (any, error) { return ParseDuration(s) }
	size := func(s string) (any, error) { return ParseSize(s) }
	count := func(s string) (any, error) { return ParseCount(s) }
	rate := func(s string) (any, error) { return ParseRate(s) }
	escapes := func(s string) (any, error) { b, err := Unescape(s); return string(b), err }
	for _, test := range []struct {
		parse func(string) (any, error)
		text  string
		want  any // nil: an error
	}{
		{duration, "300ms", 300 * time.Millisecond},
		{duration, "1h30m", 90 * time.Minute},
		{duration, "5", 5 * time.Second},
		{duration, "0.5", 500 * time.Millisecond},
		{duration, "2d", 48 * time.Hour},
		{duration, "0", time.Duration(0)},
		{duration, "-1s", nil}, {duration, "-1", nil}, {duration, "", nil}, {duration, "5x", nil}, {duration, "NaN", nil}, {duration, "1e300", nil},
		{size, "16", int64(16)}, {size, "1k", int64(1024)}, {size, "64K", int64(65536)}, {size, "1MiB", int64(1 << 20)}, {size, "1.5G", int64(3 << 29)},
		{size, "-1", nil}, {size, "1q", nil}, {size, "", nil}, {size, "1e30", nil}, {size, "0.3", nil},
		{count, "10k", int64(10000)}, {count, "3", int64(3)}, {count, "1KiB", nil}, {count, "many", nil},
		{rate, "100", 10 * time.Millisecond}, {rate, "10k/s", 100 * time.Microsecond}, {rate, "5/m", 12 * time.Second},
		{rate, "0", nil}, {rate, "5/w", nil}, {rate, "x/s", nil}, {rate, "2G", nil},
		{escapes, `a\tb\n\r\0\\\x41`, "a\tb\n\r\x00\\A"}, {escapes, `\`, nil}, {escapes, `\q`, nil}, {escapes, `\x4`, nil}, {escapes, `\xzz`, nil},
	} {
		got, err := test.parse(test.text)
		if test.want == nil && err == nil || test.want != nil && (err != nil || got != test.want) {
			t.Errorf("%q: got %v, %v, want %v", test.text, got, err, test.want)
		}
	}
}

func TestFormatSize(t *testing.T) {
	for n, want := range map[float64]string{0: "0 B", 312: "312 B", 4096: "4.0 KiB", 3 << 29: "1.5 GiB", 1 << 50: "1024.0 TiB"} {
		if got := FormatSize(n); got != want {
			t.Errorf("%v: got %s, want %s", n, got, want)
		}
	}
}

func TestParseEndpoint(t *testing.T) {
	for _, test := range []struct {
		text string
		bind bool
		want string // with its sign; empty: a usage error
	}{
		{"tcp://:5555", true, "@tcp://*:5555"},
		{"tcp://localhost:5555", true, "@tcp://localhost:5555"},
		{"tcp://localhost:5555", false, ">tcp://localhost:5555"},
		{"@tcp://:5555", false, "@tcp://*:5555"},
		{">tcp://host:1", true, ">tcp://host:1"},
		{"tcp://*:*", true, "@tcp://*:*"},
		{"tcp://[::1]:5555", false, ">tcp://[::1]:5555"},
		{"tcp://::1:5555", false, ">tcp://::1:5555"},
		{"tcp://eth0:0;host:5555", false, ">tcp://eth0:0;host:5555"},
		{"ipc:///tmp/a,b", false, ">ipc:///tmp/a,b"},
		{"ipc://*", true, "@ipc://*"},
		{"tcp://:5555", false, ""}, {"tcp://*:5555", false, ""}, {"tcp://host:0", false, ""}, {"tcp://host:*", false, ""},
		{"tcp://host", true, ""}, {"tcp://host:65536", true, ""}, {"tcp://host:-1", true, ""}, {"tcp://a:b:1", false, ""},
		{"host:5555", true, ""}, {"5555", true, ""}, {"", true, ""}, {"@", true, ""}, {"tcp://", true, ""}, {"ipc://", true, ""},
		{"http://host:80", false, ""}, {"inproc://a", true, ""},
	} {
		got, err := ParseEndpoint(test.text, test.bind)
		var usage *Error
		if test.want == "" && !(errors.As(err, &usage) && usage.Status == StatusUsage) || test.want != "" && (err != nil || got.String() != test.want) {
			t.Errorf("%q: got %v, %v, want %s", test.text, got, err, test.want)
		}
	}
}

func TestWildcard(t *testing.T) {
	for text, want := range map[string]bool{
		"@tcp://*:*": true, "@tcp://*:0": true, "@tcp://*:5555": false, ">tcp://host:5555": false, ">udp://host:*": false,
		"@ipc://*": true, "@ipc:///tmp/*": false, "@ws://*:*": true, "@ws://*:*/chat": true, "@wss://*:0/a/b": true,
		"@ws://*:5555/chat:*": false, "@tipc://<*>": true, "@tipc://{5560,1,9}": false, "@udp://*:*": true,
		"@vsock://*:*": true, "@vsock://*:-1": true, "@vsock://*:0": false, "@vmci://*:*": true,
	} {
		e, err := ParseEndpoint(text, false)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if e.Wildcard() != want {
			t.Errorf("%s: wildcard %v, want %v", text, e.Wildcard(), want)
		}
	}
}

func FuzzParseEndpoint(f *testing.F) {
	for _, text := range []string{"tcp://:5555", ">tcp://[::1]:1", "@ipc:///a", "tcp://a;b:1", "x"} {
		f.Add(text, true)
		f.Add(text, false)
	}
	f.Fuzz(func(t *testing.T, text string, bind bool) {
		e, err := ParseEndpoint(text, bind)
		if err != nil {
			return
		}
		again, err := ParseEndpoint(e.String(), !bind)
		if err != nil || again != e {
			t.Errorf("%q is %v, which reads as %v, %v", text, e, again, err)
		}
	})
}

func TestUsualSides(t *testing.T) {
	for typ := zmq.Pair; typ <= zmq.Channel; typ++ {
		want := strings.Contains(" PULL REP PUB XPUB XSUB ROUTER STREAM SERVER RADIO GATHER DGRAM ", " "+typ.String()+" ")
		if UsuallyBinds(typ) != want {
			t.Errorf("%v: binds is %v", typ, !want)
		}
	}
}

func TestParseID(t *testing.T) {
	for _, id := range []string{"bob", "0x41", "\x00\xff", "", "a\tb", "é"} {
		got, err := ParseID(FormatID([]byte(id)))
		if err != nil || string(got) != id {
			t.Errorf("%q came back as %q, %v", id, got, err)
		}
	}
	if _, err := ParseID("0xq"); err == nil {
		t.Error("0xq is taken")
	}
}

var testFlags = append([]Flag{
	{Name: "count", Short: "n", Value: "N"},
	{Name: "data", Short: "d", Value: "TEXT", Repeat: true},
	{Name: "echo", Short: "e"},
}, CommonFlags...)

func TestExpand(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"pull ep -n 3", "--count=3 -- pull ep"},
		{"-n3 pull ep --echo", "--count=3 --echo -- pull ep"},
		{"--count=3 -vvv", "--count=3 --verbose --verbose --verbose --"},
		{"-en 3", "--echo --count=3 --"},
		{"-d a,b -d=c --data -x", "--data=a,b --data=c --data=-x --"},
		{"a -- -n 3 --", "-- a -n 3 --"},
		{"- a", "-- - a"},
		{"--unknown", "error"}, {"-Z", "error"}, {"-n", "error"}, {"--count", "error"}, {"--echo=1", "error"}, {"-n 1 --count 2", "error"},
	} {
		got, err := expand(testFlags, strings.Fields(test.args))
		text := strings.Join(got, " ")
		if err != nil {
			text = "error"
		}
		if text != test.want {
			t.Errorf("%q: got %q (%v), want %q", test.args, text, err, test.want)
		}
	}
}

// runTool runs a tool that says what it was told.
func runTool(args ...string) (status int, out, err string) {
	tool := &Tool{
		Name: "tool", Summary: "{} is a tool.", Usage: []string{"{} WORDS"}, Flags: testFlags,
		Examples: []Example{{Commands: []string{"{} x"}, Meaning: "an example"}},
		Run: func(a *Args) error {
			n := a.Number("count", 0)
			if err := a.Check(); err != nil {
				return err
			}
			if n == 13 {
				return io.ErrClosedPipe
			}
			_, err := fmt.Fprintf(a.Out, "%d %q %v %d %q\n", n, a.Strings("data"), a.Bool("echo"), a.Times("verbose"), a.Words)
			return err
		},
	}
	var stdout, stderr bytes.Buffer
	status = tool.Main(append([]string{"/bin/my-tool"}, args...), Stdio{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
	return status, stdout.String(), stderr.String()
}

func TestMainRuns(t *testing.T) {
	status, out, _ := runTool("x", "-d", "a,b", "-vv", "--data=", "-n", "2", "--", "-y")
	if want := `2 ["a,b" ""] false 2 ["x" "-y"]` + "\n"; status != StatusOK || out != want {
		t.Errorf("status %d, got %s, want %s", status, out, want)
	}
}

func TestMainFails(t *testing.T) {
	for _, test := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"-n", "13"}, StatusFailed, "my-tool: error: io: read/write on closed pipe\n"},
		{[]string{"-n", "x"}, StatusUsage, "my-tool: error: --count: \"x\" is not a number\nmy-tool: hint: write a whole number, or 10k, 1M\n"},
		{[]string{"--conut"}, StatusUsage, "my-tool: error: unknown flag --conut\nmy-tool: hint: did you mean --count?\n"},
		{[]string{"--color", "red"}, StatusUsage, "my-tool: error: unknown --color \"red\"\nmy-tool: hint: the values are auto always never\n"},
	} {
		status, out, err := runTool(test.args...)
		if status != test.status || out != "" || err != test.want {
			t.Errorf("%q: status %d, stdout %q, stderr %q", test.args, status, out, err)
		}
	}
}

func TestColor(t *testing.T) {
	_, _, err := runTool("--color", "always", "-n", "x")
	if !strings.Contains(err, "\x1b[31merror:\x1b[0m") {
		t.Errorf("no colour with always: %q", err)
	}
	t.Setenv("NO_COLOR", "1")
	if s := NewStream(io.Discard, "auto"); s.Bad("x") != "x" {
		t.Error("colour in spite of NO_COLOR")
	}
}

func TestHelpUsesTheNameOfTheBinary(t *testing.T) {
	status, out, _ := runTool("x", "--help")
	if status != StatusOK || !strings.HasPrefix(out, "my-tool is a tool.\n\nExamples:\n  # an example\n  my-tool x\n") {
		t.Errorf("status %d, %s", status, out)
	}
	for _, f := range testFlags {
		if !strings.Contains(out, "--"+f.Name) {
			t.Errorf("--%s is missing", f.Name)
		}
	}
}

func TestCompletionNamesEveryFlag(t *testing.T) {
	for _, shell := range Shells {
		status, out, _ := runTool("completion", shell)
		if status != StatusOK || !strings.Contains(out, "my-tool") {
			t.Errorf("%s: status %d", shell, status)
		}
		for _, f := range testFlags {
			if !strings.Contains(out, f.Name) {
				t.Errorf("%s: --%s is missing", shell, f.Name)
			}
		}
	}
}

func TestReport(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		text   string
	}{
		{nil, 0, ""},
		{errors.New("a\nb"), 1, "p: error: a; b\n"},
		{Failf(StatusUnsent, "", "x"), 5, "p: error: x\n"},
		{fmt.Errorf("wrapped: %w", Usagef("do so", "x")), 2, "p: error: wrapped: x\np: hint: do so\n"},
		{Signalled(syscall.SIGTERM), 143, ""},
		{fmt.Errorf("write: %w", syscall.EPIPE), 141, ""},
	} {
		var b bytes.Buffer
		if status := Report(NewStream(&b, "never"), "p", test.err); status != test.status || b.String() != test.text {
			t.Errorf("%v: status %d, %q", test.err, status, b.String())
		}
	}
}

func TestStatusesAreListed(t *testing.T) {
	var listed []string
	for _, s := range Statuses {
		listed = append(listed, s.Status)
	}
	if want := []string{"0", "1", "2", "3", "4", "5", "6", "128+N"}; !slices.Equal(listed, want) {
		t.Errorf("got %v, want %v", listed, want)
	}
}
