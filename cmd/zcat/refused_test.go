package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ztools/lib/cli"
	"ztools/lib/cli/clitest"
	"ztools/lib/curve"
	"ztools/lib/secret"
	"ztools/lib/zmq"
)

// greeting is a ZMTP 3.0 greeting with a mechanism (RFC 23).
func greeting(mechanism string) []byte {
	g := make([]byte, 64)
	copy(g, "\xff\x00\x00\x00\x00\x00\x00\x00\x00\x7f\x03\x00"+mechanism)
	return g
}

// A peer that does not want us, or whom we cannot trust, ends the run at once
// instead of leaving it waiting for a connection that is never tried again.
func TestUnwelcome(t *testing.T) {
	password := filepath.Join(t.TempDir(), "password")
	if err := secret.Create(password, []byte("hunter2"), secret.Mode); err != nil {
		t.Fatal(err)
	}
	curved := []string{"--server-key", curve.Generate().Public.Text()}
	plain := []string{"--plain-user", "joe", "--plain-password-file", password}
	command := func(body string) string { return "\x04" + string(rune(len(body))) + body }
	const welcome = "\x07WELCOME"
	for _, test := range []struct {
		name   string
		flags  []string
		answer string
		status int
		text   string
	}{
		{"authentication", nil, string(greeting("NULL")) + command("\x05ERROR\x03400"), cli.StatusRefused, "refused us"},
		{"no ZeroMQ", nil, "\xffTTP/1.1 400 Bad Request\r\nServer: something that speaks no ZMTP at all\r\n\r\n", cli.StatusFailed, "handshake with"},
		{"no security", curved, string(greeting("NULL")), cli.StatusRefused, "another security mechanism"},
		{"a version without security", curved, "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x01\x07\x00\x00", cli.StatusRefused, "which has no security"},
		{"another server", curved, string(greeting("CURVE")) + "\x06\x00\x00\x00\x00\x00\x00\x00\xa8" + welcome + strings.Repeat("x", 160), cli.StatusRefused, "cannot be trusted"},
		{"a WELCOME cut short", curved, string(greeting("CURVE")) + command(welcome+"x"), cli.StatusRefused, "cannot be trusted"},
		{"endless WELCOME", curved, string(greeting("CURVE")) + "\x06\x00\x00\x01\x00\x00\x00\x00\x00" + welcome, cli.StatusRefused, "no security handshake"},
		{"unknown command", plain, string(greeting("PLAIN")) + command("\x04HOLA"), cli.StatusRefused, "no security handshake"},
		{"WELCOME with something behind", plain, string(greeting("PLAIN")) + command(welcome+"x"), cli.StatusRefused, "no security handshake"},
		{"a READY cut short", plain, string(greeting("PLAIN")) + command(welcome) + command("\x05READY\x0bSocket-Type\x00\x00\x00\x04PUL"), cli.StatusRefused, "no security handshake"},
		{"another type", plain, string(greeting("PLAIN")) + command(welcome) + command("\x05READY\x0bSocket-Type\x00\x00\x00\x03SUB"), cli.StatusFailed, "of a type that fits"},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := append([]string{"push", "tcp://" + answering(t, []byte(test.answer)), "-d", "x", "--linger", "0"}, test.flags...)
			expectFailure(t, args, test.status, test.text)
		})
	}
}

// expectFailure runs zcat, which ends with that status and one sentence, in which
// there is the text.
func expectFailure(t *testing.T, args []string, status int, text string) {
	t.Helper()
	var stderr bytes.Buffer
	got := newTool().Main(slices.Concat([]string{"zcat", "--timeout", "60s"}, args),
		cli.Stdio{In: strings.NewReader(""), Out: io.Discard, Err: &stderr})
	if said := stderr.String(); got != status || strings.Count(said, "error:") != 1 || !strings.Contains(said, text) {
		t.Errorf("status %d, %s", got, said)
	}
}

// Whoever sends sealed messages a second time, on the way, ends the run.
func TestReplay(t *testing.T) {
	z := zmq.NewContext()
	defer z.Close()
	push, err := z.NewSocket(zmq.Push)
	if err != nil {
		t.Fatal(err)
	}
	defer push.Close()
	keys := curve.Generate()
	for id, value := range map[zmq.Option]any{zmq.CurveServer: true, zmq.CurveSecretKey: keys.Secret[:], zmq.Linger: 0} {
		if err := push.Set(id, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := push.Bind("tcp://127.0.0.1:*"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	sent := make(chan error, 1)
	go func() { sent <- push.Send(ctx, []byte("x")) }()
	args := []string{"pull", "-c", clitest.Relay(t, push.LastEndpoint(), nil, repeated), "-n", "3", "--server-key", keys.Public.Text()}
	expectFailure(t, args, cli.StatusRefused, "sends its messages again")
	cancel()
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

// repeated gives each sealed message twice.
func repeated(b []byte) []byte {
	at := bytes.Index(b, []byte("\x07MESSAGE"))
	if at < 2 {
		return b
	}
	return slices.Concat(b, b[at-2:]) // with its header, which is short
}

// answering listens for one connection, answers it with bytes and reads until
// the other side closes.
func answering(t *testing.T, answer []byte) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		if _, err := conn.Write(answer); err == nil {
			io.Copy(io.Discard, conn)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return l.Addr().String()
}
