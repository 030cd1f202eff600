package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"ztools/lib/cli"
	"ztools/lib/cli/clitest"
)

// TestMain makes the test binary the tool itself when a script runs it as zcat or zmqcat.
func TestMain(m *testing.M) {
	main := func() { os.Exit(newTool().Main(os.Args, cli.System())) }
	testscript.Main(m, map[string]func(){"zcat": main, "zmqcat": main})
}

// TestScripts runs the txtar scripts. They find each other through ipc sockets
// in the working directory of each script, so they can run side by side.
func TestScripts(t *testing.T) { clitest.Scripts(t, newTool(), "zkeygen") }
