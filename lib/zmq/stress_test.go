package zmq

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
)

// TestInterruptedCalls: many goroutines send and receive at both ends of one
// connection, with room for a few messages only. Their calls are called off all the
// time, at any moment. Everything comes once, over the one connection.
func TestInterruptedCalls(t *testing.T) {
	for _, endpoint := range []string{"tcp://127.0.0.1:*", "inproc://a"} {
		for _, receivers := range []int{1, 3} {
			t.Run(fmt.Sprintf("%.3s %d", endpoint, receivers), func(t *testing.T) {
				c := newTestContext(t)
				a, b := newTestSocket(t, c, Dealer), newTestSocket(t, c, Dealer)
				check(t, errors.Join(a.Set(SndHWM, 4), a.Set(RcvHWM, 4), b.Set(SndHWM, 2), b.Set(RcvHWM, 2)))
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				events := a.Events(ctx)
				var all, watch sync.WaitGroup
				watch.Go(func() {
					for ev := range events {
						if ev.Kind == Disconnected {
							t.Errorf("the connection ended: %v", ev.Err)
						}
					}
				})
				check(t, a.Bind(endpoint))
				check(t, b.Connect(a.LastEndpoint()))
				all.Go(func() { interrupted(t, a, b, receivers) })
				all.Go(func() { interrupted(t, b, a, receivers) })
				all.Wait()
				stop()
				watch.Wait()
			})
		}
	}
}

// interrupted sends numbers from one socket to another, and then an empty message
// for each receiver.
func interrupted(t *testing.T, from, to *Socket, receivers int) {
	const senders, each = 4, 3000
	var out, in sync.WaitGroup
	for i := range senders {
		out.Go(func() {
			for n := i * each; n < (i+1)*each; n++ {
				body := binary.BigEndian.AppendUint32(nil, uint32(n))
				again(t, n, func(ctx context.Context) error { return from.Send(ctx, body) })
			}
		})
	}
	var mu sync.Mutex // guards seen
	seen := make([]int, senders*each)
	for range receivers {
		in.Go(func() {
			for n := 0; ; n++ {
				var parts [][]byte
				again(t, n, func(ctx context.Context) (err error) {
					parts, err = to.Recv(ctx)
					return err
				})
				if len(parts) == 0 || len(parts[0]) == 0 {
					return
				}
				mu.Lock()
				seen[binary.BigEndian.Uint32(parts[0])]++
				mu.Unlock()
			}
		})
	}
	out.Wait()
	for range receivers {
		if err := from.Send(context.Background(), nil); err != nil {
			t.Error(err)
		}
	}
	in.Wait()
	for n, times := range seen {
		if times != 1 {
			t.Errorf("message %d came %d times", n, times)
		}
	}
}

// again makes the nth call until it succeeds. It calls 100 of 1000 off, at once or a
// little later; among the others a Recv of a single receiver reads by itself.
func again(t *testing.T, n int, call func(ctx context.Context) error) {
	for {
		ctx, stop := context.WithCancel(context.Background())
		var called sync.WaitGroup
		if n%1000 >= 100 {
			ctx = context.Background()
		} else {
			called.Go(func() {
				for range rand.IntN(20) {
					runtime.Gosched()
				}
				stop()
			})
		}
		err := call(ctx)
		called.Wait()
		stop()
		if !errors.Is(err, context.Canceled) {
			if err != nil {
				t.Error(err)
			}
			return
		}
	}
}
