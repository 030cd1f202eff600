// Command zbench measures throughput and latency of ZeroMQ sockets.
//
// A run goes through the files in this order:
//
//	1 tool.go      the flag table, --help and its examples
//	2 run.go       the command line becomes a plan: kinds of message by kinds of transport
//	3 cell.go      two sockets, connected, for one run of one size over one transport
//	4 measure.go   throughput (PUSH to PULL) and latency (REQ to REP and back)
//	5 print.go     a table, or JSON
package main

import (
	"os"

	"ztools/lib/cli"
)

func main() { os.Exit(newTool().Main(os.Args, cli.System())) }
