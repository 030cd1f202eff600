package zmq_test

import (
	"testing"
	"time"

	"ztools/lib/internal/ztest"
	"ztools/lib/zmq"
)

// A KDC that says nothing keeps nobody from leaving, and is waited for as long as
// HANDSHAKE_IVL says.
func TestSilentKDC(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			asked := ztest.SilentKDC(t, network)
			c := newContext(t)
			pull := open(t, c, zmq.Pull, zmq.GSSAPIServer, true)
			bind(t, pull, "tcp://127.0.0.1:*")
			client := []any{zmq.GSSAPIPrincipal, "alice", zmq.GSSAPIPrincipalNametype, 1, zmq.GSSAPIServicePrincipal, "zmq@localhost"}

			push := open(t, c, zmq.Push, append(client, zmq.HandshakeIvl, 100)...)
			events := watch(t, push)
			connect(t, push, pull.LastEndpoint())
			<-asked
			if ev := awaitEvent(t, events, zmq.HandshakeFailedNoDetail); ev.Value != int(zmq.ETIMEDOUT) {
				t.Errorf("the handshake fails with %v", zmq.Errno(ev.Value))
			}
			awaitEvent(t, events, zmq.Disconnected)
			push.Close()
			for range len(asked) {
				<-asked
			}

			other := zmq.NewContext()
			push = open(t, other, zmq.Push, append(client, zmq.Linger, 0)...)
			connect(t, push, pull.LastEndpoint())
			<-asked
			begin := time.Now()
			push.Close()
			other.Close()
			if took := time.Since(begin); took > 2*time.Second { // one KDC is given 5 s
				t.Errorf("Close waits %v", took)
			}
		})
	}
}
