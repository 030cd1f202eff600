package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"ztools/lib/cli/clitest"
)

// The five commands of README that make an encrypted pipe do so as printed. The
// fourth is the one that waits for the fifth.
func TestReadmeEncrypts(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("skipped: needs a Unix shell")
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "\n## Encrypted, in five commands\n")
	_, rest, _ = strings.Cut(rest, "```\n")
	block, _, found := strings.Cut(rest, "```\n")
	commands := strings.Split(strings.TrimSpace(block), "\n")
	if !found || len(commands) != 5 {
		t.Fatalf("README has %q", commands)
	}
	port := freePort(t)
	for i := range commands {
		commands[i] = regexp.MustCompile(`:5555\b`).ReplaceAllString(commands[i], port)
	}
	commands[3] += " & server=$!"
	script := "set -e\numask 022\n" + strings.Join(commands, "\n") + "\nwait $server\nls -l\n"
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "PATH="+clitest.Build(t, "zcat", "zkeygen")+string(os.PathListSeparator)+os.Getenv("PATH"))
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	if err != nil || !regexp.MustCompile(`(?s)^server: key pair\nclient: key pair\n1\n2\n3\n.*-rw------- .* server_secret\n`).Match(out) {
		t.Errorf("%v: %s", err, out)
	}
}
