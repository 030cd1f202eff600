package main

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"ztools/lib/cli"
)

// TestMain makes the test binary the tool itself when a script runs it as zcat or zmqcat.
func TestMain(m *testing.M) {
	main := func() { os.Exit(newTool().Main(os.Args, cli.System())) }
	testscript.Main(m, map[string]func(){"zcat": main, "zmqcat": main})
}

// TestScripts runs the txtar scripts. They find each other through ipc sockets
// in the working directory of each script, so they can run side by side.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script/zcat",
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": expectStatus,
			"usage":  expectUsage,
		},
	})
}

// expectStatus is `status N COMMAND…`: the command ends with exit status N.
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

// expectUsage is `usage ARGS…`: zcat refuses them with status 2 in one line of
// error and at most one of hint.
func expectUsage(ts *testscript.TestScript, neg bool, args []string) {
	expectStatus(ts, neg, append([]string{"2", "zcat"}, args...))
	lines := strings.Split(strings.TrimSpace(ts.ReadFile("stderr")), "\n")
	if !strings.HasPrefix(lines[0], "zcat: error: ") || len(lines) > 2 || len(lines) == 2 && !strings.HasPrefix(lines[1], "zcat: hint: ") {
		ts.Fatalf("not an error line and a hint line: %q", lines)
	}
}
