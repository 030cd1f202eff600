package main

import (
	"slices"

	"ztools/lib/cli"
)

// newTool is zmonitor as lib/cli sees it.
func newTool() *cli.Tool {
	return &cli.Tool{
		Name:    "zmonitor",
		Summary: "{} tells what listens at a ZeroMQ endpoint, what happens to its connections, and what goes over them.",
		Usage: []string{
			"{} [flags] probe ENDPOINT",
			"{} [flags] watch TYPE ENDPOINT...",
			"{} [flags] attach ENDPOINT",
			"{} [flags] tap LISTEN CONNECT",
			"{} [flags] top ENDPOINT | top watch TYPE ENDPOINT...",
			"{} completion bash|zsh|fish|powershell",
		},
		Examples: []cli.Example{
			{Meaning: "who is there? a health check: status 0 if a ZeroMQ socket answers", Commands: []string{"{} watch rep tcp://:5555", "{} probe tcp://localhost:5555 --wait"}},
			{Meaning: "the same for scripts", Commands: []string{"{} watch pub tcp://:5556", "{} probe tcp://localhost:5556 --wait --json"}},
			{Meaning: "wait until a service is up, for 5 seconds at most", Commands: []string{"{} watch router tcp://:5557", "{} watch dealer tcp://localhost:5557 --until handshake-succeeded --timeout 5s"}},
			{Meaning: "what two sockets say to each other: a relay between them", Commands: []string{"{} watch pub tcp://:5558", "{} tap tcp://:6558 tcp://localhost:5558", "{} watch sub tcp://localhost:6558 --until handshake-succeeded"}},
			{Meaning: "the peers of a socket, live; for a tool started with its monitor flag give the endpoint of that", Commands: []string{"{} watch router tcp://:5559", "{} top watch dealer tcp://localhost:5559 --once"}},
		},
		Words: []string{"probe", "watch", "attach", "tap", "top"},
		Flags: slices.Concat([]cli.Flag{
			{Name: "type", Value: "TYPE", Group: "Probe", Help: "connect as this socket type only"},
			{Name: "wait", Group: "Probe", Help: "try again until somebody listens"},
			{Name: "until", Value: "EVENT", Choice: eventNames(), Group: "Watch, attach", Help: "end with status 0 at this event"},
			{Name: "count", Short: "n", Value: "N", Group: "Watch, attach, tap", Help: "end after N lines"},
			{Name: "once", Group: "Top", Help: "print one table and end"},
			{Name: "interval", Value: "TIME", Group: "Top", Help: "between two looks at an own socket (default 1s)"},
			{Name: "json", Group: "Output", Help: "JSON, one object a line"},
			{Name: "plain", Group: "Output", Help: "fields between tabs, for awk"},
			{Name: "option", Short: "o", Value: "NAME=VALUE", Repeat: true, Group: "All", Help: "set a socket option; -o list shows them all"},
			{Name: "timeout", Value: "TIME", Group: "All", Help: "end after this time (probe: default 5s)"},
		}, cli.SecurityFlags(""), cli.CommonFlags),
		Footer: `A probe takes no messages from the peer. A watch is a socket of its own that reads none:
what its peers send waits in its queue. A tap passes every byte on as it came.
Exit status: 0 done, 1 failed, 2 usage, 3 timed out, 4 refused, 128+N signal.
More: man {}`,
		Run: run,
	}
}
