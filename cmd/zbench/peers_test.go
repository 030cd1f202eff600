package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ztools/lib/zmq"
)

// numberedPub publishes numbered messages to each subscriber that comes, by a list
// of their numbers.
func numberedPub(t *testing.T, seqs []uint64) (endpoint string) {
	pub := bound(t, newZ(t), zmq.XPub, set(t, map[zmq.Option]any{zmq.SndHWM: 0}))
	go func() {
		for {
			parts, err := pub.Recv(context.Background())
			if err != nil {
				return
			}
			if len(parts[0]) == 0 || parts[0][0] != 1 {
				continue // no subscription
			}
			for _, seq := range seqs {
				if pub.Send(context.Background(), numbered(origin{bits: 64}, seq)) != nil {
					return
				}
			}
		}
	}()
	return pub.LastEndpoint()
}

// What a publisher leaves out, repeats and mixes up is told of, in the columns and
// in a note.
func TestLossesOfSub(t *testing.T) {
	var seqs []uint64
	for seq := range uint64(100) {
		switch seq {
		case 20, 21, 22: // lost
		case 40: // late
			seqs = append(seqs, 41, 40)
		case 41:
		case 60: // twice
			seqs = append(seqs, 60, 60)
		default:
			seqs = append(seqs, seq)
		}
	}
	status, out, errs := zbench("sub", numberedPub(t, seqs), "-n", "98", "--csv")
	if status != 0 || !strings.HasSuffix(out, ",whole\n") || !strings.Contains(errs, "sub over tcp, 0 B: 3 messages lost\n") {
		t.Errorf("status %d, %q, %q", status, out, errs)
	}
	s := reportOf(t, "sub", numberedPub(t, seqs), "-n", "98", "-s", "").Results[0].Runs[0]
	if want := (tally{Received: 98, Bytes: 98 * (stampSize + 4), Lost: 3, Duplicated: 1, Reordered: 1}); s.Messages != 98 || s.Tally != want {
		t.Errorf("%d messages, %+v, want %+v", s.Messages, s.Tally, want)
	}
}

// A publisher with short queues drops what its subscribers have no room for: all
// of it is counted, and it is a figure, no failure.
func TestLossesOfFanout(t *testing.T) {
	r := reportOf(t, "fanout", "--subs", "5", "--size", "4k", "-n", "2000", "-o", "sndhwm=1", "-o", "rcvhwm=1", "-o", "sndbuf=4k", "-o", "rcvbuf=4k")
	s := r.Results[0].Runs[0]
	if s.Tally.Lost == 0 || s.Tally.Lost != 5*s.Sent-s.Tally.Received || s.Tally.Duplicated+s.Tally.Reordered != 0 {
		t.Errorf("sent %d, %+v", s.Sent, s.Tally)
	}
}

// A body of one's own goes out as it is, so many times.
func TestPush(t *testing.T) {
	file := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(file, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		body string
		args []string
	}{
		{"hello", []string{"--data", "hello"}}, {"from a file\n", []string{"--file", file}}, {"at a rate", []string{"-d", "at a rate", "--rate", "10k"}}, {"", []string{"-d", ""}},
	} {
		pull := bound(t, newZ(t), zmq.Pull)
		got := make(chan string, 100)
		go func() {
			for range cap(got) {
				parts, err := pull.Recv(context.Background())
				if err != nil {
					return
				}
				got <- string(parts[0])
			}
			close(got)
		}()
		r := reportOf(t, append([]string{"push", pull.LastEndpoint(), "-n", "100"}, tt.args...)...)
		n := 0
		for body := range got {
			if n++; body != tt.body {
				t.Errorf("%q, want %q", body, tt.body)
			}
		}
		if s := r.Results[0].Runs[0]; n != 100 || s.Messages != 100 || s.Sent != 100 || r.Results[0].Bytes != len(tt.body) {
			t.Errorf("%v: %d came, %+v", tt.args, n, s)
		}
	}
}

// Requests with a body of one's own, and on a schedule.
func TestReq(t *testing.T) {
	rep := bound(t, newZ(t), zmq.Rep)
	go reply(rep, 130)
	if s := reportOf(t, "req", rep.LastEndpoint(), "-n", "60", "--data", "x", "--clients", "3").Results[0].Runs[0]; s.Messages != 60 || s.Latency.TotalCount() != 60 {
		t.Errorf("%+v", s)
	}
	r := reportOf(t, "req", rep.LastEndpoint(), "-n", "70", "--rate", "10k")
	if s := r.Results[0].Runs[0]; r.Kind != "load" || s.Messages != 70 || s.Slip.Planned != 70 || s.Service.TotalCount() != 70 {
		t.Errorf("%s: %+v", r.Kind, s)
	}
}

// Several endpoints, bound and connected, and their last peer as the end.
func TestSeveralEndpoints(t *testing.T) {
	first, second := numberedPub(t, []uint64{0, 1, 2}), numberedPub(t, []uint64{0, 1})
	r := reportOf(t, "sub", "-c", first, "-c", second, "-n", "5")
	if s := r.Results[0].Runs[0]; s.Messages != 5 || s.Tally.Received != 5 || !strings.Contains(r.Title, first+", "+second) {
		t.Errorf("%s: %+v", r.Title, s)
	}
}

// A subscriber ends with its publisher, if that is asked for, and has all there was.
func TestUntilPeersGone(t *testing.T) {
	pub := bound(t, newZ(t), zmq.XPub, set(t, map[zmq.Option]any{zmq.Linger: -1}))
	endpoint := pub.LastEndpoint()
	go func() {
		if _, err := pub.Recv(context.Background()); err != nil {
			return
		}
		for seq := range uint64(50) {
			if pub.Send(context.Background(), numbered(origin{bits: 64}, seq)) != nil {
				return
			}
		}
		pub.Close()
	}()
	s := reportOf(t, "sub", endpoint, "--until-peers-gone").Results[0].Runs[0]
	if s.Messages != 50 || s.Tally.Received != 50 || s.Tally.Lost != 0 {
		t.Errorf("%+v", s)
	}
}

// What is still queued at the end is waited for with --linger; what does not leave
// is status 5.
func TestLinger(t *testing.T) {
	pull := bound(t, newZ(t), zmq.Pull)
	r := reportOf(t, "push", pull.LastEndpoint(), "--duration", "20ms", "--rate", "20k", "--linger", "1m", "--warmup", "0")
	sent := int(r.Results[0].Runs[0].Sent)
	if n := swallow(pull, sent); sent == 0 || n != sent {
		t.Errorf("%d of %d", n, sent)
	}
	deaf := bound(t, newZ(t), zmq.Pull, set(t, map[zmq.Option]any{zmq.RcvHWM: 1}))
	_, line := partial(t, 5, "push", deaf.LastEndpoint(), "--size", "64k", "--rate", "5k", "--duration", "150ms", "--linger", "50ms", "-o", "sndhwm=0")
	if !strings.Contains(line, " unsent after 50ms") {
		t.Errorf("%q", line)
	}
}

// A server publishes its socket's events, and ends with its last peer if that is
// asked for.
func TestMonitor(t *testing.T) {
	z := newZ(t)
	sub := bound(t, z, zmq.Sub)
	if err := sub.Subscribe(""); err != nil {
		t.Fatal(err)
	}
	at := "ipc://" + filepath.Join(t.TempDir(), "lat")
	done := make(chan string, 1)
	go func() {
		status, out, errs := zbench("serve", "lat", "-b", at, "--until-peers-gone", "--monitor", ">"+sub.LastEndpoint(), "-q")
		done <- fmt.Sprintf("status %d\n%s%s", status, out, errs)
	}()
	visit := func(ask bool) *zmq.Socket {
		req, err := z.NewSocket(zmq.Req)
		if err == nil {
			err = req.Connect(at)
		}
		if err == nil {
			err = req.WaitPeers(t.Context(), 1)
		}
		if err == nil && ask {
			if err = req.Send(t.Context(), []byte("x")); err == nil {
				_, err = req.Recv(t.Context())
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		return req
	}
	first := visit(true)
	for heard := false; !heard; { // the first ones may come before the subscription
		visit(false).Close()
		parts, err := sub.TryRecv()
		heard = err == nil && strings.Contains(strings.ToLower(string(parts[len(parts)-1])), "handshake")
	}
	first.Close()
	if got := <-done; !strings.HasPrefix(got, "status 0\n# answered by REP; ") || !strings.Contains(got, " whole\n") {
		t.Error(got)
	}
}

// Figures of what the ends used are there, for both.
func TestCosts(t *testing.T) {
	for _, args := range [][]string{{"connect", "-n", "100"}, {"thr", "-n", "100k", "--size", "16"}, {"lat", "-n", "1000", "--size", "16"}} {
		for _, s := range reportOf(t, args...).Results[0].Runs {
			for end, c := range map[string]*cost{"near": s.Near, "far": s.Far} {
				if c.CPU <= 0 || c.Share <= 0 || c.Memory == 0 || c.CPU > time.Minute || c.Objects > 1<<30 {
					t.Errorf("%v: %s: %+v", args, end, c)
				}
				if args[0] == "connect" && (c.Objects < 1000 || c.Heap < 10 || c.Bytes < 1000) {
					t.Errorf("%v: %s allocated %+v", args, end, c)
				}
			}
		}
	}
}

// cPeer is libzmq's end of the benchmarks, built from testdata/peers/c.
func cPeer(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "peer")
	source := func(name string) string { return filepath.Join("../../testdata/peers/c", name) }
	out, err := exec.Command("gcc", "-O2", "-o", path, source("peer.c"), source("many.c"), source("topics.c"), source("multicast.c"), "-lzmq", "-lpthread").CombinedOutput()
	if err != nil {
		reason := fmt.Sprintf("needs gcc and libzmq3-dev: %v\n%s", err, out)
		if os.Getenv("ZTOOLS_REQUIRE_PEERS") == "1" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	return path
}

// startPeer runs the C program and returns its first line; one that binds says
// ready. Its standard input ends with the test.
func startPeer(t *testing.T, path string, args ...string) (line func() string) {
	t.Helper()
	cmd := exec.Command(path, args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v", args, err)
		}
	})
	lines := bufio.NewScanner(out)
	return func() string {
		lines.Scan()
		return lines.Text()
	}
}

// The keys of zmq_curve(7), which the C program has.
const (
	curvePublic = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
	curveSecret = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"
)

// libzmq's own end of the benchmarks is either end of ours, with CURVE too.
// It sends a tenth and one more messages than it is told as its warm-up.
func TestCPrograms(t *testing.T) {
	path := cPeer(t)
	t.Setenv("ZMQ_CURVE_SECRETKEY", curveSecret)
	for _, mechanism := range []string{"null", "curve"} {
		prefix, client, server := "", []string{}, []string{}
		if mechanism == "curve" {
			prefix, client, server = "curve+", []string{"--server-key", curvePublic}, []string{"--curve-server"}
		}
		for _, size := range []string{"16", "5000"} {
			at := "ipc://" + filepath.Join(t.TempDir(), "thr")
			recv := startPeer(t, path, "thr-recv", prefix+at, size, "1000")
			if line := recv(); line != "ready" {
				t.Fatalf("thr-recv said %q", line)
			}
			r := reportOf(t, append([]string{"thr", "--to", at, "-n", "1101", "--size", size}, client...)...)
			checkForeign(t, &r, 1101, mechanism)
			if line := recv(); !strings.HasPrefix(line, "1000 ") {
				t.Errorf("thr-recv said %q", line)
			}

			at = "ipc://" + filepath.Join(t.TempDir(), "lat")
			if line := startPeer(t, path, "lat-server", prefix+at, size, "100")(); line != "ready" {
				t.Fatalf("lat-server said %q", line)
			}
			r = reportOf(t, append([]string{"lat", "--to", at, "-n", "111", "--size", size}, client...)...)
			checkForeign(t, &r, 111, mechanism)

			at = "ipc://" + filepath.Join(t.TempDir(), "serve")
			startPeer(t, path, "thr-send", prefix+at, size, "1000")
			r = reportOf(t, append([]string{"serve", "thr", at, "-n", "1101"}, server...)...)
			checkForeign(t, &r, 1101, mechanism)

			at = "ipc://" + filepath.Join(t.TempDir(), "answer")
			asked := startPeer(t, path, "lat-client", prefix+at, size, "100")
			r = reportOf(t, append([]string{"serve", "lat", at, "-n", "111"}, server...)...)
			checkForeign(t, &r, 111, mechanism)
			if line := asked(); !strings.HasPrefix(line, "100 ") {
				t.Errorf("lat-client said %q", line)
			}
		}
	}
}

func checkForeign(t *testing.T, r *report, messages int64, mechanism string) {
	t.Helper()
	s := r.Results[0].Runs[0]
	if s.Messages != messages || s.Partial != "" || s.Tally.Lost+s.Tally.Duplicated+s.Tally.Reordered != 0 || r.Results[0].Mechanism != mechanism {
		t.Errorf("%s: %s, %+v, want %d messages", r.Title, r.Results[0].Mechanism, s, messages)
	}
}

// The other works of the C program: many sockets that send, an echo for a
// schedule and for connections.
func TestCProgramsOfMany(t *testing.T) {
	path := cPeer(t)
	at := "ipc://" + filepath.Join(t.TempDir(), "fanin")
	startPeer(t, path, "fanin-send", at, "16", "1000", "4") // 276 each
	r := reportOf(t, "serve", "thr", at, "-n", "1104")
	checkForeign(t, &r, 1104, "null")
	at = "ipc://" + filepath.Join(t.TempDir(), "echo")
	if line := startPeer(t, path, "echo", at)(); line != "ready" {
		t.Fatalf("echo said %q", line)
	}
	r = reportOf(t, "load", "--to", at, "--rate", "5k", "-n", "300")
	checkForeign(t, &r, 300, "null")
	r = reportOf(t, "connect", "--to", at, "-n", "50")
	checkForeign(t, &r, 50, "null")
}

// WebSocket transports are rows of the same table.
func TestWebSockets(t *testing.T) {
	for _, args := range [][]string{{"thr", "-n", "300", "--size", "16,5k"}, {"lat", "-n", "50", "--size", "16"}, {"connect", "-n", "10"}, {"fanout", "-n", "100", "--subs", "3", "--rate", "1k"}} {
		r := reportOf(t, append(args, "--transport", "tcp,ws,wss", "--mechanism", "null,curve")...)
		if len(r.Results)%6 != 0 || len(r.Results) == 0 {
			t.Fatalf("%v: %d rows", args, len(r.Results))
		}
		for i := range r.Results {
			s := r.Results[i].Runs[0]
			if s.Messages <= 0 || s.Tally.Lost+s.Tally.Duplicated+s.Tally.Reordered != 0 || s.Partial != "" {
				t.Errorf("%s: %+v", r.Results[i].name(r.Kind), s)
			}
		}
	}
}
