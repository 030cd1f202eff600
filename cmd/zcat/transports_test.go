//go:build unix

package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"ztools/lib/cli/clitest"
)

// roff turns what the examples of a manual page use into plain text.
var roff = strings.NewReplacer(`\-`, "-")

// examplesOf are the shell commands between .EX and .EE.
func examplesOf(t *testing.T, page string) (list []string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(text), "\n.EX\n")[1:] {
		example, _, found := strings.Cut(part, "\n.EE\n")
		if !found {
			t.Fatalf("example without an end: %q", part)
		}
		list = append(list, roff.Replace(example))
	}
	return list
}

// multicast are the examples that want a network of their own.
var multicast = regexp.MustCompile(`eth0|239\.`)

// Every transport of the manual has an example, which does what it says: one
// message passes.
func TestTransportsOfTheManual(t *testing.T) {
	zcat := zcatProgram(t)
	shown := map[string]bool{}
	for _, example := range examplesOf(t, "../../man/ztools-transports.7") {
		endpoint := regexp.MustCompile(`(\w+)://[^\s']*`).FindStringSubmatch(example)
		shown[endpoint[1]] = true
		example = strings.ReplaceAll(example, "zcat ", zcat+" ")
		t.Run(endpoint[0], func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, "sh", "-c", example)
			if multicast.MatchString(example) {
				cmd = exec.CommandContext(ctx, "ip", "netns", "exec", newHost(t), "sh", "-c", example)
			}
			needs(t, endpoint[1], example)
			cmd.Dir = t.TempDir()
			var stderr strings.Builder
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			if string(out) != "hello\n" {
				t.Errorf("printed %q, %v\n%s", out, err, stderr.String())
			}
		})
	}
	for _, scheme := range strings.Fields("tcp ipc ws wss udp pgm epgm norm vsock vmci tipc") {
		if !shown[scheme] {
			t.Errorf("%s has no example", scheme)
		}
	}
}

// zcatProgram is ZTOOLS_ZCAT, or else it is built.
func zcatProgram(t *testing.T) string {
	t.Helper()
	if made := os.Getenv("ZTOOLS_ZCAT"); made != "" {
		return made
	}
	program := filepath.Join(t.TempDir(), "zcat")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// needs skips an example for which this machine lacks something.
func needs(t *testing.T, scheme, example string) {
	t.Helper()
	modules := map[string]string{"vsock": "vsock_loopback", "vmci": "vsock_loopback", "tipc": "tipc"}
	if m := modules[scheme]; m != "" {
		if _, err := os.Stat("/sys/module/" + m); err != nil {
			t.Skipf("skipped: needs the kernel's module %s (make test-vm)", m) // which no program can install
		}
	}
	if strings.Contains(example, "[::1]") {
		l, err := net.Listen("tcp6", "[::1]:0")
		if err != nil {
			clitest.Skip(t, "IPv6: "+err.Error())
		}
		l.Close()
	}
	if strings.Contains(example, "ipc://@") && runtime.GOOS != "linux" {
		t.Skip("skipped: needs names that are no files, which only Linux has")
	}
	if _, err := exec.LookPath("openssl"); err != nil && strings.Contains(example, "openssl") {
		clitest.Skip(t, "openssl")
	}
}

// newHost makes a network namespace with an eth0 of its own, where multicast
// stays.
func newHost(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("ip"); err != nil || os.Geteuid() != 0 {
		clitest.Skip(t, "root and ip(8) of iproute2, for a network namespace")
	}
	name := fmt.Sprintf("zh%d-%d", os.Getpid(), time.Now().UnixNano())
	ip := func(args string) error {
		out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput()
		if err != nil {
			t.Logf("ip %s: %s", args, out)
		}
		return err
	}
	if ip("netns add "+name) != nil {
		clitest.Skip(t, "the right to make network namespaces")
	}
	t.Cleanup(func() { ip("netns del " + name) })
	for _, args := range []string{
		"link set lo up", "link add eth0 type veth peer name far", "addr add 10.98.0.1/24 dev eth0",
		"link set eth0 up", "link set far up", "route add default dev eth0",
	} {
		if err := ip("-n " + name + " " + args); err != nil {
			t.Fatal(err)
		}
	}
	return name
}
