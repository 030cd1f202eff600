// Package clitest tests the tools: txtar scripts that run them in-process, the
// examples of --help, and whether help and manual page say the same.
//
// A script has these commands besides those of testscript:
//
//	status N COMMAND...   the command ends with exit status N
//	usage ARGS...         the tool refuses them with status 2, one line of error and at most one hint
//
// The condition [libzmq] holds where Python has a real libzmq; $PYTHON is that
// Python. [peer:PROGRAM] holds where there is that program. With
// ZTOOLS_REQUIRE_PEERS=1 a script fails where one does not hold.
package clitest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"ztools/lib/cli"
	"ztools/lib/internal/ztest"
)

// root is the top of the module, seen from the folder of a tool.
const root = "../.."

// Main runs the tests of a tool. A script or a command line that names the tool,
// or another name that it goes by, runs the test binary in its place. Neither may
// leave goroutines behind.
func Main(m *testing.M, tool *cli.Tool, aliases ...string) {
	commands := map[string]func(){}
	for _, name := range append(aliases, tool.Name) {
		commands[name] = func() {
			os.Exit(ztest.Checked(func() int { return tool.Main(os.Args, cli.System()) }))
		}
	}
	testscript.Main(checked{m}, commands)
}

// checked is the tests, which fail if they leave goroutines behind.
type checked struct{ m *testing.M }

// Run implements testscript.TestingM.
func (c checked) Run() int { return ztest.Checked(c.m.Run) }

// Scripts runs the scripts of a tool, testdata/script/NAME/*.txtar. They may run
// the tools named in others, too, which are built for them.
func Scripts(t *testing.T, tool *cli.Tool, others ...string) {
	path := os.Getenv("PATH")
	if len(others) > 0 {
		path = Build(t, others...) + string(os.PathListSeparator) + path
	}
	python, libzmq := pythonWithZMQ()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join(root, "testdata/script", tool.Name),
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", path)
			env.Setenv("PYTHON", python)
			return nil
		},
		Condition: func(cond string) (bool, error) {
			have := libzmq
			if program, ok := strings.CutPrefix(cond, "peer:"); ok {
				_, err := exec.LookPath(program)
				have = err == nil
			} else if cond != "libzmq" {
				return false, fmt.Errorf("unknown condition %q", cond)
			}
			if !have && os.Getenv("ZTOOLS_REQUIRE_PEERS") == "1" {
				return false, fmt.Errorf("needs %s", cond)
			}
			return have, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": expectStatus,
			"usage":  func(ts *testscript.TestScript, neg bool, args []string) { expectUsage(ts, tool.Name, neg, args) },
		},
	})
}

// Skip ends a test for which this machine lacks what could be there, or fails it
// with ZTOOLS_REQUIRE_PEERS=1.
func Skip(t testing.TB, needs string) {
	t.Helper()
	ztest.Skip(t, needs)
}

// Build builds tools of this module and returns the folder that they are in.
func Build(t *testing.T, tools ...string) string {
	t.Helper()
	dir := t.TempDir()
	args := []string{"build", "-o", dir + string(filepath.Separator)}
	for _, name := range tools {
		args = append(args, "ztools/cmd/"+name)
	}
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return dir
}

// pythonWithZMQ finds a Python that has libzmq.
func pythonWithZMQ() (python string, ok bool) {
	python = os.Getenv("ZTOOLS_PYTHON")
	if python == "" {
		python = "/usr/bin/python3"
	}
	return python, exec.Command(python, "-c", "import zmq").Run() == nil
}

func expectStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = strconv.Itoa(exit.ExitCode())
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
}

func expectUsage(ts *testscript.TestScript, name string, neg bool, args []string) {
	expectStatus(ts, neg, append([]string{"2", name}, args...))
	lines := strings.Split(strings.TrimSpace(ts.ReadFile("stderr")), "\n")
	if !strings.HasPrefix(lines[0], name+": error: ") || len(lines) > 2 || len(lines) == 2 && !strings.HasPrefix(lines[1], name+": hint: ") {
		ts.Fatalf("not an error line and a hint line: %q", lines)
	}
}

// KDC starts a KDC of Kerberos for the time of the test, with these principals,
// whose keys are in the keytab of the environment, and returns its realm. Without
// one the test is skipped, or fails with ZTOOLS_REQUIRE_PEERS=1.
func KDC(t testing.TB, principals ...string) (realm string) {
	t.Helper()
	ztest.KDC(t, "aes256-cts-hmac-sha1-96", principals...)
	return ztest.Realm
}

// Relay is ztest.Relay, for the tests of tools, which cannot import it.
func Relay(t *testing.T, endpoint string, out, back func(b []byte) []byte) string {
	t.Helper()
	return ztest.Relay(t, endpoint, out, back)
}
