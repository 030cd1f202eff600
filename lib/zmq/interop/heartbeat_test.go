//go:build unix

package interop_test

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"ztools/lib/zmq"
)

// beating are options that find a silent peer soon.
var beating = []any{zmq.HeartbeatIvl, 50, zmq.HeartbeatTimeout, 200, zmq.ReconnectIvl, 20}

// TestHeartbeatFindsSilence stops a process: the other side's heartbeats go
// unanswered and end the connection. When the process goes on, so does the
// traffic.
func TestHeartbeatFindsSilence(t *testing.T) {
	for _, silent := range []string{python, node, ownBinary} {
		for _, binds := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s binds %t", silent, binds), func(t *testing.T) {
				p, watcher := start(t, silent), party(newOurs(t))
				if silent == ownBinary {
					watcher = start(t, python)
				}
				a, b := open(t, watcher, "DEALER", beating...), open(t, p, "DEALER", zmq.ReconnectIvl, 20)
				silence(t, p, a, b, binds)
			})
		}
	}
}

// TestHeartbeatTTL stops the process that sends the heartbeats: the other side
// ends the connection because the TTL that they announced runs out.
func TestHeartbeatTTL(t *testing.T) {
	for _, silent := range []string{python, ownBinary} {
		t.Run(silent, func(t *testing.T) {
			p, watcher := start(t, silent), party(newOurs(t))
			if silent == ownBinary {
				watcher = start(t, python)
			}
			a := open(t, watcher, "DEALER", zmq.ReconnectIvl, 20)
			b := open(t, p, "DEALER", zmq.HeartbeatIvl, 50, zmq.HeartbeatTTL, 300, zmq.ReconnectIvl, 20)
			silence(t, p, a, b, true)
		})
	}
}

// stays watches that a connection lives through ten heartbeats.
func stays(t *testing.T, e end) {
	t.Helper()
	if seen, err := e.Watch(10*50*time.Millisecond, "DISCONNECTED"); !errors.Is(err, zmq.EAGAIN) {
		t.Fatalf("events %v, %v", seen, err)
	}
}

// silence joins a with b, which lives in p, and stops p until a notices.
func silence(t *testing.T, p *process, a, b end, bBinds bool) {
	t.Helper()
	a.monitor()
	if bBinds {
		a.connect(b.bind("tcp://127.0.0.1:*"))
	} else {
		b.connect(a.bind("tcp://127.0.0.1:*"))
	}
	bothWays(a, b, [][][]byte{{[]byte("before")}})
	a.await("HANDSHAKE_SUCCEEDED")
	stays(t, a)
	if err := p.command.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	a.await("DISCONNECTED")
	if err := p.command.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	a.await("HANDSHAKE_SUCCEEDED")
	// The first message may go to the connection that p does not yet know to be gone.
	for limit := time.Now().Add(patience); ; {
		b.send("after")
		parts, err := a.Recv(100 * time.Millisecond)
		if err == nil && string(parts[0]) == "after" {
			return
		}
		if !errors.Is(err, zmq.EAGAIN) || time.Now().After(limit) {
			t.Fatalf("received %s, %v", shown(parts), err)
		}
	}
}

// TestHeartbeatKeepsQuietPeers: where both sides answer, nothing ends a
// connection without traffic.
func TestHeartbeatKeepsQuietPeers(t *testing.T) {
	forEachSide(t, func(t *testing.T, a, b party) {
		for name, options := range map[string][]any{"one side beats": nil, "both beat": beating} {
			t.Run(name, func(t *testing.T) {
				beats, answers := open(t, a, "DEALER", beating...), open(t, b, "DEALER", options...)
				beats.monitor()
				answers.connect(beats.bind("tcp://127.0.0.1:*"))
				bothWays(beats, answers, [][][]byte{{[]byte("before")}})
				beats.await("HANDSHAKE_SUCCEEDED")
				stays(t, beats)
				bothWays(beats, answers, [][][]byte{{[]byte("after")}})
			})
		}
	})
}
