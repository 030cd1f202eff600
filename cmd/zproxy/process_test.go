package main

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
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

// next is what zproxy tells next.
func (m *manager) next() string {
	m.t.Helper()
	buf := make([]byte, 100)
	if err := m.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		m.t.Fatal(err)
	}
	n, err := m.conn.Read(buf)
	if err != nil {
		m.t.Fatal(err)
	}
	return string(buf[:n])
}

// hears checks it.
func (m *manager) hears(want string) {
	m.t.Helper()
	if got := m.next(); got != want {
		m.t.Fatalf("told %q, want %q", got, want)
	}
}

// reloads sends SIGHUP and checks that the reload begins, at a time on the manager's
// clock, and ends.
func (m *manager) reloads() {
	m.t.Helper()
	before := monotonic().Microseconds()
	m.signal(syscall.SIGHUP)
	text, found := strings.CutPrefix(m.next(), "RELOADING=1\nMONOTONIC_USEC=")
	at, err := strconv.ParseInt(text, 10, 64)
	if after := monotonic().Microseconds(); !found || err != nil || at < before || at > after {
		m.t.Fatalf("told %q, %v, want a time from %d to %d", text, err, before, after)
	}
	m.hears("READY=1")
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
	m.reloads()
	m.tells(`reload: zproxy.toml:5: run: unknown kind of proxy "streaner"; all goes on as before`)
	w.passes(push, pull, "after a mistake")

	w.write(strings.Replace(twoProxies, "DIR/d", "DIR/e", 1))
	m.reloads()
	m.tells("reloaded zproxy.toml: 1 unchanged, 1 ended, 1 started")
	w.passes(push, pull, "untouched")
	w.passes(w.peer(zmq.Push, "c"), w.peer(zmq.Pull, "e"), "changed")

	m.signal(syscall.SIGTERM)
	m.hears("STOPPING=1")
	if err := m.cmd.Wait(); m.cmd.ProcessState.ExitCode() != 128+int(syscall.SIGTERM) {
		t.Error(err)
	}
}

// Without a file SIGHUP does no harm.
func TestHangupWithoutFile(t *testing.T) {
	w := newFolder(t, "")
	m := manage(t, w.dir, "streamer", "ipc://a", "ipc://b")
	m.reloads()
	m.tells("reload: there is no file and no list to read again")
	w.passes(w.peer(zmq.Push, "a"), w.peer(zmq.Pull, "b"), "as before")
}

// The lists of who may come in are read again; after a mistake the old ones count.
func TestHangupReadsLists(t *testing.T) {
	w := newFolder(t, "")
	list := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(w.dir, "users"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list("alice=secret\n")
	m := manage(t, w.dir, "streamer", "ipc://a", "ipc://b", "--frontend-plain-allow", "users")
	pull := w.peer(zmq.Pull, "b")
	w.passes(w.user("alice"), pull, "alice")
	list("alice=secret\nbob=secret\n")
	m.reloads()
	m.tells("reloaded the lists of who may come in")
	w.passes(w.user("bob"), pull, "bob")
	list("nonsense\n")
	m.reloads()
	m.tells("reload: users")
	w.passes(w.user("bob"), pull, "bob again")
}

// user is a PUSH at the frontend that logs in.
func (w *town) user(name string) *zmq.Socket {
	w.t.Helper()
	push, err := w.zctx.NewSocket(zmq.Push)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { push.Close() })
	for option, value := range map[zmq.Option]any{zmq.PlainUsername: name, zmq.PlainPassword: "secret", zmq.Linger: time.Duration(0)} {
		if err := push.Set(option, value); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := push.Connect("ipc://" + w.dir + "/a"); err != nil {
		w.t.Fatal(err)
	}
	return push
}
