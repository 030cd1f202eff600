package main

import (
	"slices"

	"ztools/lib/cli"
)

// newTool is zproxy as lib/cli sees it.
func newTool() *cli.Tool {
	return &cli.Tool{
		Name:    "zproxy",
		Summary: "{} passes messages on between two ZeroMQ sockets, in both directions.",
		Usage: []string{
			"{} [flags] queue|forwarder|streamer FRONTEND BACKEND",
			"{} [flags] run TYPE FRONTEND TYPE BACKEND",
			"{} [flags] -f FILE",
			"{} [flags] ctl ENDPOINT pause|resume|terminate|statistics",
			"{} completion bash|zsh|fish|powershell",
		},
		Examples: []cli.Example{
			{Meaning: "requests (REQ) at 5559 go round the workers (REP) that connect to 5560", Commands: []string{"{} queue tcp://:5559 tcp://:5560"}},
			{Meaning: "publishers connect to 5557, subscribers to 5558; subscriptions pass upstream", Commands: []string{"{} forwarder tcp://:5557 tcp://:5558"}},
			{Meaning: "work (PUSH) at 5555 goes to those who pull at 5556; totals each second", Commands: []string{"{} streamer tcp://:5555 tcp://:5556 --stats 1s"}},
			{Meaning: "a service elsewhere, at a Unix socket here", Commands: []string{"{} run router @ipc://service dealer '>tcp://localhost:5561'"}},
		},
		Words: []string{"queue", "forwarder", "streamer", "run", "ctl"},
		Flags: slices.Concat([]cli.Flag{
			{Name: "file", Short: "f", Value: "FILE", Group: "General", Help: "run the proxies of this file; SIGHUP reads it again"},
			{Name: "timeout", Value: "TIME", Group: "General", Help: "end after this time; ctl: without an answer (default 5s)"},
			{Name: "option", Short: "o", Value: "NAME=VALUE", Repeat: true, Group: "Sockets", Help: "set an option of both sockets; -o list shows them all"},
			{Name: "frontend-option", Value: "NAME=VALUE", Repeat: true, Group: "Sockets", Help: "set an option of the frontend only"},
			{Name: "backend-option", Value: "NAME=VALUE", Repeat: true, Group: "Sockets", Help: "set an option of the backend only"},
			{Name: "join", Short: "j", Value: "GROUP", Repeat: true, Group: "Sockets", Help: "dish: receive the messages of this group"},
			{Name: "topic-allow", Value: "PREFIX", Repeat: true, Group: "Topics", Help: "pass topics that begin so, and no others"},
			{Name: "topic-deny", Value: "PREFIX", Repeat: true, Group: "Topics", Help: "keep topics back that begin so; the longest rule counts"},
			{Name: "topic-rewrite", Value: "OLD=NEW", Repeat: true, Group: "Topics", Help: "topics that begin with OLD begin with NEW behind the proxy"},
			{Name: "control", Value: "ENDPOINT", Group: "Steering", Help: "obey commands that come there (zmq_proxy_steerable)"},
			{Name: "capture", Value: "ENDPOINT|FILE", Group: "Steering", Help: "a copy of each message with direction and time"},
			{Name: "linger", Value: "TIME", Group: "Ending", Help: "how long an ending may pass on what has come (default 1s)"},
			{Name: "stats", Value: "TIME", Group: "Watching", Help: "tell totals and rates so often, on stderr"},
			{Name: "metrics", Value: "HOST:PORT", Group: "Watching", Help: "OpenMetrics at http://HOST:PORT/metrics"},
			{Name: "ready-fd", Value: "N", Group: "Watching", Help: "write a line to descriptor N when everything is bound"},
		}, cli.SecurityFlags("frontend-"), cli.SecurityFlags("backend-"), []cli.Flag{cli.MonitorFlag}, cli.CommonFlags),
		Footer: `queue is ROUTER and DEALER, forwarder XSUB and XPUB, streamer PULL and PUSH; both sides bind.
With run each side does what is usual for its type. @ before an endpoint binds, > connects.
Exit status: 1 failed, 2 usage, 3 timed out, 4 refused, 5 unsent, 128+N signal.
More: man {}`,
		Run: run,
	}
}
