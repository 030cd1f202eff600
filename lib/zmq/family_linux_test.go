package zmq_test

import (
	"errors"
	"os"
	"testing"

	"ztools/lib/zmq"
)

// forEachFamily runs a test with endpoints to bind and to connect to of each
// family that comes back to this machine.
func forEachFamily(t *testing.T, test func(t *testing.T, bind, connect string)) {
	for _, f := range []struct{ name, module, bind, connect string }{
		{"vsock", "vsock_loopback", "vsock://*:5560", "vsock://@:5560"},
		{"vmci", "vsock_loopback", "vmci://*:5561", "vmci://1:5561"}, // the loopback serves either
		{"tipc", "tipc", "tipc://{5560,1,9}", "tipc://{5560,4}"},
	} {
		t.Run(f.name, func(t *testing.T) {
			if _, err := os.Stat("/sys/module/" + f.module); err != nil {
				t.Skipf("skipped: needs the kernel's module %s (make test-vm)", f.module)
			}
			test(t, f.bind, f.connect)
		})
	}
}

func TestFamilies(t *testing.T) {
	forEachFamily(t, func(t *testing.T, bindTo, connectTo string) {
		for _, types := range [][2]zmq.Type{{zmq.Pull, zmq.Push}, {zmq.Rep, zmq.Req}, {zmq.Pair, zmq.Pair}} {
			c := newContext(t)
			a, b := open(t, c, types[0]), open(t, c, types[1])
			server := watch(t, a)
			bind(t, a, bindTo)
			connect(t, b, connectTo)
			for _, size := range []int{0, 10, 5000, 1 << 20} {
				send(t, b, string(make([]byte, size)), "end")
				expect(t, a, string(make([]byte, size)), "end")
				if types[0] != zmq.Pull {
					send(t, a, "answer")
					expect(t, b, "answer")
				}
			}
			awaitEvent(t, server, zmq.HandshakeSucceeded)
			if err := a.Unbind(a.LastEndpoint()); err != nil {
				t.Error(err)
			}
			if err := b.Disconnect(connectTo); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestFamilyBoundTwice(t *testing.T) {
	forEachFamily(t, func(t *testing.T, bindTo, _ string) {
		c := newContext(t)
		a, b := open(t, c, zmq.Pull), open(t, c, zmq.Pull)
		bind(t, a, bindTo)
		if err := b.Bind(bindTo); bindTo[:4] != "tipc" && !errors.Is(err, zmq.EADDRINUSE) {
			t.Errorf("bound twice: %v", err)
		}
	})
}
