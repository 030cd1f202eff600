package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ztools/lib/curve"
	"ztools/lib/zmq"
)

// partial runs zbench with --json against a peer that spoils it, and returns its
// only run and the last line of error. The status is that wanted, and the run says
// why it is partial.
func partial(t *testing.T, want int, args ...string) (sample, string) {
	t.Helper()
	status, out, errs := zbench(append(args, "--json")...)
	var r report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v: status %d, %v\n%s", args, status, err, errs)
	}
	lines := strings.Split(strings.TrimSpace(errs), "\n")
	i := len(lines) - 1
	if strings.HasPrefix(lines[i], "zbench: hint: ") {
		i--
	}
	s := r.Results[0].Runs[0]
	if status != want || s.Partial == "" || lines[i] != "zbench: error: "+s.Partial {
		t.Errorf("%v: status %d, want %d; partial for %q, told %q", args, status, want, s.Partial, lines)
	}
	return s, lines[i]
}

// answers serves requests at a ROUTER: each is sent back so many times as times
// says for its number, from 0.
func answers(t *testing.T, times func(n int) int) (endpoint string) {
	s := bound(t, newZ(t), zmq.Router)
	go func() {
		for n := 0; ; n++ {
			parts, err := s.Recv(context.Background())
			if err != nil {
				return
			}
			for range times(n) {
				if s.Send(context.Background(), parts...) != nil {
					return
				}
			}
		}
	}()
	return s.LastEndpoint()
}

// allBut answers all requests but one.
func allBut(lost int) func(int) int {
	return func(n int) int {
		if n == lost {
			return 0
		}
		return 1
	}
}

// A reply that never comes ends the run with status 3 after --idle, whether the
// window is over by then or not, and is counted as lost.
func TestLostReply(t *testing.T) {
	for _, tt := range []struct {
		lost int
		args []string
		came int64
	}{
		{30, []string{"lat", "--to", "", "-n", "100"}, 30},
		{30, []string{"lat", "--to", "", "--duration", "150ms", "--warmup", "0"}, 30},
		{30, []string{"req", "", "-n", "100"}, 30},
		{30, []string{"load", "--to", "", "--rate", "1k", "-n", "50"}, 49},
		{49, []string{"load", "--to", "", "--rate", "1k", "-n", "50"}, 49},
		{30, []string{"load", "--to", "", "--rate", "1k", "-n", "50", "--clients", "3"}, 49},
		{10, []string{"connect", "--to", "", "-n", "20", "--parallel", "1"}, 10},
	} {
		endpoint := answers(t, allBut(tt.lost))
		args := append([]string{}, tt.args...)
		for i := range args {
			if args[i] == "" {
				args[i] = endpoint
			}
		}
		s, line := partial(t, 3, append(args, "--idle", "200ms")...)
		what := "no reply from "
		if args[0] == "connect" {
			what = "no round trip with "
		}
		if !strings.Contains(line, what+endpoint+" in ") || s.Messages != tt.came {
			t.Errorf("%v: %d messages, %q", args, s.Messages, line)
		}
		if args[0] != "connect" && (s.Tally.Lost != 1 || s.Tally.Received != tt.came) {
			t.Errorf("%v: %+v", args, s.Tally)
		}
	}
}

// Replies that come twice are counted, and are no round trips.
func TestReplyThatComesTwice(t *testing.T) {
	twice := func(n int) int { return 1 + n/30%2 }
	for _, args := range [][]string{{"load", "--rate", "1k"}, {"load", "--rate", "1k", "--clients", "2"}} {
		r := reportOf(t, append(args, "--to", answers(t, twice), "-n", "60")...)
		s := r.Results[0].Runs[0]
		// The last ones may come when the run is over.
		if s.Messages != 60 || s.Latency.TotalCount() != 60 || s.Tally.Duplicated < 20 || s.Tally.Lost != 0 {
			t.Errorf("%v: %+v", args, s)
		}
	}
}

// A server that answers with something of its own cannot be timed against a
// schedule.
func TestReplyOfSomethingElse(t *testing.T) {
	rep := bound(t, newZ(t), zmq.Rep)
	go func() {
		for {
			if _, err := rep.Recv(context.Background()); err != nil || rep.Send(context.Background(), []byte("pong")) != nil {
				return
			}
		}
	}()
	status, _, errs := zbench("load", "--to", rep.LastEndpoint(), "--rate", "1k", "-n", "10")
	if status != 1 || !strings.Contains(errs, "answers with something else than the request") || !strings.Contains(errs, "hint: lat and req") {
		t.Errorf("status %d, %s", status, errs)
	}
	if status, _, errs = zbench("req", rep.LastEndpoint(), "-n", "10", "-q"); status != 0 || errs != "" {
		t.Errorf("status %d, %s", status, errs)
	}
}

// A PULL that takes nothing fills the queues; the end of the window is no reason
// to wait for room for ever.
func TestPeerThatTakesNothing(t *testing.T) {
	for _, length := range [][]string{{"-n", "10k"}, {"--duration", "300ms", "--warmup", "0"}} {
		pull := bound(t, newZ(t), zmq.Pull, set(t, map[zmq.Option]any{zmq.RcvHWM: 1}))
		args := append([]string{"thr", "--to", pull.LastEndpoint(), "--idle", "400ms", "--size", "64k", "-o", "sndhwm=1"}, length...)
		s, line := partial(t, 3, args...)
		if !strings.Contains(line, "no room at "+pull.LastEndpoint()+" in 400ms") || s.Sent == 0 {
			t.Errorf("%v: %+v, %q", length, s, line)
		}
	}
}

// A server that is to count more than comes says so, unless its end is that of its
// peers.
func TestSessionThatEndsEarly(t *testing.T) {
	for _, tt := range []struct {
		serve, load string
		flags       []string
		status      int
		why         string
	}{
		{"thr", "push", nil, 1, "the last peer went away after 20 of 50 messages"},
		{"lat", "req", nil, 1, "the last peer went away after 20 of 50 messages"},
		{"thr", "push", []string{"--until-peers-gone"}, 0, ""},
		{"lat", "req", []string{"--until-peers-gone"}, 0, ""},
	} {
		at := "ipc://" + filepath.Join(t.TempDir(), "early")
		loaded := make(chan string, 1)
		go func() {
			_, _, errs := zbench(tt.load, at, "-n", "20", "--size", "16", "-q")
			loaded <- errs
		}()
		args := append([]string{"serve", tt.serve, at, "-n", "50"}, tt.flags...)
		var s sample
		if tt.status == 0 {
			s = reportOf(t, args...).Results[0].Runs[0]
		} else {
			s, _ = partial(t, tt.status, args...)
		}
		if errs := <-loaded; errs != "" {
			t.Error(errs)
		}
		if s.Messages != 20 || s.Partial != tt.why {
			t.Errorf("%v: %d messages, partial %q, want %q", args, s.Messages, s.Partial, tt.why)
		}
	}
}

// A peer over ipc that has not read yet what was handed to the system keeps its
// connection until it has: a libzmq that has no room would drop the rest.
func TestPeerThatReadsLate(t *testing.T) {
	const messages, size = 20, 5000
	path := filepath.Join(t.TempDir(), "late")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	over := make(chan int, 1)
	go func() {
		status, _, _ := zbench("thr", "--to", "ipc://"+path, "-n", fmt.Sprint(messages), "--size", fmt.Sprint(size))
		over <- status
	}()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	greeting := make([]byte, 64)
	copy(greeting, "\xff\x00\x00\x00\x00\x00\x00\x00\x00\x7f\x03\x00NULL")
	if _, err := io.WriteString(c, string(greeting)+"\x04\x1a\x05READY\x0bSocket-Type\x00\x00\x00\x04PULL"); err != nil {
		t.Fatal(err)
	}
	late := time.NewTimer(50 * time.Millisecond)
	select {
	case status := <-over:
		t.Fatalf("ended with %d before its peer had read", status)
	case <-late.C:
	}
	if n, err := io.Copy(io.Discard, c); err != nil || n < messages*size {
		t.Errorf("read %d bytes, %v", n, err)
	}
	_ = c.Close()
	if status := <-over; status != 0 {
		t.Errorf("status %d", status)
	}
}

// The pauses of a slow schedule are no idleness.
func TestIdleIsMoreThanAPauseOfTheSchedule(t *testing.T) {
	r := reportOf(t, "load", "--rate", "4/s", "-n", "3", "--idle", "100ms", "--warmup", "0")
	if n := r.Results[0].Runs[0].Messages; n != 3 {
		t.Errorf("%d messages", n)
	}
}

// A publisher that says nothing is named.
func TestNothingArrives(t *testing.T) {
	pub := bound(t, newZ(t), zmq.Pub)
	for _, args := range [][]string{{"--idle", "100ms"}, {"--duration", "20ms"}} {
		status, _, errs := zbench(append([]string{"sub", pub.LastEndpoint()}, args...)...)
		if status != 3 || !strings.Contains(errs, "zbench: error: nothing arrived from "+pub.LastEndpoint()+" in ") {
			t.Errorf("%v: status %d, %s", args, status, errs)
		}
	}
}

// A peer that leaves half-way ends the run with status 1; the figures so far are
// printed, marked as partial.
func TestPeerThatLeaves(t *testing.T) {
	z := newZ(t)
	rep := bound(t, z, zmq.Rep)
	endpoint := rep.LastEndpoint()
	go func() {
		reply(rep, 50)
		rep.Close()
	}()
	s, line := partial(t, 1, "lat", "--to", endpoint, "-n", "1000")
	if want := "zbench: error: the peer at " + endpoint + " went away"; line != want || s.Messages != 50 && s.Messages != 49 {
		t.Errorf("%q, want %q; %+v", line, want, s)
	}
}

// loads are command lines for a peer at an endpoint, which they end with.
var loads = [][]string{{"thr", "--to"}, {"lat", "--to"}, {"load", "--rate", "1k", "--to"}, {"connect", "--to"}, {"req"}, {"push"}, {"sub"}}

// A program that speaks something else, or closes the connection, is named as such
// at once, with status 1.
func TestPeerThatIsNoZeroMQProgram(t *testing.T) {
	for _, greeting := range []string{"HTTP/1.0 400 Bad Request\r\n\r\n" + strings.Repeat("<p>not here</p>", 20), ""} {
		endpoint := "tcp://" + foreigner(t, greeting)
		for _, load := range loads {
			status, out, errs := zbench(append(load, endpoint, "--idle", "1m")...)
			told := strings.Contains(errs, "zbench: error: the peer at "+endpoint+" went away\n") ||
				strings.Contains(errs, "zbench: error: "+endpoint+" answers with something else than the request") ||
				strings.Contains(errs, "zbench: error: "+endpoint+" broke the protocol: ")
			if greeting == "" {
				told = out == "" && strings.Contains(errs, "zbench: error: "+endpoint+" closed the connection before its handshake was done\n")
			}
			if status != 1 || !told {
				t.Errorf("%v: status %d, %q, %q", load, status, out, errs)
			}
		}
	}
}

// foreigner says something to everybody who connects, and closes.
func foreigner(t *testing.T, greeting string) (addr string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, greeting)
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}

// A peer that wants CURVE, or has another key, refuses: status 4.
func TestPeerThatRefuses(t *testing.T) {
	pair := curve.Generate()
	server := set(t, map[zmq.Option]any{zmq.CurveServer: true, zmq.CurveSecretKey: pair.Secret.Text()})
	endpoint := bound(t, newZ(t), zmq.Router, server).LastEndpoint()
	for _, load := range [][]string{{"lat", "--to"}, {"load", "--rate", "1k", "--to"}, {"connect", "--to"}, {"req"}} {
		for _, key := range [][]string{nil, {"--server-key", curve.Generate().Public.Text()}} {
			status, out, errs := zbench(slices.Concat(load, []string{endpoint, "--idle", "1m"}, key)...)
			if status != 4 || out != "" {
				t.Errorf("%v %v: status %d, %q, %q", load, key, status, out, errs)
			}
		}
	}
}
