package main

import "ztools/lib/cli"

// newTool is zbench as lib/cli sees it.
func newTool() *cli.Tool {
	return &cli.Tool{
		Name:    "zbench",
		Summary: "{} measures throughput and latency of ZeroMQ sockets, both ends in one process.",
		Usage: []string{
			"{} [flags] thr|lat",
			"{} completion bash|zsh|fish|powershell",
		},
		Examples: []cli.Example{
			{Meaning: "messages per second from PUSH to PULL, over each transport", Commands: []string{"{} thr --transport tcp,ipc,inproc --duration 100ms"}},
			{Meaning: "round trips from REQ to REP and back, three sizes", Commands: []string{"{} lat --size 16,1k,64k -n 1000"}},
			{Meaning: "how much runs differ, as JSON", Commands: []string{"{} thr --size 256 --runs 3 --duration 100ms --json"}},
		},
		Words: []string{"thr", "lat"},
		Flags: append([]cli.Flag{
			{Name: "size", Value: "SIZES", Group: "What", Help: "sizes of messages between commas (default 16,1k,64k)"},
			{Name: "transport", Value: "NAMES", Group: "What", Help: "tcp, ipc, inproc between commas (default tcp)"},
			{Name: "option", Short: "o", Value: "NAME=VALUE", Repeat: true, Group: "What", Help: "set an option of both sockets; -o list shows them all"},
			{Name: "count", Short: "n", Value: "N", Group: "How long", Help: "measure N messages, or N round trips"},
			{Name: "duration", Value: "TIME", Group: "How long", Help: "measure so long (default 1s)"},
			{Name: "runs", Value: "N", Group: "How long", Help: "repeat each measurement, to see the spread (default 1)"},
			{Name: "timeout", Value: "TIME", Group: "How long", Help: "end the whole run after this time"},
			{Name: "json", Group: "Output", Help: "JSON instead of a table"},
		}, cli.Common("quiet", "verbose", "timestamps", "color", "help", "version")...),
		Footer: `A tenth of each measurement goes before it as warm-up and is left out.
Exit status: 0 done, 1 failed, 2 usage, 3 timed out, 128+N signal.
More: man {}`,
		Run: run,
	}
}
