package main

import "ztools/lib/cli"

// newTool is zkeygen as lib/cli sees it.
func newTool() *cli.Tool {
	return &cli.Tool{
		Name:    "zkeygen",
		Summary: "{} makes and checks the key pairs of CURVE, ZeroMQ's encryption.",
		Usage: []string{
			"{} [flags]",
			"{} [flags] -y FILE...",
			"{} --check FILE...",
			"{} completion bash|zsh|fish|powershell",
		},
		Examples: []cli.Example{
			{Meaning: "a secret key in a file of its own; the public key is told on stderr", Commands: []string{"{} -o server.key"}},
			{Meaning: "the public key of a secret, to hand out", Commands: []string{"{} -y server.key > server.pub"}},
			{Meaning: "are the files in order, and do the halves of each pair fit?", Commands: []string{"{} --check server.key server.pub"}},
			{Meaning: "a pair for the environment of a program", Commands: []string{"{} --format env -o client.env"}},
			{Meaning: "certificates for CZMQ: client with the public key, client_secret with both", Commands: []string{"{} --format czmq --meta name=Alice -o client"}},
			{Meaning: "many pairs, one JSON object a line", Commands: []string{"{} --format json --count 3 -o pairs.jsonl"}},
		},
		Flags: append([]cli.Flag{
			{Name: "output", Short: "o", Value: "FILE", Group: "Keys", Help: "write to this new file, for the owner only"},
			{Name: "public", Short: "y", Group: "Keys", Help: "show the public key of each secret key in FILE"},
			{Name: "check", Group: "Keys", Help: "check the keys in each FILE, and that pairs fit together"},
			{Name: "format", Short: "f", Value: "FORMAT", Choice: formatNames(), Group: "Keys", Help: "z85 (default), env, json, hex or czmq"},
			{Name: "meta", Value: "NAME=VALUE", Repeat: true, Group: "Keys", Help: "put this into the certificate (czmq, json)"},
			{Name: "count", Short: "n", Value: "N", Group: "Keys", Help: "make N pairs"},
		}, cli.Common("quiet", "color", "help", "version")...),
		Footer: `FILE is a file that {} wrote, in any format; - is stdin.
Exit status: 0 done, 1 failed or a file is not in order, 2 usage, 128+N signal.
More: man {}`,
		Run: run,
	}
}
