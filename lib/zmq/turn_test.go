package zmq

import (
	"context"
	"strconv"
	"testing"
)

// Whatever a socket does after it has answered many requests by turns: all answers
// arrive. Up to the last turn each ends with a Recv that waits.
func TestTurnsLeaveNothing(t *testing.T) {
	const requests, turns = 300, 30
	for name, end := range map[string]func(t *testing.T, s *Socket){
		"does nothing": func(t *testing.T, s *Socket) { <-t.Context().Done() },
		"receives":     func(t *testing.T, s *Socket) { s.Recv(t.Context()) },
		"polls": func(t *testing.T, s *Socket) {
			for t.Context().Err() == nil {
				s.TryRecv()
			}
		},
		"waits for a peer": func(t *testing.T, s *Socket) { s.WaitPeers(t.Context(), 2) },
		"closes":           func(t *testing.T, s *Socket) { s.Close() },
	} {
		for _, limit := range []int{1000, 100} { // 100 have senders wait in the middle of a turn
			t.Run(name+"/"+strconv.Itoa(limit), func(t *testing.T) {
				ctx := NewContext()
				t.Cleanup(func() { ctx.Close() })
				worker, caller := newTestSocket(t, ctx, Dealer), newTestSocket(t, ctx, Dealer)
				for o, v := range map[Option]any{SndHWM: limit, Linger: -1} {
					if err := worker.Set(o, v); err != nil {
						t.Fatal(err)
					}
				}
				if err := worker.Bind("tcp://127.0.0.1:*"); err != nil {
					t.Fatal(err)
				}
				if err := caller.Connect(worker.LastEndpoint()); err != nil {
					t.Fatal(err)
				}
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					if err := echo(worker, requests*turns); err != nil {
						t.Error(err)
						return
					}
					end(t, worker)
				}()
				t.Cleanup(func() { <-ended })
				answered(t, caller, requests, turns)
			})
		}
	}
}

// answered sends as many requests at once, by turns, and takes their answers.
func answered(t *testing.T, s *Socket, requests, turns int) {
	t.Helper()
	var m Message
	for range turns {
		for range requests {
			if err := s.Send(context.Background(), []byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		for range requests {
			if err := s.RecvMessage(context.Background(), &m); err != nil {
				t.Fatal(err)
			}
		}
	}
}
