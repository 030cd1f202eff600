package main

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"

	"ztools/lib/cli"
)

// greeting is a ZMTP 3.0 greeting with the mechanism NULL (RFC 23).
func greeting() []byte {
	g := make([]byte, 64)
	copy(g, "\xff\x00\x00\x00\x00\x00\x00\x00\x00\x7f\x03\x00NULL")
	return g
}

// A peer that does not want us ends the run at once instead of leaving it
// waiting for a connection that is never tried again.
func TestUnwelcome(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer []byte
		status int
		text   string
	}{
		{"authentication", append(greeting(), "\x04\x0a\x05ERROR\x03400"...), cli.StatusRefused, "refused us"},
		{"no ZeroMQ", []byte("\xffTTP/1.1 400 Bad Request\r\nServer: something that speaks no ZMTP at all\r\n\r\n"), cli.StatusFailed, "handshake with"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stderr bytes.Buffer
			status := newTool().Main(
				[]string{"zcat", "push", "tcp://" + answering(t, test.answer), "-d", "x", "--timeout", "20s", "--linger", "0"},
				cli.Stdio{In: strings.NewReader(""), Out: io.Discard, Err: &stderr})
			if status != test.status || !strings.Contains(stderr.String(), test.text) {
				t.Errorf("status %d, %s", status, stderr.String())
			}
		})
	}
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
