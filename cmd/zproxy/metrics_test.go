package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"ztools/lib/cli/clitest"
	"ztools/lib/zmq"
)

// openMetrics is how a client asks for that form.
const openMetrics = "application/openmetrics-text; version=1.0.0"

// numbers are the values of a page by name, proxy, direction and side, as far as they
// have them: "zproxy_peers feed backend".
type numbers map[string]float64

func (n numbers) add(name string, labels map[string]string, value float64) {
	for _, label := range []string{"proxy", "direction", "side"} {
		if labels[label] != "" {
			name += " " + labels[label]
		}
	}
	n[name] = value
}

// has checks some of the numbers.
func (n numbers) has(t *testing.T, want numbers) {
	t.Helper()
	for name, value := range want {
		if got, ok := n[name]; !ok || got != value {
			t.Errorf("%s is %v, want %v", name, got, value)
		}
	}
}

// fetch gets a page over HTTP.
func fetch(t *testing.T, url, accept string) (text []byte, format expfmt.Format) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", accept)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", url, answer.Status)
	}
	if text, err = io.ReadAll(answer.Body); err != nil {
		t.Fatal(err)
	}
	return text, expfmt.Format(answer.Header.Get("Content-Type"))
}

// numbersAt reads a page with the parser of Prometheus's own library.
func numbersAt(t *testing.T, url, accept string) numbers {
	t.Helper()
	text, format := fetch(t, url, accept)
	if want := strings.Contains(accept, "openmetrics"); want != (format.FormatType() == expfmt.TypeOpenMetrics) {
		t.Errorf("asked for %q, got %q", accept, format)
	}
	n := numbers{}
	decoder := expfmt.NewDecoder(bytes.NewReader(text), format)
	for {
		var f dto.MetricFamily
		if err := decoder.Decode(&f); err == io.EOF {
			return n
		} else if err != nil {
			t.Fatalf("%s: %v\n%s", format, err, text)
		}
		for _, m := range f.Metric {
			labels := map[string]string{}
			for _, l := range m.Label {
				labels[l.GetName()] = l.GetValue()
			}
			n.add(f.GetName(), labels, m.GetCounter().GetValue()+m.GetGauge().GetValue())
		}
	}
}

// strictly is a program that reads OpenMetrics with the parser of Prometheus's client
// for Python, which refuses everything that the specification does.
const strictly = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as families
print(json.dumps([[s.name, s.labels, s.value] for f in families(sys.stdin.read()) for s in f.samples]))
`

// strictNumbersAt reads a page so. Without the parser the test is skipped, or fails with
// ZTOOLS_REQUIRE_PEERS=1.
func strictNumbersAt(t *testing.T, url string) numbers {
	t.Helper()
	python := os.Getenv("ZTOOLS_PYTHON")
	if python == "" {
		python = "/usr/bin/python3"
	}
	if exec.Command(python, "-c", "import prometheus_client").Run() != nil {
		clitest.Skip(t, "python3-prometheus-client")
	}
	text, _ := fetch(t, url, openMetrics)
	cmd := exec.Command(python, "-c", strictly)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(text), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	var rows [][3]json.RawMessage // name, labels, value
	if err := json.Unmarshal(out, &rows); err != nil {
		t.Fatal(err)
	}
	n := numbers{}
	for _, row := range rows {
		var name string
		var labels map[string]string
		var value float64
		for i, to := range []any{&name, &labels, &value} {
			if err := json.Unmarshal(row[i], to); err != nil {
				t.Fatal(err)
			}
		}
		n.add(name, labels, value)
	}
	return n
}

// url is where the metrics of a town are.
func (w *town) url() string { return "http://" + w.metrics.Addr().String() + "/metrics" }

// awaits waits until a number of the page has a value, and returns the page.
func awaits(t *testing.T, url, name string, value float64) numbers {
	t.Helper()
	for start := time.Now(); ; {
		n := numbersAt(t, url, "")
		if n[name] == value {
			return n
		}
		if time.Since(start) > patience {
			t.Fatalf("%s is %v, not %v", name, n[name], value)
		}
	}
}

const busyTown = `
[[proxy]]
name = "feed"
run = ["forwarder", "DIR/a", "DIR/b"]
topic-deny = "secret."
[[proxy]]
name = "jobs"
run = ["streamer", "DIR/c", "DIR/d"]
[[proxy]]
name = "ask"
run = ["queue", "DIR/e", "DIR/f"]
`

// Several proxies under one address: the page is what parsers take, in both forms, and
// the numbers and labels are right.
func TestMetrics(t *testing.T) {
	w := newTown(t, busyTown, "--metrics", "127.0.0.1:0")
	sub, pub := w.peer(zmq.Sub, "b"), w.peer(zmq.Pub, "a")
	if err := sub.Subscribe(""); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := pub.WaitPeers(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if err := pub.Send(ctx, []byte("secret.1")); err != nil {
		t.Fatal(err)
	}
	w.passes(pub, sub, "x12")
	w.passes(pub, sub, "x3")
	push := w.peer(zmq.Push, "c")
	for i := range 5 { // nobody pulls
		if err := push.Send(ctx, []byte(fmt.Sprint("job ", i))); err != nil {
			t.Fatal(err)
		}
	}
	worker := w.peer(zmq.Dealer, "f")
	for range 2 { // replies to clients that are not there
		if err := worker.Send(ctx, []byte("nobody"), nil, []byte("reply")); err != nil {
			t.Fatal(err)
		}
	}
	awaits(t, w.url(), "zproxy_queue_messages jobs received frontend", 5)
	awaits(t, w.url(), "zproxy_dropped_total ask frontend", 2)
	want := numbers{
		"zproxy_messages_total feed received frontend":      3,
		"zproxy_bytes_total feed received frontend":         13,
		"zproxy_messages_total feed sent backend":           2,
		"zproxy_bytes_total feed sent backend":              5,
		"zproxy_refused_total feed":                         1,
		"zproxy_messages_total feed received backend":       1, // the subscription
		"zproxy_messages_total feed sent frontend":          1,
		"zproxy_peers feed frontend":                        1,
		"zproxy_peers feed backend":                         1,
		"zproxy_subscriptions feed backend":                 1,
		"zproxy_dropped_total feed backend":                 0,
		"zproxy_dropped_total ask frontend":                 2,
		"zproxy_dropped_total ask backend":                  0,
		"zproxy_messages_total jobs received frontend":      0,
		"zproxy_refused_total jobs":                         0,
		"zproxy_peers jobs frontend":                        1,
		"zproxy_peers jobs backend":                         0,
		"zproxy_queue_messages jobs received frontend":      5,
		"zproxy_queue_high_messages jobs received frontend": 5,
		"zproxy_queue_messages feed sent backend":           0,
		"zproxy_queue_high_messages jobs sent backend":      0,
	}
	for _, accept := range []string{"", openMetrics} {
		numbersAt(t, w.url(), accept).has(t, want)
	}
	pull := w.peer(zmq.Pull, "d")
	for range 5 {
		if _, err := pull.Recv(ctx); err != nil {
			t.Fatal(err)
		}
	}
	awaits(t, w.url(), "zproxy_queue_messages jobs received frontend", 0).has(t, numbers{
		"zproxy_queue_high_messages jobs received frontend": 5, // it stays
		"zproxy_messages_total jobs sent backend":           5,
		"zproxy_bytes_total jobs sent backend":              25,
	})
	strictNumbersAt(t, w.url()).has(t, numbers{
		"zproxy_messages_total feed sent backend": 2, "zproxy_messages_total jobs sent backend": 5,
		"zproxy_refused_total feed": 1, "zproxy_dropped_total ask frontend": 2, "zproxy_peers jobs backend": 1, "zproxy_queue_high_messages jobs received frontend": 5,
	})
}
