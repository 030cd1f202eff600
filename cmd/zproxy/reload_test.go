package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

const twoProxies = `
linger = "100ms"
[[proxy]]
name = "one"
run = ["streamer", "DIR/a", "DIR/b"]
[[proxy]]
name = "two"
run = ["streamer", "DIR/c", "DIR/d"]
`

// A mistake changes nothing, and what did not change goes on untouched.
func TestReload(t *testing.T) {
	w := newTown(t, twoProxies)
	push, pull := w.peer(zmq.Push, "a"), w.peer(zmq.Pull, "b")
	w.passes(push, pull, "before")
	first := w.running()[0]
	w.write(strings.Replace(twoProxies, "streamer", "streaner", 1))
	w.reloads(`zproxy.toml:5: run: unknown kind of proxy "streaner"; all goes on as before`)
	w.passes(push, pull, "after a mistake")
	w.write(strings.Replace(twoProxies, "DIR/d", "DIR/e", 1))
	w.reloads("1 unchanged, 1 ended, 1 started")
	if w.running()[0] != first {
		t.Error("the first was replaced")
	}
	w.passes(push, pull, "untouched")
	w.passes(w.peer(zmq.Push, "c"), w.peer(zmq.Pull, "e"), "changed")
}

// If one of the new proxies cannot bind, none starts, and all that were ended are
// started again: here both get new names, the first an address that is free and the
// second one in no folder.
func TestReloadThatCannotBind(t *testing.T) {
	w := newTown(t, twoProxies)
	w.write(strings.NewReplacer(`"one"`, `"uno"`, `"two"`, `"dos"`, "DIR/b", "DIR/e", "DIR/d", "DIR/no/d").Replace(twoProxies))
	w.reloads("zproxy.toml:8: run: cannot bind to ipc://" + w.dir + "/no/d: listen unix " + w.dir + "/no/d: bind: no such file or directory; 0 unchanged, 2 started again as before")
	w.passes(w.peer(zmq.Push, "a"), w.peer(zmq.Pull, "b"), "one as before")
	w.passes(w.peer(zmq.Push, "c"), w.peer(zmq.Pull, "d"), "two as before")
	if text, _ := w.told.look(); strings.Contains(text, "reloaded") {
		t.Errorf("told %q", text)
	}
	if c, err := net.Dial("unix", filepath.Join(w.dir, "e")); err == nil {
		c.Close()
		t.Error("the new first proxy is still bound")
	}
}

// The only proxy cannot be started again either: the run fails with the reason.
func TestReloadThatLosesAll(t *testing.T) {
	w := newFolder(t, `
[[proxy]]
name = "one"
run = ["streamer", "DIR/sub/a", "DIR/b"]
`)
	sub := filepath.Join(w.dir, "sub")
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	w.begin()
	w.write(`
[[proxy]]
name = "uno"
run = ["streamer", "DIR/no/such/folder/a", "DIR/b"]
`)
	if err := os.RemoveAll(sub); err != nil {
		t.Fatal(err)
	}
	w.reloads("0 unchanged, 0 started again as before, proxy lost: one")
	if err := w.ends(); err == nil || statusOf(err) == cli.StatusOK {
		t.Errorf("the run ended with %v", err)
	}
}

// slowReload begins a reload whose old proxy has a message that nobody takes, and
// drains for a minute.
func slowReload(t *testing.T, args ...string) *town {
	t.Helper()
	const file = `
linger = "1m"
[[proxy]]
name = "one"
run = ["streamer", "DIR/a", "DIR/b"]
`
	w := newTown(t, file, args...)
	old := w.running()[0]
	if err := old.front.Bind("inproc://front"); err != nil {
		t.Fatal(err)
	}
	push, err := old.zctx.NewSocket(zmq.Push)
	if err != nil {
		t.Fatal(err)
	}
	defer push.Close()
	if err := push.Connect("inproc://front"); err != nil {
		t.Fatal(err)
	}
	if err := push.TrySend([]byte("left")); err != nil {
		t.Fatal(err)
	}
	w.write(strings.Replace(file, "DIR/b", "DIR/c", 1))
	w.hangups <- syscall.SIGHUP
	return w
}

// The first signal during a reload gives it up and goes on draining; the second ends
// at once.
func TestSignalsDuringReload(t *testing.T) {
	w := slowReload(t)
	w.signals <- syscall.SIGINT
	w.told.tells(t, "the reload is given up")
	w.signals <- syscall.SIGINT
	if err := w.ends(); statusOf(err) != cli.StatusUnsent {
		t.Errorf("ended with %v", err)
	}
	if _, err := os.Stat(filepath.Join(w.dir, "c")); err == nil {
		t.Error("the new proxy began")
	}
}

// So does a signal after --timeout.
func TestTimeoutDuringReload(t *testing.T) {
	w := slowReload(t)
	w.timeout <- time.Now()
	w.told.tells(t, "the reload is given up")
	w.signals <- syscall.SIGINT
	if err := w.ends(); statusOf(err) != cli.StatusTimeout {
		t.Errorf("ended with %v", err)
	}
}

// A signal in a reload whose old proxy then drains: 128+N, as without the reload.
func TestSignalInReloadDrains(t *testing.T) {
	w := slowReload(t)
	w.signals <- syscall.SIGTERM
	w.told.tells(t, "the reload is given up")
	pull := w.peer(zmq.Pull, "b")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if parts, err := pull.Recv(ctx); err != nil || string(parts[0]) != "left" {
		t.Errorf("received %q, %v", parts, err)
	}
	if err := w.ends(); statusOf(err) != cli.StatusSignal+int(syscall.SIGTERM) {
		t.Errorf("ended with %v", err)
	}
}
