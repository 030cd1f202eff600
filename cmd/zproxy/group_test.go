package main

import (
	"bytes"
	"context"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// patience bounds every wait of a test.
const patience = 20 * time.Second

// logged is what a run tells.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.buf.String(), text)
}

// town is a group with a file, and the folder of its endpoints.
type town struct {
	*group
	t    *testing.T
	dir  string
	told *logged
	zctx *zmq.Context
}

// newFolder is a town without a group: a folder with a file, in which DIR stands
// for the folder.
func newFolder(t *testing.T, file string) *town {
	t.Helper()
	dir, err := os.MkdirTemp("", "z")
	if err != nil {
		t.Fatal(err)
	}
	w := &town{t: t, dir: dir, told: &logged{}, zctx: zmq.NewContext()}
	w.write(file)
	t.Cleanup(func() {
		if err := w.zctx.Close(); err != nil {
			t.Error(err)
		}
		os.RemoveAll(dir)
	})
	return w
}

// newTown starts the proxies of a file.
func newTown(t *testing.T, file string) *town {
	t.Helper()
	w := newFolder(t, file)
	tool := newTool()
	tool.Run = func(a *cli.Args) error {
		w.group = &group{args: a, log: cli.NewLog(a), path: filepath.Join(w.dir, "zproxy.toml"), ended: make(chan *member), over: make(chan struct{})}
		return nil
	}
	if status := tool.Main([]string{"zproxy"}, cli.Stdio{Out: io.Discard, Err: w.told}); status != 0 {
		t.Fatal("no arguments")
	}
	plans, err := w.read()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.start(plans); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	return w
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
	w.reload()
	if !w.told.has(`zproxy.toml:5: run: unknown kind of proxy "streaner"; all goes on as before`) || len(w.running()) != 2 {
		t.Errorf("a mistake: told %q", w.told.buf.String())
	}
	w.passes(push, pull, "after a mistake")
	w.write(strings.Replace(twoProxies, "DIR/d", "DIR/e", 1))
	w.reload()
	if !w.told.has("1 unchanged, 1 ended, 1 started") || w.running()[0] != first {
		t.Errorf("told %q", w.told.buf.String())
	}
	w.passes(push, pull, "untouched")
	w.passes(w.peer(zmq.Push, "c"), w.peer(zmq.Pull, "e"), "changed")
}

// A proxy that cannot bind after a reload goes on as it was.
func TestReloadThatCannotBind(t *testing.T) {
	w := newTown(t, twoProxies)
	w.write(strings.Replace(twoProxies, "DIR/d", "DIR/no/such/folder", 1))
	w.reload()
	if !w.told.has("cannot bind") || !w.told.has("two goes on as before") || len(w.running()) != 2 {
		t.Errorf("told %q", w.told.buf.String())
	}
	w.passes(w.peer(zmq.Push, "c"), w.peer(zmq.Pull, "d"), "as before")
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

// The page is what real parsers take, in both forms, and the numbers are right.
func TestMetrics(t *testing.T) {
	w := newTown(t, `
[[proxy]]
name = "feed"
run = ["forwarder", "DIR/a", "DIR/b"]
`)
	sub := w.peer(zmq.Sub, "b")
	if err := sub.Subscribe("x"); err != nil {
		t.Fatal(err)
	}
	pub := w.peer(zmq.Pub, "a")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := pub.WaitPeers(ctx, 1); err != nil {
		t.Fatal(err)
	}
	w.passes(pub, sub, "x12")
	w.passes(pub, sub, "x3")
	for _, accept := range []string{"", "application/openmetrics-text; version=1.0.0"} {
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.Header.Set("Accept", accept)
		answer := httptest.NewRecorder()
		w.ServeHTTP(answer, r)
		families := parse(t, expfmt.Format(answer.Header().Get("Content-Type")), answer.Body)
		for name, want := range map[string]float64{
			"zproxy_messages_total received frontend": 2,
			"zproxy_bytes_total sent backend":         5,
			"zproxy_messages_total sent frontend":     1, // the subscription
			"zproxy_peers  backend":                   1,
			"zproxy_subscriptions  backend":           1,
			"zproxy_queue_messages sent backend":      0,
		} {
			if got, ok := families[name]; !ok || got != want {
				t.Errorf("%q: %s is %v, want %v", accept, name, got, want)
			}
		}
	}
}

// parse reads a page: numbers by name, direction and side.
func parse(t *testing.T, format expfmt.Format, page io.Reader) map[string]float64 {
	t.Helper()
	text, err := io.ReadAll(page)
	if err != nil {
		t.Fatal(err)
	}
	numbers := map[string]float64{}
	decoder := expfmt.NewDecoder(bytes.NewReader(text), format)
	for {
		var f dto.MetricFamily
		if err := decoder.Decode(&f); err == io.EOF {
			return numbers
		} else if err != nil {
			t.Fatalf("%s: %v\n%s", format, err, text)
		}
		for _, m := range f.Metric {
			labels := map[string]string{}
			for _, l := range m.Label {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["proxy"] != "feed" {
				t.Errorf("%s has labels %v", f.GetName(), labels)
			}
			numbers[f.GetName()+" "+labels["direction"]+" "+labels["side"]] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
}
