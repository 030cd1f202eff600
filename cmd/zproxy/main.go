// Command zproxy runs proxies between ZeroMQ sockets.
//
// A run goes through the files in this order:
//
//	1 tool.go     the flag table, --help and its examples
//	2 run.go      all proxies of a run: started together, ended by signals; reload.go replaces them
//	3 config.go   one command line becomes a config; pair.go says which types fit, topics.go reads rules
//	  file.go     a file becomes several command lines, with the places of their mistakes
//	  check.go    what does not fit together
//	4 proxy.go    one proxy: sockets are prepared, opened, run by zmq.Proxy and drained
//	  capture.go  copies of its messages
//	5 stats.go, metrics.go, ready.go   what others are told
//
// ctl.go is zproxy ctl, a client of any steerable proxy.
package main

import (
	"os"

	"ztools/lib/cli"
)

func main() { os.Exit(newTool().Main(os.Args, cli.System())) }
