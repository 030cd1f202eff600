// Command zcat sends and receives ZeroMQ messages.
//
// A run goes through the files in this order:
//
//	1 tool.go     the flag table, --help and its examples
//	2 kind.go     what each socket type can do, and which flags fit it
//	3 config.go   the command line becomes a config; what is wrong ends here with status 2
//	4 run.go      sockets are opened, the loops run until something stops them, unsent messages drain
//	5 source.go   where messages to send come from
//	  send.go     source to socket
//	  recv.go     socket to stages
//	  lockstep.go REQ and REP, one message each way in turn
//	  stage.go    print, send on or answer; exec.go and filter.go stand before them
//	6 watch.go    events, signals, time: what may stop the loops
package main

import (
	"os"

	"ztools/lib/cli"
)

func main() { os.Exit(newTool().Main(os.Args, cli.System())) }
