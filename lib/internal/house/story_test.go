package house

// README, manual pages and --help tell one story: the same flags, commands that
// exist, an example that runs.

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// build makes the tools and returns the folder that they are in.
func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "./cmd/...")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return dir
}

// tools are the names under cmd.
func tools(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(root, "cmd"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// help is what a tool prints for --help.
func help(t *testing.T, dir, tool string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		tool += ".exe"
	}
	out, err := exec.Command(filepath.Join(dir, tool), "--help").Output()
	if err != nil {
		t.Fatalf("%s --help: %v", tool, err)
	}
	return string(out)
}

var (
	longFlag  = regexp.MustCompile(`(?:^|[^\w-])--([a-z][a-z-]*[a-z])`)
	shortFlag = regexp.MustCompile(`(?:^|[\s,|\[])-([a-zA-Z])\b`)
	roff      = strings.NewReplacer(`\-`, "-", `\fB`, "", `\fI`, "", `\fR`, "", `\fP`, "", `\&`, "")
)

// flags are the different matches of pattern in text, in order.
func flags(pattern *regexp.Regexp, text string) []string {
	var names []string
	for _, m := range pattern.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestManualHasTheFlagsOfHelp(t *testing.T) {
	dir := build(t)
	for _, tool := range tools(t) {
		page := roff.Replace(read(t, "man/"+tool+".1"))
		usage := help(t, dir, tool)
		for _, f := range flags(longFlag, usage) {
			if !slices.Contains(flags(longFlag, page), f) {
				t.Errorf("man/%s.1 does not tell of --%s", tool, f)
			}
		}
		for _, f := range flags(longFlag, page) {
			if !slices.Contains(flags(longFlag, usage), f) {
				t.Errorf("man/%s.1 tells of --%s, which %s does not have", tool, f, tool)
			}
		}
	}
}

// commands are the commands in README's code blocks and in its backticks. Lines
// hold several commands, side by side or joined by pipes.
func commands(readme string) []string {
	var list []string
	split := regexp.MustCompile(`\s{3,}|\|`)
	add := func(line string) {
		line, _, _ = strings.Cut(line, " #")
		for _, c := range split.Split(line, -1) {
			list = append(list, strings.TrimSpace(c))
		}
	}
	for i, block := range strings.Split(readme, "```") {
		switch {
		case i%2 == 0:
			for _, m := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(block, -1) {
				add(m[1])
			}
		case strings.HasPrefix(block, "\n"):
			for line := range strings.Lines(block) {
				add(line)
			}
		}
	}
	return list
}

func TestReadmeCommandsExist(t *testing.T) {
	dir := build(t)
	makefile := read(t, "Makefile")
	usage := map[string]string{}
	for _, tool := range tools(t) {
		usage[tool] = help(t, dir, tool)
	}
	seen := 0
	for _, c := range commands(read(t, "README.md")) {
		words := strings.Fields(c)
		switch {
		case len(words) < 2:
		case words[0] == "make":
			seen++
			if !strings.Contains(makefile, "\n"+words[1]+":") {
				t.Errorf("%q: the Makefile has no such target", c)
			}
		case usage[words[0]] != "":
			seen++
			checkCommand(t, c, usage[words[0]])
		}
	}
	if seen == 0 {
		t.Error("no commands found in README.md")
	}
}

// checkCommand checks the flags of a command against the tool's --help.
func checkCommand(t *testing.T, command, usage string) {
	t.Helper()
	plain := regexp.MustCompile(`'[^']*'`).ReplaceAllString(command, "TEXT")
	for _, f := range flags(longFlag, plain) {
		if !slices.Contains(flags(longFlag, usage), f) {
			t.Errorf("%q: no flag --%s", command, f)
		}
	}
	for _, f := range flags(shortFlag, plain) {
		if !slices.Contains(flags(shortFlag, usage), f) {
			t.Errorf("%q: no flag -%s", command, f)
		}
	}
}

func TestReadmeLinksLead(t *testing.T) {
	for _, m := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(read(t, "README.md"), -1) {
		if strings.Contains(m[1], "://") {
			continue
		}
		if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
			t.Errorf("README.md links to %s: %v", m[1], err)
		}
	}
}

// The program in README prints what its last comment says.
func TestReadmeProgramRuns(t *testing.T) {
	_, rest, found := strings.Cut(read(t, "README.md"), "```go\n")
	program, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatal("README.md has no program")
	}
	m := regexp.MustCompile(`fmt\.Printf\(.*\) // (.*)\n`).FindStringSubmatch(program)
	if m == nil {
		t.Fatal("the program does not say what it prints")
	}
	file := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "run", file)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != m[1]+"\n" {
		t.Errorf("printed %q, %v; want %q", out, err, m[1])
	}
}
