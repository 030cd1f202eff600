package zmq_test

import (
	"context"
	"testing"

	"ztools/lib/zmq"
)

// A message that is sent and received costs no memory: what was used for one is used
// for the next. Recv alone gives its bytes away.
func TestMessagesCostNoMemory(t *testing.T) {
	ctx := context.Background()
	for _, endpoint := range []string{"inproc://costs", "tcp://127.0.0.1:*"} {
		for _, size := range []int{16, 256, 2048} {
			body := make([]byte, size)
			var out, in zmq.Message
			for name, call := range map[string]struct {
				most float64
				do   func(a, b *zmq.Socket) error
			}{
				"Send, RecvMessage": {0, func(a, b *zmq.Socket) error {
					if err := a.Send(ctx, body); err != nil {
						return err
					}
					return b.RecvMessage(ctx, &in)
				}},
				"SendMessage, RecvMessage": {0, func(a, b *zmq.Socket) error {
					out.AppendCopy(body)
					if err := a.SendMessage(ctx, &out); err != nil {
						return err
					}
					return b.RecvMessage(ctx, &in)
				}},
				"two parts": {0, func(a, b *zmq.Socket) error {
					if err := a.Send(ctx, body[:8], body); err != nil {
						return err
					}
					return b.RecvMessage(ctx, &in)
				}},
				"Send, Recv": {3, func(a, b *zmq.Socket) error {
					if err := a.Send(ctx, body); err != nil {
						return err
					}
					_, err := b.Recv(ctx)
					return err
				}},
			} {
				c := newContext(t)
				push, pull := open(t, c, zmq.Push), open(t, c, zmq.Pull)
				join(t, pull, push, endpoint)
				once := func() {
					if err := call.do(push, pull); err != nil {
						t.Fatal(err)
					}
				}
				for range 2000 { // until all that is used again is there
					once()
				}
				if n := testing.AllocsPerRun(1000, once); n > call.most {
					t.Errorf("%s of %d bytes over %s: %v allocations", name, size, endpoint[:6], n)
				}
			}
		}
	}
}
