package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// patience bounds every wait of a test.
const patience = 20 * time.Second

// logged is what a run tells.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
	new chan struct{} // closed by the next Write
}

func newLogged() *logged { return &logged{new: make(chan struct{})} }

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.new)
	l.new = make(chan struct{})
	return l.buf.Write(p)
}

func (l *logged) look() (text string, more <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String(), l.new
}

// tells waits until something is told.
func (l *logged) tells(t *testing.T, text string) {
	t.Helper()
	limit := time.After(patience)
	for {
		told, more := l.look()
		if strings.Contains(told, text) {
			return
		}
		select {
		case <-more:
		case <-limit:
			t.Fatalf("told %q, not %q", told, text)
		}
	}
}

// town is a group with a file that runs, and the folder of its endpoints.
type town struct {
	*group
	t                *testing.T
	dir              string
	told             *logged
	zctx             *zmq.Context
	signals, hangups chan os.Signal
	timeout          chan time.Time
	result           chan error // of the run
}

// newFolder is a town without a group: a folder with a file, in which DIR stands
// for the folder.
func newFolder(t *testing.T, file string) *town {
	t.Helper()
	dir, err := os.MkdirTemp("", "z")
	if err != nil {
		t.Fatal(err)
	}
	w := &town{t: t, dir: dir, told: newLogged(), zctx: zmq.NewContext(), signals: make(chan os.Signal), hangups: make(chan os.Signal), timeout: make(chan time.Time), result: make(chan error, 1)}
	w.write(file)
	t.Cleanup(func() {
		if err := w.zctx.Close(); err != nil {
			t.Error(err)
		}
		os.RemoveAll(dir)
	})
	return w
}

// newTown runs the proxies of a file.
func newTown(t *testing.T, file string, args ...string) *town {
	t.Helper()
	w := newFolder(t, file)
	w.begin(args...)
	return w
}

// begin runs the proxies of the file.
func (w *town) begin(args ...string) {
	t := w.t
	t.Helper()
	tool := newTool()
	tool.Run = func(a *cli.Args) error {
		w.group = newGroup(a)
		w.group.path = filepath.Join(w.dir, "zproxy.toml")
		return nil
	}
	if status := tool.Main(append([]string{"zproxy"}, args...), cli.Stdio{Out: io.Discard, Err: w.told}); status != 0 {
		t.Fatal("no arguments")
	}
	plans, err := w.read()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.start(plans); err != nil {
		t.Fatal(err)
	}
	w.deadline = w.timeout
	var over sync.WaitGroup
	over.Go(func() { w.result <- w.run(w.signals, w.hangups) })
	t.Cleanup(func() {
		for _, m := range w.running() {
			m.kill()
			m.stop(nil)
		}
		over.Wait()
		w.close()
	})
}

// reloads asks for a reload and waits until it has told its outcome.
func (w *town) reloads(outcome string) {
	w.t.Helper()
	w.hangups <- syscall.SIGHUP
	w.told.tells(w.t, outcome)
}

// ends waits for the end of the run and returns its error.
func (w *town) ends() error {
	w.t.Helper()
	select {
	case err := <-w.result:
		return err
	case <-time.After(patience):
		w.t.Fatal("the run does not end")
		return nil
	}
}

func (w *town) write(file string) {
	w.t.Helper()
	text := strings.ReplaceAll(file, "DIR", "ipc://"+w.dir)
	if err := os.WriteFile(filepath.Join(w.dir, "zproxy.toml"), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// peer is a socket connected to an endpoint in the folder.
func (w *town) peer(typ zmq.Type, name string) *zmq.Socket {
	w.t.Helper()
	s, err := w.zctx.NewSocket(typ)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { s.Close() })
	if err := s.Set(zmq.Linger, 0); err != nil {
		w.t.Fatal(err)
	}
	if err := s.Connect("ipc://" + w.dir + "/" + name); err != nil {
		w.t.Fatal(err)
	}
	return s
}

// passes checks that a message comes from one socket to another.
func (w *town) passes(from, to *zmq.Socket, text string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := from.Send(ctx, []byte(text)); err != nil {
		w.t.Fatal(err)
	}
	parts, err := to.Recv(ctx)
	if err != nil || string(parts[0]) != text {
		w.t.Fatalf("received %q, %v, want %q", parts, err, text)
	}
}

// A copy of each message comes to subscribers of the capture's endpoint.
func TestCaptureToEndpoint(t *testing.T) {
	w := newTown(t, `
[[proxy]]
name = "one"
run = ["run", "pair", "@DIR/a", "pair", "@DIR/b"]
capture = "DIR/copies"
`)
	sub := w.peer(zmq.Sub, "copies")
	if err := sub.Subscribe(""); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := w.running()[0].capture.pub.WaitPeers(ctx, 1); err != nil {
		t.Fatal(err)
	}
	left, right := w.peer(zmq.Pair, "a"), w.peer(zmq.Pair, "b")
	w.passes(left, right, "there")
	w.passes(right, left, "back")
	for _, want := range [][2]string{{"frontend to backend", "there"}, {"backend to frontend", "back"}} {
		copied, err := sub.Recv(ctx)
		if err != nil || len(copied) != 3 || string(copied[0]) != want[0] || string(copied[2]) != want[1] {
			t.Fatalf("copied %q, %v, want %q", copied, err, want)
		}
		if _, err := time.Parse(time.RFC3339Nano, string(copied[1])); err != nil {
			t.Error(err)
		}
	}
}
