package zmq

import (
	"context"
	"strconv"
	"sync"
	"testing"
)

// proxyBench is a proxy over tcp with an end before it and one behind it.
type proxyBench struct {
	before, front, back, behind Type
	ask                         bool // the end behind answers, and the one before takes that
}

// BenchmarkProxy passes messages through a proxy of each kind, sent and taken by one
// goroutine. A queue's messages go there and back.
func BenchmarkProxy(b *testing.B) {
	for name, kind := range map[string]proxyBench{
		"streamer":  {before: Push, front: Pull, back: Push, behind: Pull},
		"forwarder": {before: XPub, front: XSub, back: XPub, behind: Sub},
		"queue":     {before: Dealer, front: Router, back: Dealer, behind: Dealer, ask: true},
	} {
		for _, size := range []int{16, 64 << 10} {
			b.Run(name+"/"+strconv.Itoa(size), func(b *testing.B) { kind.run(b, size) })
		}
	}
}

func (k proxyBench) run(b *testing.B, size int) {
	ctx := NewContext()
	b.Cleanup(func() { ctx.Close() })
	socket := func(t Type) *Socket {
		s, err := ctx.NewSocket(t)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { s.Close() })
		if t == XPub {
			err = s.Set(XPubNoDrop, true)
		} else if t == Sub {
			err = s.Subscribe("")
		}
		if err != nil {
			b.Fatal(err)
		}
		return s
	}
	before, front, back, behind := socket(k.before), socket(k.front), socket(k.back), socket(k.behind)
	for _, s := range []*Socket{front, behind} {
		if err := s.Bind("tcp://127.0.0.1:*"); err != nil {
			b.Fatal(err)
		}
	}
	if err := back.Connect(behind.LastEndpoint()); err != nil {
		b.Fatal(err)
	}
	if err := before.Connect(front.LastEndpoint()); err != nil {
		b.Fatal(err)
	}
	p, proxied := NewProxy(front, back), make(chan error, 1)
	go func() { proxied <- p.Run(context.Background()) }()
	defer func() {
		p.Terminate()
		<-proxied
	}()
	if k.before == XPub { // it has no peer before the proxy has passed the subscription on
		if _, err := before.Recv(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	if err := k.pass(before, behind, make([]byte, size), b.N); err != nil {
		b.Fatal(err)
	}
}

// pass sends n messages through, of which at most a window is under way, and takes
// them at its end: before the proxy if they are answered, else behind it.
func (k proxyBench) pass(before, behind *Socket, body []byte, n int) error {
	const window = 500
	ctx, leave := context.WithCancel(context.Background())
	var answered sync.WaitGroup
	defer answered.Wait()
	defer leave()
	end := behind
	if k.ask {
		end = before
		answered.Go(func() { benchAnswer(ctx, behind) })
	}
	var out, in Message
	for got, sent := 0, 0; got < n; got++ {
		for ; sent < min(n, got+window); sent++ {
			out.Append(body)
			if err := before.SendMessage(ctx, &out); err != nil {
				return err
			}
		}
		if err := end.RecvMessage(ctx, &in); err != nil {
			return err
		}
	}
	return nil
}

// benchAnswer sends everything back until ctx ends.
func benchAnswer(ctx context.Context, s *Socket) {
	var m Message
	for s.RecvMessage(ctx, &m) == nil && s.SendMessage(ctx, &m) == nil {
	}
}
