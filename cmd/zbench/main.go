// Command zbench measures throughput, latency, fan-out and connection rate of
// ZeroMQ sockets.
//
// A measurement goes through the files in this order:
//
//	1 tool.go        the flag table, --help and its examples
//	2 config.go      the command line becomes a checked config; kinds of measurement by name
//	3 cell.go        the plan: transports by mechanisms by sizes, each measured so many times
//	4 run.go         one run: both ends, warm-up, window, what they used; what ends it early
//	5 throughput.go  latency.go openloop.go fanout.go connect.go subscribe.go: what this end does
//	6 far.go         the other end as a process or goroutine, and worker.go what that does
//	7 sample.go      the figures of a run and of all runs of a cell
//	8 report.go      table, JSON, CSV, Markdown; plot.go pictures; compare.go what changed
//
// serve.go is an end for other machines and for libzmq's perf programs. stamp.go
// numbers messages, pace.go keeps a schedule, gauge.go counts over goroutines.
package main

import (
	"os"

	"ztools/lib/cli"
)

func main() { os.Exit(newTool().Main(os.Args, cli.System())) }
