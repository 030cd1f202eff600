package main

import (
	"slices"

	"ztools/lib/cli"
)

// newTool is zbench as lib/cli sees it.
func newTool() *cli.Tool {
	return &cli.Tool{
		Name:    "zbench",
		Summary: "{} measures throughput, latency, fan-out and connections of ZeroMQ sockets.",
		Usage: []string{
			"{} thr|lat|load|fanout|connect [flags]       both ends here, in two processes",
			"{} thr|lat|load|connect --to ENDPOINT         the other end elsewhere: zbench serve, or libzmq's own programs",
			"{} serve thr|lat ENDPOINT                     be that other end",
			"{} req|push|sub ENDPOINT [flags]              load an endpoint that is already there",
			"{} compare OLD.json NEW.json [--fail-if COND] what changed",
			"{} completion bash|zsh|fish|powershell",
		},
		Examples: []cli.Example{
			{Meaning: "messages per second from PUSH to PULL, over each transport", Commands: []string{"{} thr --transport tcp,ipc,inproc --duration 100ms"}},
			{Meaning: "round trips from REQ to REP and back, three sizes", Commands: []string{"{} lat --size 16,1k,64k -n 500"}},
			{Meaning: "latency at a fixed rate, with a plot of its tail", Commands: []string{"{} load --rate 5k --duration 500ms --plot tail.svg"}},
			{Meaning: "what 20 subscribers get of 10,000 messages per second", Commands: []string{"{} fanout --subs 20 --rate 10k --duration 200ms"}},
			{Meaning: "handshakes per second", Commands: []string{"{} connect --count 100"}},
			{Meaning: "two machines, or libzmq's remote_thr in place of the second command", Commands: []string{"{} serve thr tcp://:5555", "{} thr --to tcp://localhost:5555 --size 1k -n 10k"}},
			{Meaning: "keep the figures, and fail if the next ones are worse", Commands: []string{"{} lat --size 16 --runs 5 --duration 50ms --json > old.json; {} lat --size 16 --runs 5 --duration 50ms --json > new.json; {} compare old.json new.json --fail-if 'p50>+900%'"}},
		},
		Words: []string{"thr", "lat", "load", "fanout", "connect", "serve", "req", "push", "sub", "compare"},
		Flags: slices.Concat(flags, cli.SecurityFlags(""), []cli.Flag{cli.MonitorFlag}, cli.Common("quiet", "verbose", "timestamps", "color", "help", "version")),
		Footer: `A tenth of each measurement goes before it as warm-up and is left out.
Exit status: 0 done, 1 failed, 2 usage, 3 timed out, 4 refused, 128+N signal.
More: man {}, which has a section on how to measure`,
		Run: start,
	}
}

var flags = []cli.Flag{
	{Name: "size", Value: "SIZES", Group: "What", Help: "sizes of messages between commas (16,1k,64k for thr and lat, else 16)"},
	{Name: "transport", Value: "NAMES", Group: "What", Help: "tcp, ipc, inproc, ws, wss between commas (default tcp)"},
	{Name: "mechanism", Value: "NAMES", Group: "What", Help: "null, plain, curve between commas (default null)"},
	{Name: "curve", Group: "What", Help: "the same as --mechanism curve"},
	{Name: "plain", Group: "What", Help: "the same as --mechanism plain"},
	{Name: "inproc", Group: "What", Help: "both ends in this process, over any transport"},
	{Name: "to", Value: "ENDPOINT", Group: "What", Help: "the other end is there, not here"},
	{Name: "bind", Short: "b", Value: "ENDPOINT", Repeat: true, Group: "What", Help: "serve, req, push, sub: bind here; may be repeated and mixed"},
	{Name: "connect", Short: "c", Value: "ENDPOINT", Repeat: true, Group: "What", Help: "serve, req, push, sub: connect there; may be repeated and mixed"},
	{Name: "senders", Value: "N", Group: "What", Help: "thr, push: so many PUSH sockets"},
	{Name: "receivers", Value: "N", Group: "What", Help: "thr: so many PULL sockets share the messages"},
	{Name: "clients", Value: "N", Group: "What", Help: "lat, load, req: so many sockets ask"},
	{Name: "subs", Value: "N", Group: "What", Help: "fanout: so many subscribers (default 10)"},
	{Name: "parallel", Value: "N", Group: "What", Help: "connect: so many connections are made at a time (default 16)"},
	{Name: "subscribe", Short: "s", Value: "PREFIX", Repeat: true, Group: "What", Help: "sub: only messages that begin so"},
	{Name: "data", Short: "d", Value: "TEXT", Group: "What", Help: "req, push: send this"},
	{Name: "file", Value: "FILE", Group: "What", Help: "req, push: send what is in the file"},
	{Name: "option", Short: "o", Value: "NAME=VALUE", Repeat: true, Group: "What", Help: "set an option of all sockets; -o list shows them all"},
	{Name: "rate", Value: "N", Group: "How long", Help: "load, fanout, req, push: messages per second, on a fixed schedule"},
	{Name: "count", Short: "n", Value: "N", Group: "How long", Help: "measure N messages, round trips or connections"},
	{Name: "duration", Value: "TIME", Group: "How long", Help: "measure so long (default 1s)"},
	{Name: "warmup", Value: "TIME|N", Group: "How long", Help: "leave so much out before (default a tenth)"},
	{Name: "runs", Value: "N", Group: "How long", Help: "repeat each measurement, to see the spread (default 1)"},
	{Name: "idle", Value: "TIME", Group: "How long", Help: "give up when nothing happens for so long (default 10s)"},
	{Name: "until-peers-gone", Group: "How long", Help: "serve, sub: end when the last peer has left"},
	{Name: "linger", Value: "TIME", Group: "How long", Help: "thr --to, push: what is queued at the end may take so long (default 0)"},
	{Name: "timeout", Value: "TIME", Group: "How long", Help: "end the whole program after this time"},
	{Name: "interval", Value: "TIME", Group: "Output", Help: "tell messages and memory this often"},
	{Name: "json", Group: "Output", Help: "JSON with histograms instead of a table"},
	{Name: "csv", Group: "Output", Help: "comma-separated values"},
	{Name: "markdown", Group: "Output", Help: "a Markdown table"},
	{Name: "plot", Value: "FILE", Repeat: true, Group: "Output", Help: "draw FILE.svg or FILE.png; - draws with text"},
	{Name: "fail-if", Value: "COND", Repeat: true, Group: "Output", Help: "compare: status 1 if a row has, for example, 'p99>+10%'"},
}
