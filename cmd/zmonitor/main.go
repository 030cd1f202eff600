// Command zmonitor looks at ZeroMQ sockets: what listens at an endpoint, and what
// happens to a connection.
//
// A run goes through the files in this order:
//
//	1 tool.go   the flag table, --help and its examples
//	2 run.go    the command line, the time limit and signals; one of
//	3 probe.go  connect, learn who is there; verdict.go says in a sentence why not
//	  watch.go  print the events of a socket of our own
//	4 print.go  findings and events as text, for awk, as JSON
package main

import (
	"os"

	"ztools/lib/cli"
)

func main() { os.Exit(newTool().Main(os.Args, cli.System())) }
