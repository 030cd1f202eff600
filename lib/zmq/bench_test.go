package zmq

import (
	"context"
	"strconv"
	"testing"
)

// benchThroughput sends b.N messages of size bytes from PUSH to PULL.
func benchThroughput(b *testing.B, endpoint string, size int) {
	ctx := NewContext()
	defer ctx.Close()
	pull, err := ctx.NewSocket(Pull)
	if err != nil {
		b.Fatal(err)
	}
	defer pull.Close()
	push, err := ctx.NewSocket(Push)
	if err != nil {
		b.Fatal(err)
	}
	defer push.Close()
	if err := pull.Bind(endpoint); err != nil {
		b.Fatal(err)
	}
	if err := push.Connect(pull.LastEndpoint()); err != nil {
		b.Fatal(err)
	}
	bg := context.Background()
	if err := push.WaitPeers(bg, 1); err != nil {
		b.Fatal(err)
	}
	body := make([]byte, size)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	done := make(chan error, 1)
	go func() {
		var m Message
		for range b.N {
			if err := pull.RecvMessage(bg, &m); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	var m Message
	for range b.N {
		if size < 4096 {
			err = push.Send(bg, body)
		} else {
			m.Append(body)
			err = push.SendMessage(bg, &m)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}

func benchLatency(b *testing.B, endpoint string) {
	ctx := NewContext()
	defer ctx.Close()
	rep, _ := ctx.NewSocket(Rep)
	defer rep.Close()
	req, _ := ctx.NewSocket(Req)
	defer req.Close()
	if err := rep.Bind(endpoint); err != nil {
		b.Fatal(err)
	}
	if err := req.Connect(rep.LastEndpoint()); err != nil {
		b.Fatal(err)
	}
	bg := context.Background()
	n := b.N
	go func() {
		var m Message
		for range n {
			if rep.RecvMessage(bg, &m) != nil || rep.SendMessage(bg, &m) != nil {
				return
			}
		}
	}()
	body := make([]byte, 16)
	var m Message
	b.ReportAllocs()
	b.ResetTimer()
	for range n {
		if err := req.Send(bg, body); err != nil {
			b.Fatal(err)
		}
		if err := req.RecvMessage(bg, &m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkThroughput(b *testing.B) {
	for _, endpoint := range []string{"inproc://bench", "tcp://127.0.0.1:*", "ipc://*"} {
		for _, size := range []int{16, 256, 1024, 8192, 65536, 1 << 20} {
			b.Run(endpoint[:3]+"/"+strconv.Itoa(size), func(b *testing.B) { benchThroughput(b, endpoint, size) })
		}
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	for _, endpoint := range []string{"inproc://bench", "tcp://127.0.0.1:*", "ipc://*"} {
		b.Run(endpoint[:3], func(b *testing.B) { benchLatency(b, endpoint) })
	}
}

// BenchmarkSendRecv is the cost of the calls alone: one goroutine sends and
// receives by turns.
func BenchmarkSendRecv(b *testing.B) {
	ctx := NewContext()
	defer ctx.Close()
	pull, _ := ctx.NewSocket(Pull)
	defer pull.Close()
	push, _ := ctx.NewSocket(Push)
	defer push.Close()
	if err := pull.Bind("inproc://bench"); err != nil {
		b.Fatal(err)
	}
	if err := push.Connect("inproc://bench"); err != nil {
		b.Fatal(err)
	}
	bg := context.Background()
	body := make([]byte, 16)
	var m Message
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := push.Send(bg, body); err != nil {
			b.Fatal(err)
		}
		if i%500 == 499 {
			for range 500 {
				if err := pull.RecvMessage(bg, &m); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
}
