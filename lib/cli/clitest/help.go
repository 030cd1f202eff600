package clitest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// Help is what --help prints.
func Help(t *testing.T, tool *cli.Tool) string {
	t.Helper()
	var out bytes.Buffer
	status := tool.Main([]string{tool.Name, "--help"}, cli.Stdio{In: strings.NewReader(""), Out: &out, Err: os.Stderr})
	if status != cli.StatusOK {
		t.Fatalf("--help: status %d", status)
	}
	return out.String()
}

// Groups cuts the examples out of --help: the command lines under a comment run
// together.
func Groups(text string) [][]string {
	_, text, _ = strings.Cut(text, "Examples:\n")
	text, _, _ = strings.Cut(text, "\n\n")
	var groups [][]string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			groups = append(groups, nil)
			continue
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], line)
	}
	return groups
}

// Examples runs the examples as --help prints them, in the order printed and in
// one folder, with free ports in place of the printed ones. In a group all
// commands but the last run in the background; when the last has ended they are
// ended by SIGTERM. Where server tells so, a command of a group of its own is a
// server: it is ended when it accepts connections at all its endpoints.
func Examples(t *testing.T, tool *cli.Tool, server func(command string) bool) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("the examples need a Unix shell")
	}
	all := Groups(Help(t, tool))
	if len(all) == 0 {
		t.Fatal("--help has no examples")
	}
	// Not t.TempDir, whose path may be too long for a Unix socket.
	dir, err := os.MkdirTemp("", "z")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, group := range all {
		t.Run(strings.Join(group, ";"), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			e := &example{t: t, ctx: ctx, dir: dir, ports: map[string]string{}}
			e.run(group, server)
		})
	}
}

// example is one group while it runs.
type example struct {
	t     *testing.T
	ctx   context.Context
	dir   string
	ports map[string]string // printed port to free port, with the colon
}

func (e *example) run(group []string, server func(string) bool) {
	var background []*exec.Cmd
	for i, line := range group {
		cmd := e.start(line)
		if i < len(group)-1 || server(line) {
			background = append(background, cmd)
			continue
		}
		if err := cmd.Wait(); err != nil {
			e.t.Errorf("%s: %v", line, err)
		}
	}
	if last := group[len(group)-1]; server(last) {
		e.await(last)
	}
	for _, cmd := range background {
		e.stop(cmd)
	}
}

var printedPort = regexp.MustCompile(`:\d{4}\b`)

// local is a command with ports that are free here.
func (e *example) local(line string) string {
	return printedPort.ReplaceAllStringFunc(line, func(port string) string {
		if e.ports[port] == "" {
			e.ports[port] = freePort(e.t)
		}
		return e.ports[port]
	})
}

func (e *example) start(line string) *exec.Cmd {
	line = e.local(line)
	if !strings.ContainsAny(line, "|;&") {
		line = "exec " + line // so that a signal reaches the tool
	}
	cmd := exec.CommandContext(e.ctx, "sh", "-c", line)
	cmd.Dir, cmd.Stderr = e.dir, os.Stderr
	if err := cmd.Start(); err != nil {
		e.t.Fatal(err)
	}
	return cmd
}

// stop ends a server, which says by its status that a signal did it.
func (e *example) stop(cmd *exec.Cmd) {
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		e.t.Fatal(err)
	}
	err := cmd.Wait()
	if status := cmd.ProcessState.ExitCode(); status != cli.StatusSignal+int(syscall.SIGTERM) {
		e.t.Errorf("%s: %v", cmd.Args[2], err)
	}
}

var endpoint = regexp.MustCompile(`(>?)(tcp|ipc)://[^' ]+`)

// await waits until somebody accepts connections at each endpoint of a command
// that it binds.
func (e *example) await(line string) {
	z := zmq.NewContext()
	defer z.Close()
	for _, m := range endpoint.FindAllStringSubmatch(e.local(line), -1) {
		if m[1] != ">" {
			e.connect(z, m[0])
		}
	}
}

func (e *example) connect(z *zmq.Context, ep string) {
	ep = strings.Replace(ep, "tcp://:", "tcp://127.0.0.1:", 1)
	if name, ok := strings.CutPrefix(ep, "ipc://"); ok && !filepath.IsAbs(name) {
		ep = "ipc://" + filepath.Join(e.dir, name)
	}
	s, err := z.NewSocket(zmq.Stream)
	if err != nil {
		e.t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithCancel(e.ctx)
	defer cancel()
	events := s.Events(ctx)
	if err := s.Connect(ep); err != nil {
		e.t.Fatal(err)
	}
	for ev := range events {
		if ev.Kind == zmq.Connected {
			return
		}
	}
	e.t.Fatalf("nobody accepts connections at %s", ep)
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

// Manual checks that the manual page man/NAME.1 has the flags, the examples and
// the exit statuses that the tool has, and no flag more.
func Manual(t *testing.T, tool *cli.Tool) {
	raw, err := os.ReadFile(filepath.Join(root, "man", tool.Name+".1"))
	if err != nil {
		t.Fatal(err)
	}
	page := strings.NewReplacer(`\-`, "-", `\e`, `\`, `\fI`, "", `\fR`, "").Replace(string(raw))
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\.BR? .*--([a-z-]+)`).FindAllStringSubmatch(page, -1) {
		documented[m[1]] = true
	}
	for _, f := range tool.Flags {
		if !regexp.MustCompile(heading(f)).MatchString(page) {
			t.Errorf("no heading for --%s in the manual page", f.Name)
		}
		delete(documented, f.Name)
	}
	for name := range documented {
		t.Errorf("the manual page has --%s, the tool has not", name)
	}
	for _, s := range cli.Statuses {
		row := s.Status + "\t" + strings.ReplaceAll(s.Meaning, "--", "") // the flags are zcat's
		if !strings.Contains(page, "\n"+row+"\n") {
			t.Errorf("exit status %s is not in the manual page", s.Status)
		}
	}
	for _, line := range slices.Concat(Groups(Help(t, tool))...) {
		if !strings.Contains(page, "\n"+line+"\n") {
			t.Errorf("example %q is not in the manual page", line)
		}
	}
}

// heading is how the description of a flag begins in a manual page.
func heading(f cli.Flag) string {
	h := `(?m)^\.BR? --` + regexp.QuoteMeta(f.Name)
	if f.Short != "" {
		h = `(?m)^\.BR? -` + f.Short + ` ", " --` + regexp.QuoteMeta(f.Name)
	}
	if f.Value != "" {
		h += ` " " ` + regexp.QuoteMeta(f.Value)
	}
	return h + `$`
}
