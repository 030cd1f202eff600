package zmq_test

import (
	"fmt"
	"os"
	"testing"

	"ztools/lib/zmq"
)

// Over a network on which the kernel itself loses, repeats, delays and reorders
// packets (netem) nothing is lost that the windows cover. make test-vm makes such a
// network of the loopback interface, and says so by ZTOOLS_NETEM.
func TestNetem(t *testing.T) {
	if os.Getenv("ZTOOLS_NETEM") == "" {
		t.Skip("skipped: needs a kernel with netem, and a loopback interface that loses packets (make test-vm)")
	}
	for _, endpoint := range []string{"epgm://lo;239.192.1.1:5570", "pgm://lo;239.192.1.1:5571", "norm://lo;239.192.1.1:5572"} {
		t.Run(endpoint[:4], func(t *testing.T) {
			c := newContext(t)
			// Packets that come back are copied before netem sees them, others are not.
			options := []any{zmq.Rate, 20_000, zmq.MulticastLoop, false, zmq.NormMode, 0, zmq.SndHWM, 0, zmq.RcvHWM, 0}
			sub, pub := open(t, c, zmq.Sub, options...), open(t, c, zmq.Pub, options...)
			if err := sub.Subscribe(""); err != nil {
				t.Fatal(err)
			}
			connect(t, sub, endpoint)
			connect(t, pub, endpoint)
			for got, _ := sub.TryRecv(); got == nil; got, _ = sub.TryRecv() {
				send(t, pub, "sync")
			}
			const count = 1000
			for i := range count {
				send(t, pub, fmt.Sprint(i), string(make([]byte, 500)))
			}
			for i := 0; i < count; {
				m, err := sub.Recv(deadline(t))
				if err != nil {
					t.Fatalf("message %d: %v", i, err)
				}
				if string(m[0]) == "sync" {
					continue
				}
				if string(m[0]) != fmt.Sprint(i) || len(m[1]) != 500 {
					t.Fatalf("message %d is %q", i, m[0])
				}
				i++
			}
		})
	}
}
