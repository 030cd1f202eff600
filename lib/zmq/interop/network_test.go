package interop_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"ztools/lib/zmq"
)

// forEachRoute runs a test over every transport that two parties can use, with
// the first socket bound, and with the second bound after the first connected.
func forEachRoute(t *testing.T, a, b party, test func(t *testing.T, join func(a, b end))) {
	for transport, endpoint := range endpoints(t, a, b) {
		t.Run(transport+" first binds", func(t *testing.T) {
			test(t, func(a, b end) { b.connect(a.bind(endpoint)) })
		})
		t.Run(transport+" first connects", func(t *testing.T) {
			endpoint := freeEndpoint(t, transport)
			test(t, func(a, b end) {
				a.set(zmq.ReconnectIvl, 10)
				a.connect(endpoint)
				b.bind(endpoint)
			})
		})
	}
}

// freeEndpoint is an endpoint where nobody listens yet.
func freeEndpoint(t *testing.T, transport string) string {
	switch transport {
	case "tcp":
		return closedPort(t)
	case "ws":
		return strings.Replace(closedPort(t), "tcp:", "ws:", 1)
	case "ipc":
		return "ipc://" + shortDir(t) + "/free"
	}
	return "inproc://" + t.Name()
}

// TestLingerLosesNothing: all that was sent before close arrives.
func TestLingerLosesNothing(t *testing.T) {
	const count = 100_000
	forEachSide(t, func(t *testing.T, a, b party) {
		forEachRoute(t, a, b, func(t *testing.T, join func(a, b end)) {
			push, pull := open(t, a, "PUSH", zmq.SndHWM, 0), open(t, b, "PULL")
			join(push, pull)
			push.produce(0, count)
			push.check(push.Close(-1), "close")
			pull.expectRuns(count, run{0, count - 1})
		})
	})
}

// TestReplyBeforeClose: a reply and the close that follows it do not overtake
// each other.
func TestReplyBeforeClose(t *testing.T) {
	forEachSide(t, func(t *testing.T, a, b party) {
		forEachRoute(t, a, b, func(t *testing.T, join func(a, b end)) {
			rep, req := open(t, a, "REP"), open(t, b, "REQ")
			join(rep, req)
			req.send("question")
			rep.expect("question")
			rep.sendBytes(pattern(1 << 20))
			rep.check(rep.Close(-1), "close")
			req.expectBytes(pattern(1 << 20))
		})
	})
}

// TestConnectBeforeBind: what was sent while nobody listened arrives.
func TestConnectBeforeBind(t *testing.T) {
	forEachSide(t, func(t *testing.T, a, b party) {
		for _, transport := range []string{"tcp", "ipc"} {
			t.Run(transport, func(t *testing.T) {
				push, pull := open(t, a, "PUSH", zmq.ReconnectIvl, 10), open(t, b, "PULL")
				push.monitor()
				endpoint := freeEndpoint(t, transport)
				push.connect(endpoint)
				push.send("early", "bird")
				push.await("CONNECT_RETRIED")
				pull.bind(endpoint)
				pull.expect("early", "bird")
			})
		}
	})
}

// TestMaxMsgSize: a part above the limit costs its connection, which is made
// again; the rest of the queue arrives.
func TestMaxMsgSize(t *testing.T) {
	forEachSide(t, func(t *testing.T, a, b party) {
		pull := open(t, a, "PULL", zmq.MaxMsgSize, 1000)
		push := open(t, b, "PUSH", zmq.ReconnectIvl, 10)
		pull.monitor()
		push.connect(pull.bind("tcp://127.0.0.1:*"))
		push.sendBytes(pattern(1000), pattern(1000))
		pull.expectBytes(pattern(1000), pattern(1000))
		push.sendBytes(pattern(1), pattern(1001))
		pull.await("DISCONNECTED")
		pull.await("HANDSHAKE_SUCCEEDED")
		push.send("after")
		pull.expect("after")
	})
}

// TestHighWaterOverNetwork: how much a sender may send to a receiver that does
// not read depends on the kernel's buffers, so the two are only compared
// roughly. Bodies are large to make the limits weigh more than the buffers.
func TestHighWaterOverNetwork(t *testing.T) {
	for _, transport := range []string{"tcp", "ipc"} {
		t.Run(transport, func(t *testing.T) {
			libzmq, us := start(t, python), newOurs(t)
			counts := map[string]int{}
			for name, parties := range map[string][2]party{
				"libzmq to libzmq": {libzmq, libzmq}, "ours to ours": {us, us},
				"ours to libzmq": {us, libzmq}, "libzmq to ours": {libzmq, us},
			} {
				push := open(t, parties[0], "PUSH", zmq.SndHWM, 20, zmq.SndBuf, 1<<16)
				pull := open(t, parties[1], "PULL", zmq.RcvHWM, 20, zmq.RcvBuf, 1<<16)
				push.connect(pull.bind(endpoints(t, libzmq, us)[transport]))
				for {
					if err := push.Send(300*time.Millisecond, pattern(1<<18)); err != nil {
						break
					}
					counts[name]++
				}
				for range counts[name] {
					pull.expectBytes(pattern(1 << 18))
				}
			}
			t.Log(counts)
			for name, count := range counts {
				if want := counts["libzmq to libzmq"]; count < 40 || count > want+10 {
					t.Errorf("%s took %d messages, libzmq alone %d", name, count, want)
				}
			}
		})
	}
}

// TestStreamToStream: bytes go both ways between STREAM sockets, and an empty
// part ends the connection.
func TestStreamToStream(t *testing.T) {
	forEachSide(t, func(t *testing.T, a, b party) {
		server, client := open(t, a, "STREAM"), open(t, b, "STREAM")
		client.connect(server.bind("tcp://127.0.0.1:*"))
		toServer, toClient := client.recv()[0], server.recv()[0]
		client.sendBytes(toServer, pattern(20000))
		for got := []byte(nil); len(got) < 20000; {
			got = append(got, server.recv()[1]...)
			if string(got) != string(pattern(len(got))) {
				t.Fatal("bytes changed on the way")
			}
		}
		server.sendBytes(toClient, []byte("hello"))
		client.expectBytes(toServer, []byte("hello"))
		server.sendBytes(toClient, nil)
		for {
			settle(server)
			parts, err := client.Recv(10 * time.Millisecond)
			if err == nil {
				if len(parts[1]) != 0 {
					t.Fatalf("received %s", shown(parts))
				}
				return
			}
			if !errors.Is(err, zmq.EAGAIN) {
				t.Fatal(err)
			}
		}
	})
}
