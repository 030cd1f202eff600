package main

import (
	"testing"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// Each peer has the rates of its own messages, also of those of inproc, whose
// addresses are all the same.
func TestRates(t *testing.T) {
	const elapsed = 2 * time.Second
	for name, endpoint := range map[string]string{"inproc": "inproc://work", "tcp": "tcp://127.0.0.1:*"} {
		t.Run(name, func(t *testing.T) {
			z := zmq.NewContext()
			t.Cleanup(func() { z.Close() }) // after the sockets
			pull := open(t, z, zmq.Pull)
			if err := pull.Bind(endpoint); err != nil {
				t.Fatal(err)
			}
			socks := []*zmq.Socket{pull}
			sent := []int{10, 30}
			for range sent {
				push := open(t, z, zmq.Push)
				if err := push.Connect(pull.LastEndpoint()); err != nil {
					t.Fatal(err)
				}
				socks = append(socks, push)
			}
			exchange := func(count func(i int) int) {
				for i, push := range socks[1:] {
					for range count(i) {
						if err := push.Send(t.Context(), []byte("work")); err != nil {
							t.Fatal(err)
						}
						if _, err := pull.Recv(t.Context()); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
			exchange(func(int) int { return 1 }) // all are there
			r := &rates{}
			before := cli.PeersOf(socks...)
			for _, line := range r.rows(before) {
				if r.known || line.SentRate != 0 || line.ReceivedRate != 0 {
					t.Errorf("at first: %+v", line)
				}
			}
			exchange(func(i int) int { return sent[i] })
			now := cli.PeersOf(socks...)
			now.Time = before.Time.Add(elapsed)
			got := map[float64]int{}
			for _, line := range r.rows(now) {
				got[line.SentRate+line.ReceivedRate]++
			}
			for _, n := range sent { // at the one end sent, at the other received
				if rate := float64(n) / elapsed.Seconds(); got[rate] != 2 {
					t.Errorf("rate %v is that of %d ends, want 2; all: %v", rate, got[rate], got)
				}
			}
		})
	}
}

func open(t *testing.T, z *zmq.Context, typ zmq.Type) *zmq.Socket {
	t.Helper()
	s, err := z.NewSocket(typ)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}
