package main

import (
	"slices"
	"strings"

	"ztools/lib/cli"
)

// newTool is zcat as lib/cli sees it.
func newTool() *cli.Tool {
	return &cli.Tool{
		Name:    "zcat",
		Summary: "{} sends and receives ZeroMQ messages.",
		Usage: []string{
			"{} [flags] TYPE ENDPOINT...",
			"{} [flags] pipe IN OUT",
			"{} completion bash|zsh|fish|powershell",
		},
		Examples: examples,
		Words:    append(kindNames(), "pipe"),
		Flags:    flags(),
		Footer: `TYPE is push, pull, pub, sub, req, rep, dealer, router, pair, xpub, xsub, stream, server, client, radio, dish,
gather, scatter, dgram, peer or channel.
ENDPOINT is for example tcp://localhost:5555 or ipc:///tmp/feed; @ before it binds, > connects.
Exit status: 0 done, 1 failed, 2 usage, 3 timed out, 4 refused, 5 unsent, 6 command failed, 128+N signal.
More: man {}, man ztools-formats`,
		Run: run,
	}
}

// examples are the examples of --help. A test runs them as they are printed.
var examples = []cli.Example{
	{Meaning: "three lines from one program to another", Commands: []string{"{} pull tcp://:5555 -n 3", "seq 3 | {} push tcp://localhost:5555"}},
	{Meaning: "publish; nothing is lost while subscribers join", Commands: []string{"{} sub tcp://localhost:5556 -s weather. -n 1", "echo weather.oslo 12 | {} pub tcp://:5556"}},
	{Meaning: "a service out of a shell command", Commands: []string{"{} rep tcp://:5557 --exec 'tr a-z A-Z'", "echo ping | {} req tcp://localhost:5557"}},
	{Meaning: "routing ids and parts, as JSON", Commands: []string{"{} router tcp://:5558 --echo --format json", "echo hello | {} dealer tcp://localhost:5558 -n 1"}},
	{Meaning: "messages that hold newlines, kept with their times", Commands: []string{"{} pull tcp://:5559 --record feed.jsonl -n 2", "printf 'one\\0two\\0' | {} push tcp://localhost:5559 -f nul"}},
}

// flags is the flag table.
func flags() []cli.Flag {
	formats := cli.Formats()
	return slices.Concat([]cli.Flag{
		{Name: "bind", Short: "b", Value: "ENDPOINT", Repeat: true, Group: "Endpoints", Help: "bind here; may be repeated and mixed"},
		{Name: "connect", Short: "c", Value: "ENDPOINT", Repeat: true, Group: "Endpoints", Help: "connect there; may be repeated and mixed"},
		{Name: "option", Short: "o", Value: "NAME=VALUE", Repeat: true, Group: "Endpoints", Help: "set a socket option; -o list shows them all"},
		{Name: "subscribe", Short: "s", Value: "PREFIX", Repeat: true, Group: "Endpoints", Help: "subscribe to this prefix only (sub, xsub)"},
		{Name: "join", Short: "j", Value: "GROUP", Repeat: true, Group: "Endpoints", Help: "hear this group (dish)"},
		{Name: "group", Short: "g", Value: "GROUP", Group: "Endpoints", Help: "speak to this group (radio)"},
		{Name: "identity", Value: "ID", Group: "Endpoints", Help: "own routing id: text or 0x…"},
		{Name: "target", Value: "ID", Group: "Endpoints", Help: "send to this peer (router, stream, server, peer, dgram)"},

		{Name: "format", Short: "f", Value: "FORMAT", Choice: formats, Group: "Formats", Help: strings.Join(formats, " ")},
		{Name: "in", Value: "FORMAT", Choice: formats, Group: "Formats", Help: "format of the input only"},
		{Name: "out", Value: "FORMAT", Choice: formats, Group: "Formats", Help: "format of the output only"},
		{Name: "delim", Value: "TEXT", Group: "Formats", Help: `between messages in lines (default \n)`},
		{Name: "part-delim", Value: "TEXT", Group: "Formats", Help: `between parts (default \t); splits lines of input too`},
		{Name: "template", Value: "TEXT", Group: "Formats", Help: "print each message so: '{{.Seq}} {{.Part 1}}'"},
		{Name: "max-size", Value: "SIZE", Group: "Formats", Help: "largest message (default 1G out, 64M in)"},

		{Name: "data", Short: "d", Value: "TEXT", Repeat: true, Group: "Sending", Help: "send this text; repeat for more parts"},
		{Name: "file", Value: "FILE", Repeat: true, Group: "Sending", Help: "send each file as a message"},
		{Name: "repeat", Value: "N", Group: "Sending", Help: "send --data or --file N times; {{.Count}} counts"},
		{Name: "interval", Value: "TIME", Group: "Sending", Help: "time between two messages"},
		{Name: "rate", Value: "N/s", Group: "Sending", Help: "messages per second, or /m, /h"},
		{Name: "wait-peers", Short: "w", Value: "N", Group: "Sending", Help: "wait for N peers first (default 1 if the input has an end)"},
		{Name: "replay", Value: "FILE", Group: "Sending", Help: "send what --record wrote, with its times"},
		{Name: "speed", Value: "X", Group: "Sending", Help: "replay X times as fast; 0: as fast as possible"},

		{Name: "exec", Value: "CMD", Group: "Commands", Help: "run CMD for each message; its output is the reply or replaces it"},
		{Name: "filter", Value: "CMD", Group: "Commands", Help: "pass all messages through one running CMD"},
		{Name: "jobs", Value: "N", Group: "Commands", Help: "run up to N commands at a time"},
		{Name: "keep-going", Group: "Commands", Help: "a command that fails does not end the run"},
		{Name: "echo", Group: "Commands", Help: "answer each message with itself"},
		{Name: "reply-timeout", Value: "TIME", Group: "Commands", Help: "req: wait so long for each reply"},
		{Name: "retries", Value: "N", Group: "Commands", Help: "req: ask again so often"},
		{Name: "rtt", Group: "Commands", Help: "req: tell round-trip times"},

		{Name: "count", Short: "n", Value: "N", Group: "Ending", Help: "end after N messages"},
		{Name: "timeout", Value: "TIME", Group: "Ending", Help: "end after this time"},
		{Name: "idle", Value: "TIME", Group: "Ending", Help: "end after this time without traffic"},
		{Name: "until-peers-gone", Group: "Ending", Help: "end when the last peer has left"},
		{Name: "linger", Value: "TIME", Group: "Ending", Help: "how long an ending waits (default 1s)"},

		{Name: "record", Value: "FILE", Group: "Watching", Help: "write messages with their times (JSON lines)"},
		{Name: "tee", Value: "FILE", Group: "Watching", Help: "write the messages here too"},
		{Name: "stats", Group: "Watching", Help: "tell rates and top topics each second and at the end"},
		{Name: "gap", Value: "PART", Group: "Watching", Help: "count gaps in the little-endian number in this part"},
	}, cli.SecurityFlags(""), []cli.Flag{cli.MonitorFlag}, cli.CommonFlags)
}

// kindNames are the socket types as completion offers them.
func kindNames() []string {
	var names []string
	for _, k := range kinds {
		if !k.has(relays) {
			names = append(names, strings.ToLower(k.name))
		}
	}
	slices.Sort(names)
	return names
}
