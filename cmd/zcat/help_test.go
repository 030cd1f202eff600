package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ztools/lib/cli"
	"ztools/lib/cli/clitest"
)

// TestHelpExamplesRun runs the examples as --help prints them, each group with a
// free port in place of the printed one. All commands of a group but the last
// run in the background; servers, which have no -n, are ended by SIGTERM.
func TestHelpExamplesRun(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("the examples need a Unix shell")
	}
	groups := clitest.Groups(clitest.Help(t, newTool()))
	if len(groups) < 5 {
		t.Fatalf("--help has %d examples", len(groups))
	}
	for _, group := range groups {
		t.Run(strings.Join(group, ";"), func(t *testing.T) { runExample(t, group) })
	}
}

func runExample(t *testing.T, group []string) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	port := regexp.MustCompile(`:\d{4}\b`)
	free, dir := freePort(t), t.TempDir()
	var started []*exec.Cmd
	for _, line := range group {
		cmd := exec.CommandContext(ctx, "sh", "-c", "exec "+port.ReplaceAllString(line, free))
		if strings.Contains(line, "|") {
			cmd.Args[2] = port.ReplaceAllString(line, free)
		}
		cmd.Dir, cmd.Stderr = dir, os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		started = append(started, cmd)
	}
	slices.Reverse(started)
	for i, cmd := range started {
		line := group[len(group)-1-i]
		server := i > 0 && !strings.Contains(line, " -n ")
		if server {
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		}
		err := cmd.Wait()
		if status := cmd.ProcessState.ExitCode(); status != 0 && !(server && status == cli.StatusSignal+int(syscall.SIGTERM)) {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprintf(":%d", l.Addr().(*net.TCPAddr).Port)
}

// manPage is the text of a page without escapes and font requests.
func manPage(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile("../../man/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(`\-`, "-", `\e`, `\`, `\fI`, "", `\fR`, "").Replace(string(raw))
}

// Flags, help and manual page say the same.
func TestManPageHasEveryFlag(t *testing.T) {
	page := manPage(t, "zcat.1")
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\.BR? .*--([a-z-]+)`).FindAllStringSubmatch(page, -1) {
		documented[m[1]] = true
	}
	usage := clitest.Help(t, newTool())
	for _, f := range flags() {
		if !strings.Contains(usage, "--"+f.Name+" ") {
			t.Errorf("--%s is not in --help", f.Name)
		}
		heading := `(?m)^\.BR? .*--` + regexp.QuoteMeta(f.Name) + `\b`
		if f.Short != "" {
			heading = `(?m)^\.BR? -` + f.Short + ` ", " --` + regexp.QuoteMeta(f.Name) + `\b`
		}
		if f.Value != "" {
			heading += ` " " ` + regexp.QuoteMeta(f.Value)
		}
		if !regexp.MustCompile(heading).MatchString(page) {
			t.Errorf("no heading for --%s in the manual page", f.Name)
		}
		delete(documented, f.Name)
	}
	for name := range documented {
		t.Errorf("the manual page has --%s, the tool has not", name)
	}
}

func TestManPagesHaveTheTables(t *testing.T) {
	page, formats := manPage(t, "zcat.1"), manPage(t, "ztools-formats.7")
	for _, s := range cli.Statuses {
		if !strings.Contains(page, "\n"+s.Status+"\t"+s.Meaning+"\n") {
			t.Errorf("exit status %s is not in the manual page", s.Status)
		}
	}
	for _, name := range cli.Formats() {
		if !strings.Contains(formats, "\n.TP\n.B "+name+"\n") {
			t.Errorf("format %s is not described", name)
		}
	}
	for _, f := range cli.TemplateFields {
		if !strings.Contains(formats, "\n"+f.Field+"\t"+f.Meaning+"\n") {
			t.Errorf("template field %s is not described", f.Field)
		}
	}
	for _, group := range clitest.Groups(clitest.Help(t, newTool())) {
		for _, line := range group {
			if !strings.Contains(page, "\n"+line+"\n") {
				t.Errorf("example %q is not in the manual page", line)
			}
		}
	}
}

// Every type has a row, and every rule about flags names a flag that exists.
func TestTables(t *testing.T) {
	for _, name := range kindNames() {
		if _, err := findKind(name); err != nil {
			t.Error(err)
		}
	}
	for name := range fits {
		if !slices.ContainsFunc(flags(), func(f cli.Flag) bool { return f.Name == name }) {
			t.Errorf("there is no flag --%s", name)
		}
	}
}
