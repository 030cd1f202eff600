package main

import (
	"testing"

	"ztools/lib/cli/clitest"
)

func TestMain(m *testing.M) { clitest.Main(m, newTool(), "zmqcat") }

// TestScripts runs the txtar scripts. They find each other through ipc sockets
// in the working directory of each script, so they can run side by side.
func TestScripts(t *testing.T) { clitest.Scripts(t, newTool(), "zkeygen") }
