package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// A program may pass on the messages of its monitor, in libzmq's two forms, or
// publish JSON; attach tells the same of all.
func TestAttachReadsEveryForm(t *testing.T) {
	for name, forward := range map[string]func(t *testing.T, sock, pub *zmq.Socket, z *zmq.Context) (next func()){
		"v1": frames(1),
		"v2": frames(2),
		"JSON": func(_ *testing.T, sock, pub *zmq.Socket, _ *zmq.Context) func() {
			sock.PublishEvents(pub)
			return func() {}
		},
	} {
		t.Run(name, func(t *testing.T) {
			z := zmq.NewContext()
			t.Cleanup(func() { z.Close() }) // after the sockets
			pub, sock := open(t, z, zmq.XPub), open(t, z, zmq.Pull)
			if err := pub.Bind("tcp://127.0.0.1:*"); err != nil {
				t.Fatal(err)
			}
			next := forward(t, sock, pub, z)
			var out, stderr bytes.Buffer
			ended := make(chan int, 1)
			go func() {
				args := []string{"zmonitor", "attach", pub.LastEndpoint(), "--json", "--timeout", "1m", "--count", "1"}
				ended <- newTool().Main(args, cli.Stdio{In: strings.NewReader(""), Out: &out, Err: &stderr})
			}()
			if m, err := pub.Recv(t.Context()); err != nil || string(m[0]) != "\x01" {
				t.Fatalf("%q, %v", m, err) // not the subscription
			}
			if err := sock.Bind("tcp://127.0.0.1:*"); err != nil {
				t.Fatal(err)
			}
			next()
			if status := <-ended; status != 0 {
				t.Fatalf("status %d, %s", status, stderr.String())
			}
			var ev struct {
				Event    string
				Value    int
				Endpoint string
				Local    string
			}
			if err := json.Unmarshal(out.Bytes(), &ev); err != nil {
				t.Fatalf("%q: %v", out.String(), err)
			}
			if ev.Event != "LISTENING" || ev.Value <= 0 || ev.Endpoint != sock.LastEndpoint() {
				t.Errorf("%+v, want an endpoint %s", ev, sock.LastEndpoint())
			}
		})
	}
}

// frames passes on the messages of a monitor of that version.
func frames(version int) func(*testing.T, *zmq.Socket, *zmq.Socket, *zmq.Context) func() {
	return func(t *testing.T, sock, pub *zmq.Socket, z *zmq.Context) func() {
		name := fmt.Sprintf("inproc://v%d", version)
		if err := sock.MonitorVersioned(name, zmq.AllEvents, version, zmq.Pair); err != nil {
			t.Fatal(err)
		}
		events := open(t, z, zmq.Pair)
		if err := events.Connect(name); err != nil {
			t.Fatal(err)
		}
		return func() {
			parts, err := events.Recv(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := pub.Send(t.Context(), parts...); err != nil {
				t.Fatal(err)
			}
		}
	}
}
