package main

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"ztools/lib/zmq"
)

// manager is a service manager with one zproxy, a process of its own.
type manager struct {
	t    *testing.T
	conn *net.UnixConn // NOTIFY_SOCKET
	cmd  *exec.Cmd
	told *os.File // its standard error
	line *bufio.Scanner
}

// manage starts zproxy and waits until it is ready.
func manage(t *testing.T, dir string, args ...string) *manager {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("skipped: needs Unix signals and datagrams")
	}
	name := filepath.Join(dir, "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	told, stderr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	m := &manager{t: t, conn: conn, cmd: exec.Command("zproxy", args...), told: told, line: bufio.NewScanner(told)}
	m.cmd.Dir, m.cmd.Stderr = dir, stderr
	m.cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+name)
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.kill)
	m.hears("READY=1")
	return m
}

// hears checks what zproxy tells next.
func (m *manager) hears(states ...string) {
	m.t.Helper()
	for _, want := range states {
		buf := make([]byte, 100)
		if err := m.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			m.t.Fatal(err)
		}
		if n, err := m.conn.Read(buf); err != nil || string(buf[:n]) != want {
			m.t.Fatalf("told %q, %v, want %q", buf[:n], err, want)
		}
	}
}

// tells waits for a line on standard error that begins so.
func (m *manager) tells(line string) {
	m.t.Helper()
	if err := m.told.SetReadDeadline(time.Now().Add(patience)); err != nil {
		m.t.Fatal(err)
	}
	for m.line.Scan() {
		if strings.HasPrefix(m.line.Text(), "zproxy: "+line) {
			return
		}
	}
	m.t.Fatalf("does not tell %q: %v", line, m.line.Err())
}

func (m *manager) signal(sig os.Signal) {
	m.t.Helper()
	if err := m.cmd.Process.Signal(sig); err != nil {
		m.t.Fatal(err)
	}
}

// kill ends the process the hard way, if it has not ended, and forgets its socket.
func (m *manager) kill() {
	_ = m.cmd.Process.Kill() // fails when it has ended
	_ = m.cmd.Wait()         // tells that it was killed
	_ = m.told.Close()
	_ = m.conn.Close()
	_ = os.Remove(m.conn.LocalAddr().String())
}

// A service manager is told all states, and SIGHUP reads the file again: a mistake
// changes nothing, and proxies that did not change lose nothing.
func TestService(t *testing.T) {
	w := newFolder(t, twoProxies)
	m := manage(t, w.dir, "-f", "zproxy.toml")
	push, pull := w.peer(zmq.Push, "a"), w.peer(zmq.Pull, "b")
	w.passes(push, pull, "before")

	w.write(strings.Replace(twoProxies, "streamer", "streaner", 1))
	m.signal(syscall.SIGHUP)
	m.hears("RELOADING=1", "READY=1")
	m.tells(`reload: zproxy.toml:5: run: unknown kind of proxy "streaner"; all goes on as before`)
	w.passes(push, pull, "after a mistake")

	w.write(strings.Replace(twoProxies, "DIR/d", "DIR/e", 1))
	m.signal(syscall.SIGHUP)
	m.hears("RELOADING=1", "READY=1")
	m.tells("reloaded zproxy.toml: 1 unchanged, 1 ended, 1 started")
	w.passes(push, pull, "untouched")
	w.passes(w.peer(zmq.Push, "c"), w.peer(zmq.Pull, "e"), "changed")

	m.signal(syscall.SIGTERM)
	m.hears("STOPPING=1")
	if err := m.cmd.Wait(); m.cmd.ProcessState.ExitCode() != 128+int(syscall.SIGTERM) {
		t.Error(err)
	}
}
