package zmq_test

import (
	"fmt"
	"testing"
	"time"

	"ztools/lib/internal/ztest"
	"ztools/lib/zmq"
)

// kerberosClient are the options of a client with the name alice.
var kerberosClient = []any{zmq.GSSAPIPrincipal, "alice", zmq.GSSAPIPrincipalNametype, 1, zmq.GSSAPIServicePrincipal, "zmq@localhost"}

// Subscriptions come again, whole, after a reconnect (ccfe5082).
func TestGSSAPISubscribesAgain(t *testing.T) {
	ztest.KDC(t, "aes256-cts-hmac-sha1-96", "alice", "zmq/localhost")
	for _, plaintext := range []bool{false, true} {
		c := newContext(t)
		sub := open(t, c, zmq.Sub, append(kerberosClient, zmq.GSSAPIPlaintext, plaintext, zmq.Subscribe, "topic", zmq.ReconnectIvl, 10)...)
		endpoint := "tcp://127.0.0.1:*"
		for i := range 3 {
			pub := open(t, c, zmq.XPub, zmq.GSSAPIServer, true, zmq.GSSAPIPlaintext, plaintext)
			bind(t, pub, endpoint)
			if i == 0 {
				endpoint = pub.LastEndpoint()
				connect(t, sub, endpoint)
			}
			received := make(chan string)
			go func() { // a socket that nobody calls does not subscribe again
				parts, err := sub.Recv(deadline(t))
				received <- fmt.Sprintf("%s %v", parts, err)
			}()
			expect(t, pub, "\x01topic")
			send(t, pub, "top")
			send(t, pub, "topical")
			if got := <-received; got != "[topical] <nil>" {
				t.Errorf("plaintext %v: received %s", plaintext, got)
			}
			pub.Close()
		}
	}
}

// A KDC that says nothing keeps nobody from leaving, and is waited for as long as
// HANDSHAKE_IVL says.
func TestSilentKDC(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			asked := ztest.SilentKDC(t, network)
			c := newContext(t)
			pull := open(t, c, zmq.Pull, zmq.GSSAPIServer, true)
			bind(t, pull, "tcp://127.0.0.1:*")

			push := open(t, c, zmq.Push, append(kerberosClient, zmq.HandshakeIvl, 100)...)
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
			push = open(t, other, zmq.Push, append(kerberosClient, zmq.Linger, 0)...)
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
