package zmq_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ztools/lib/internal/ztest"
	"ztools/lib/zmq"
)

// badPeers are what peers may send that do not keep to ZMTP, or stop in the
// middle. A PULL ends each of their connections: at once, or when HANDSHAKE_IVL
// has run out.
var badPeers = []struct {
	name  string
	bytes string
}{
	{"nothing", ""},
	{"half a signature", "\xff\x00\x00"},
	{"signature without version", "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f"},
	{"half a greeting", string(ztest.Greeting("NULL")[:40])},
	{"no ready", string(ztest.Greeting("NULL"))},
	{"half a ready", string(ztest.Greeting("NULL")) + string(ztest.Ready("PUSH", "")[:10])},
	{"zeros", strings.Repeat("\x00", 100)},
	{"another mechanism", string(ztest.Greeting("MAGIC"))},
	{"another type", string(ztest.Greeting("NULL")) + string(ztest.Ready("SUB", ""))},
	{"unknown command", string(ztest.Greeting("NULL")) + string(ztest.Frame(4, "\x03FOO"))},
	{"command without name", string(ztest.Greeting("NULL")) + string(ztest.Frame(4, ""))},
	{"name longer than its frame", string(ztest.Greeting("NULL")) + string(ztest.Frame(4, "\xffREADY"))},
	{"property longer than its frame", string(ztest.Greeting("NULL")) + string(ztest.Frame(4, "\x05READY\x01a\x7f\xff\xff\xff"))},
	{"endless ready", string(ztest.Greeting("NULL")) + "\x06\x7f\xff\xff\xff\xff\xff\xff\xff"},
	{"message too long", string(ztest.Greeting("NULL")) + string(ztest.Ready("PUSH", "")) + "\x02\x00\x00\x00\x00\x00\x01\x00\x01"},
	{"endless message", string(ztest.Greeting("NULL")) + string(ztest.Ready("PUSH", "")) + "\x02\xff\xff\xff\xff\xff\xff\xff\xff"},
}

// network splits an endpoint for package net.
func network(endpoint string) (kind, address string) {
	if path, ok := strings.CutPrefix(endpoint, "ipc://"); ok {
		return "unix", path
	}
	return "tcp", strings.TrimPrefix(endpoint, "tcp://")
}

// misbehave connects, sends bytes and waits for the other side to hang up.
func misbehave(endpoint, bytes string) error {
	kind, address := network(endpoint)
	conn, err := net.Dial(kind, address)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, bytes); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, conn)
	if errors.Is(err, syscall.ECONNRESET) { // it did not want to read the rest
		return nil
	}
	return err
}

// TestBadPeersCostOnlyTheirConnection: all the bad peers at once, several of
// each, while a good one sends. Its messages all come, and afterwards no
// goroutine is left of the bad ones.
func TestBadPeersCostOnlyTheirConnection(t *testing.T) {
	const writers = 2 // of the good connection; they come and go with the traffic
	for _, endpoint := range []string{"tcp://127.0.0.1:*", "ipc://" + shortDir(t) + "/s"} {
		t.Run(endpoint[:3], func(t *testing.T) {
			c := newContext(t)
			pull := open(t, c, zmq.Pull, zmq.HandshakeIvl, 100, zmq.MaxMsgSize, 1<<16)
			push := open(t, c, zmq.Push)
			join(t, pull, push, endpoint)
			for _, text := range []string{"first", "second"} { // by the second at the latest all goroutines of push are there
				send(t, push, text)
				expect(t, pull, text)
			}
			before := runtime.NumGoroutine()
			var bad sync.WaitGroup
			for _, peer := range badPeers {
				for range 3 {
					bad.Go(func() {
						if err := misbehave(pull.LastEndpoint(), peer.bytes); err != nil {
							t.Errorf("%s: %v", peer.name, err)
						}
					})
				}
			}
			done := make(chan struct{})
			go func() { bad.Wait(); close(done) }()
			for n := 0; ; n++ {
				send(t, push, fmt.Sprint(n), "whole")
				expect(t, pull, fmt.Sprint(n), "whole")
				select {
				case <-done:
					expectGoroutines(t, before+writers)
					return
				default:
				}
			}
		})
	}
}

// expectGoroutines waits until there are no more goroutines than that.
func expectGoroutines(t *testing.T, most int) {
	t.Helper()
	for limit := time.Now().Add(patience); runtime.NumGoroutine() > most; runtime.Gosched() {
		if time.Now().After(limit) {
			t.Fatalf("%d goroutines, at most %d expected", runtime.NumGoroutine(), most)
		}
	}
}

// TestAnnouncedLengthCostsNothing: a peer announces an enormous message and sends
// a few bytes of it. Without MAXMSGSIZE that is no error, and memory grows with
// the bytes that come only.
func TestAnnouncedLengthCostsNothing(t *testing.T) {
	const peers = 20
	c := newContext(t)
	pull := open(t, c, zmq.Pull)
	bind(t, pull, "tcp://127.0.0.1:*")
	for range peers {
		peer := ztest.Dial(t, "tcp", strings.TrimPrefix(pull.LastEndpoint(), "tcp://"))
		peer.Shake("PUSH", "")
		peer.Send(ztest.Frame(0, "short"), []byte("\x02\x00\x00\x00\xff\xff\xff\xff\xff"+"some bytes"), nil)
	}
	for range peers {
		expect(t, pull, "short")
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapInuse > 256<<20 {
		t.Errorf("%d bytes in use for %d peers", m.HeapInuse, peers)
	}
}

// TestHalfAMessageIsNeverSeen: a peer dies in the middle of a multipart message;
// the receiver gets nothing of it.
func TestHalfAMessageIsNeverSeen(t *testing.T) {
	c := newContext(t)
	pull := open(t, c, zmq.Pull)
	events := pull.Events(deadline(t))
	bind(t, pull, "tcp://127.0.0.1:*")
	peer := ztest.Dial(t, "tcp", strings.TrimPrefix(pull.LastEndpoint(), "tcp://"))
	peer.Shake("PUSH", "")
	peer.Send(ztest.Frame(0, "whole"), ztest.Frame(1, "half"), ztest.Frame(1, strings.Repeat("x", 200)))
	expect(t, pull, "whole")
	peer.Close()
	for e := range events {
		if e.Kind == zmq.Disconnected {
			break
		}
	}
	push := open(t, c, zmq.Push)
	connect(t, push, pull.LastEndpoint())
	send(t, push, "next")
	expect(t, pull, "next")
	if parts, err := pull.TryRecv(); !errors.Is(err, zmq.EAGAIN) {
		t.Errorf("received %q, %v", parts, err)
	}
}
