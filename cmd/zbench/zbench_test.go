package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"ztools/lib/cli/clitest"
	"ztools/lib/zmq"
)

func TestMain(m *testing.M) { clitest.Main(m, newTool()) }

func TestScripts(t *testing.T) { clitest.Scripts(t, newTool()) }

func TestManual(t *testing.T) { clitest.Manual(t, newTool()) }

func TestExamples(t *testing.T) {
	clitest.Examples(t, newTool(), func(string) bool { return false })
}

// reportOf runs zbench with --json.
func reportOf(t *testing.T, args ...string) report {
	t.Helper()
	return reporting(t, args...)()
}

// reporting is reportOf that goes on while something else is done.
func reporting(t *testing.T, args ...string) (wait func() report) {
	var status int
	var out, errs string
	done := make(chan struct{})
	go func() {
		defer close(done)
		status, out, errs = zbench(append(args, "--json", "-q")...)
	}()
	return func() (r report) {
		t.Helper()
		if <-done; status != 0 || errs != "" {
			t.Fatalf("%v: status %d, %s", args, status, errs)
		}
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
}

// Each kind over each transport, in two processes and in one, measures what was
// asked for and loses nothing.
func TestKinds(t *testing.T) {
	for _, kind := range [][]string{
		{"thr", "-n", "300", "--size", "0,16,5k"}, {"lat", "-n", "200", "--size", "0,16,5k"}, {"load", "-n", "200", "--rate", "10k", "--size", "16,5k", "--clients", "2"},
		{"fanout", "-n", "300", "--subs", "3", "--rate", "1k"}, {"connect", "-n", "20"},
		{"thr", "-n", "300", "--size", "16", "--senders", "4"}, {"thr", "-n", "300", "--size", "16", "--receivers", "4"},
	} {
		for _, where := range [][]string{{"--transport", "tcp,ipc,inproc"}, {"--transport", "tcp", "--inproc", "--mechanism", "null,plain,curve"}} {
			r := reportOf(t, append(kind, where...)...)
			if r.Schema != schema || r.Kind != kind[0] || len(r.Results)%3 != 0 || len(r.Results) == 0 {
				t.Fatalf("%v %v: %+v", kind, where, r)
			}
			for _, res := range r.Results {
				checkResult(t, r.Kind, &res, where[1] == "tcp")
			}
		}
	}
}

func checkResult(t *testing.T, kind string, r *result, oneProcess bool) {
	t.Helper()
	for _, s := range r.Runs {
		wrong := r.Rate <= 0 || s.Near == nil || (s.Far == nil) != (oneProcess || r.Transport == "inproc") ||
			s.Tally.Lost+s.Tally.Duplicated+s.Tally.Reordered != 0 || s.Partial != ""
		switch kind {
		case "thr", "fanout":
			wrong = wrong || s.Messages < 300-4*checkCount || s.Tally.Received < 300 // receivers tell of batches
		case "connect":
			wrong = wrong || s.Messages != 20 || s.Latency.TotalCount() != 20 || s.Handshake.TotalCount() != 20
		default:
			wrong = wrong || s.Messages != 200 || s.Latency.TotalCount() != 200
		}
		if wrong {
			t.Errorf("%s: %+v", r.name(kind), s)
		}
	}
}

// Both ends may be elsewhere: what libzmq's programs send and expect is what these
// plain sockets do.
func TestToAnotherProgram(t *testing.T) {
	z := newZ(t)
	rep, pull := bound(t, z, zmq.Rep), bound(t, z, zmq.Pull)
	echoes, received := make(chan int, 1), make(chan int, 1)
	go func() { echoes <- reply(rep, 150) }()
	go func() { received <- swallow(pull, 500) }()
	r := reportOf(t, "lat", "--to", rep.LastEndpoint(), "-n", "150", "--size", "100")
	if n := <-echoes; n != 150 || r.Results[0].Runs[0].Messages != 150 {
		t.Errorf("%d round trips, %+v", n, r.Results[0].Runs)
	}
	r = reportOf(t, "thr", "--to", pull.LastEndpoint(), "-n", "500", "--size", "6k", "--senders", "3")
	if n := <-received; n != 500 || r.Results[0].Runs[0].Messages != 500 {
		t.Errorf("%d messages, %+v", n, r.Results[0].Runs)
	}
}

// newZ is a context that closes after its sockets.
func newZ(t *testing.T) *zmq.Context {
	z := zmq.NewContext()
	t.Cleanup(func() { z.Close() })
	return z
}

// bound is a socket that closes with the test.
func bound(t *testing.T, z *zmq.Context, typ zmq.Type, set ...func(*zmq.Socket)) *zmq.Socket {
	t.Helper()
	s, err := z.NewSocket(typ)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for _, f := range set {
		f(s)
	}
	if err := s.Bind("tcp://127.0.0.1:*"); err != nil {
		t.Fatal(err)
	}
	return s
}

// set gives options to a socket that is being made.
func set(t *testing.T, options map[zmq.Option]any) func(*zmq.Socket) {
	return func(s *zmq.Socket) {
		for id, v := range options {
			if err := s.Set(id, v); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// reply sends n requests back, as local_lat does, and tells how many came.
func reply(s *zmq.Socket, n int) int {
	for i := range n {
		parts, err := s.Recv(context.Background())
		if err != nil || s.Send(context.Background(), parts...) != nil {
			return i
		}
	}
	return n
}

// swallow receives n messages, as local_thr does.
func swallow(s *zmq.Socket, n int) int {
	for i := range n {
		if _, err := s.Recv(context.Background()); err != nil {
			return i
		}
	}
	return n
}

// The other end answers nonsense with an error, and its end is told.
func TestFarEnd(t *testing.T) {
	c := &config{prog: "zbench"}
	if _, err := c.startFar(t.Context(), nil, job{Work: "sleep"}); err == nil || !strings.Contains(err.Error(), `unknown work "sleep"`) {
		t.Errorf("%v", err)
	}
	f, err := c.startFar(t.Context(), nil, job{Work: "echo", Bind: true, Endpoint: "tcp://127.0.0.1:*", Sockets: 1})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(f.at.Addr, "tcp://127.0.0.1:") {
		t.Errorf("bound to %q", f.at.Addr)
	}
	if err := f.close(); err != nil {
		t.Error(err)
	}
	if _, err := f.tell(orderMark); err == nil || !strings.Contains(err.Error(), "the other end is gone") {
		t.Errorf("%v", err)
	}
}
