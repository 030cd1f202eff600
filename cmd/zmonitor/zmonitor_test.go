package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"ztools/lib/cli"
	"ztools/lib/cli/clitest"
	"ztools/lib/curve"
	"ztools/lib/zmq"
)

func TestMain(m *testing.M) { clitest.Main(m, newTool()) }

func TestScripts(t *testing.T) { clitest.Scripts(t, newTool(), "zcat", "zkeygen") }

func TestManual(t *testing.T) { clitest.Manual(t, newTool()) }

func TestExamples(t *testing.T) {
	clitest.Examples(t, newTool(), func(string) bool { return false })
}

// probe runs the tool with --json.
func probe(t *testing.T, args ...string) (status int, found findingJSON, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	args = append([]string{"zmonitor", "probe", "--json"}, args...)
	status = newTool().Main(args, cli.Stdio{In: strings.NewReader(""), Out: &out, Err: &err})
	if e := json.Unmarshal(out.Bytes(), &found); e != nil {
		t.Fatalf("%q: %v", out.String(), e)
	}
	return status, found, err.String()
}

// raw is a TCP server that treats every connection in the same way, and its
// endpoint.
func raw(t *testing.T, serve func(net.Conn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serve(c)
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return "tcp://" + l.Addr().String()
}

// say sends text and waits until the peer leaves.
func say(text string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, text)
		_, _ = io.Copy(io.Discard, c)
	}
}

// greeting is the beginning of a ZMTP 3.1 greeting with a mechanism.
func greeting(mechanism string) string {
	return "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x01" + mechanism + strings.Repeat("\x00", 52-len(mechanism))
}

func TestFailuresAreExplained(t *testing.T) {
	for _, test := range []struct {
		name   string
		serve  func(net.Conn)
		status int
		kind   string
		reason string
	}{
		{"HTTP", say("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"), 1, failedProtocol, "speaks HTTP"},
		{"SSH", say("SSH-2.0-OpenSSH_9.6\r\n"), 1, failedProtocol, "speaks SSH"},
		{"hangs up", func(c net.Conn) {}, 1, failedClosed, "closes the connection"},
		{"says nothing", say(""), 3, failedTimeout, "says nothing of ZMTP"},
		{"other mechanism", say(greeting("CURVE")), 4, failedMechanism, "with the mechanism CURVE"},
		{"malformed", say(greeting("NULL") + "\x04\x03\x05HI"), 1, failedProtocol, "speaks ZMTP 3.1, but breaks its rules: "},
		{"malformed metadata", say(greeting("NULL") + "\x04\x09\x05READY\x09So"), 1, failedProtocol, "speaks ZMTP 3.1, but breaks its rules: handshake: malformed metadata"},
		{"old, where we want more", say("\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x01\x05\x01\x00"), 4, failedMechanism, "of ZMTP 2.0, which has no security"},
		{"nothing, where we want more", say("HELO\r\n"), 4, failedProtocol, "speaks no ZMTP"},
		{"old and anonymous", say("\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x00\x05\x01\x00"), 0, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			limit := "1m"
			if test.status == cli.StatusTimeout {
				limit = "50ms"
			}
			args := []string{raw(t, test.serve), "--timeout", limit}
			if strings.Contains(test.name, "want more") {
				args = append(args, "--server-key", curve.Generate().Public.Text())
			}
			status, found, stderr := probe(t, args...)
			if status != test.status || found.OK != (test.status == 0) || found.Failure != test.kind || !strings.Contains(found.Reason, test.reason) {
				t.Errorf("status %d, %+v", status, found)
			}
			if !strings.Contains(stderr, found.Reason) || strings.Count(stderr, "\n") > 2 {
				t.Errorf("stderr: %q", stderr)
			}
		})
	}
}

// A port where nobody listens any more.
func TestRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	endpoint := "tcp://" + l.Addr().String()
	l.Close()
	status, found, _ := probe(t, endpoint)
	if status != cli.StatusFailed || found.Failure != failedRefused {
		t.Errorf("status %d, %+v", status, found)
	}
	status, found, _ = probe(t, endpoint, "--wait", "--timeout", "50ms")
	if status != cli.StatusTimeout || found.Failure != failedTimeout || !strings.Contains(found.Reason, "refused") {
		t.Errorf("with --wait: status %d, %+v", status, found)
	}
}

// Every type of peer is found, and none of them gives a probe its messages.
func TestProbeFindsTypes(t *testing.T) {
	// Those that a candidate fits stay, and answer a PING.
	answering := []zmq.Type{zmq.Rep, zmq.Router, zmq.Pub, zmq.XPub, zmq.Pull, zmq.Sub, zmq.XSub}
	for typ := zmq.Pair; typ <= zmq.Channel; typ++ {
		if typ == zmq.Stream || typ == zmq.Dgram { // which speak no ZMTP
			continue
		}
		t.Run(typ.String(), func(t *testing.T) {
			z := zmq.NewContext()
			defer z.Close()
			s, err := z.NewSocket(typ)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := s.Bind("tcp://127.0.0.1:*"); err != nil {
				t.Fatal(err)
			}
			status, found, stderr := probe(t, s.LastEndpoint())
			if status != 0 || !found.OK || found.SocketType != typ.String() || found.Mechanism != "NULL" ||
				(found.RoundTripMS != "") != slices.Contains(answering, typ) {
				t.Errorf("status %d, %+v, %s", status, found, stderr)
			}
		})
	}
}

func TestEventNames(t *testing.T) {
	for _, name := range eventNames() {
		for _, text := range []string{name, strings.ToUpper(name), "ZMQ_EVENT_" + strings.ReplaceAll(name, "-", "_")} {
			if k, err := parseEvent(text); err != nil || eventName(k) != name {
				t.Errorf("%s: %v, %v", text, k, err)
			}
		}
	}
	if k, err := parseEvent("stopped"); err == nil {
		t.Errorf("%v is taken for an event", k)
	}
}

func TestOtherServersAreKnown(t *testing.T) {
	silent := log.New(io.Discard, "", 0)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = silent
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for endpoint, want := range map[string]string{
		"tcp://" + secure.Listener.Addr().String(): " speaks TLS, not ZMTP",
		"tcp://" + plain.Listener.Addr().String():  " speaks HTTP, not ZMTP",
		raw(t, say("SSH-2.0-OpenSSH_9.6\r\n")):     " speaks SSH, not ZMTP",
	} {
		status, found, _ := probe(t, endpoint, "--timeout", "1m")
		if status != 1 || found.Failure != failedProtocol || found.Reason != endpoint+want {
			t.Errorf("status %d, %+v, want %s", status, found, want)
		}
	}
}
