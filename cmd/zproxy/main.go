// Command zproxy passes messages on between two ZeroMQ sockets.
//
// A run goes through the files in this order:
//
//	1 tool.go     the flag table, --help and its examples
//	2 pair.go     which socket types can stand on the two sides, and why others cannot
//	3 config.go   the command line becomes a config; what is wrong ends here with status 2
//	4 run.go      sockets are opened, a signal or a failure ends the run, what has come still leaves
//	5 forward.go  one goroutine a direction: receive, send, count
package main

import (
	"os"

	"ztools/lib/cli"
)

func main() { os.Exit(newTool().Main(os.Args, cli.System())) }
