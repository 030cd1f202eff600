package ztest

import (
	"net"
	"strings"
	"sync"
	"testing"
)

// Relay stands between one client and the server at a tcp endpoint: what the
// client sends goes through out, what the server sends through back; nil leaves
// it as it is. It returns the endpoint where it listens, and ends with its
// connections.
func Relay(t *testing.T, endpoint string, out, back func(b []byte) []byte) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	t.Cleanup(func() { l.Close(); running.Wait() })
	running.Go(func() {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", strings.TrimPrefix(endpoint, "tcp://"))
		if err != nil {
			client.Close()
			return
		}
		running.Go(func() { pass(client, server, back) })
		pass(server, client, out)
	})
	return "tcp://" + l.Addr().String()
}

// pass copies until either connection ends, and then closes both.
func pass(to, from net.Conn, alter func(b []byte) []byte) {
	defer to.Close()
	defer from.Close()
	for buf := make([]byte, 1<<16); ; {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		b := buf[:n]
		if alter != nil {
			b = alter(b)
		}
		if _, err := to.Write(b); err != nil {
			return
		}
	}
}
