package zmq_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"ztools/lib/zmq"
)

// pair makes two sockets of one context that are joined at endpoint.
func pair(z *zmq.Context, binds, connects zmq.Type, endpoint string) (a, b *zmq.Socket) {
	a, err := z.NewSocket(binds)
	if err != nil {
		log.Fatal(err)
	}
	if err := a.Bind(endpoint); err != nil {
		log.Fatal(err)
	}
	if b, err = z.NewSocket(connects); err != nil {
		log.Fatal(err)
	}
	if err := b.Connect(a.LastEndpoint()); err != nil {
		log.Fatal(err)
	}
	return a, b
}

// A request and its reply.
func ExampleSocket_Send() {
	z := zmq.NewContext()
	defer z.Close()
	rep, req := pair(z, zmq.Rep, zmq.Req, "tcp://127.0.0.1:*")
	defer rep.Close()
	defer req.Close()
	ctx := context.Background()

	go func() {
		question, err := rep.Recv(ctx)
		if err != nil {
			log.Fatal(err)
		}
		if err := rep.Send(ctx, append([]byte("you asked: "), question[0]...)); err != nil {
			log.Fatal(err)
		}
	}()

	if err := req.Send(ctx, []byte("what time is it?")); err != nil {
		log.Fatal(err)
	}
	answer, err := req.Recv(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", answer[0])
	// Output: you asked: what time is it?
}

// A publisher that loses nothing to a subscriber that joins late.
func ExampleSocket_WaitPeers() {
	z := zmq.NewContext()
	defer z.Close()
	pub, sub := pair(z, zmq.Pub, zmq.Sub, "inproc://weather")
	defer pub.Close()
	defer sub.Close()
	ctx := context.Background()

	if err := sub.Subscribe("sun"); err != nil {
		log.Fatal(err)
	}
	if err := pub.WaitPeers(ctx, 1); err != nil {
		log.Fatal(err)
	}
	for _, m := range []string{"rain in the north", "sun in the south", "sunset at nine"} {
		if err := pub.Send(ctx, []byte(m)); err != nil {
			log.Fatal(err)
		}
	}
	for range 2 {
		m, err := sub.Recv(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", m[0])
	}
	// Output:
	// sun in the south
	// sunset at nine
}

// Receiving into the same Message again and again allocates nothing.
func ExampleSocket_RecvMessage() {
	z := zmq.NewContext()
	defer z.Close()
	pull, push := pair(z, zmq.Pull, zmq.Push, "inproc://work")
	defer pull.Close()
	defer push.Close()
	ctx := context.Background()

	for i := range 3 {
		if err := push.Send(ctx, []byte("job"), []byte{byte('0' + i)}); err != nil {
			log.Fatal(err)
		}
	}
	var m zmq.Message
	for range 3 {
		if err := pull.RecvMessage(ctx, &m); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s %s\n", m.Part(0), m.Part(1))
	}
	// Output:
	// job 0
	// job 1
	// job 2
}

// A call that gives up, either by a context or by an option.
func ExampleSocket_Recv() {
	z := zmq.NewContext()
	defer z.Close()
	pull, err := z.NewSocket(zmq.Pull)
	if err != nil {
		log.Fatal(err)
	}
	defer pull.Close()

	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_, err = pull.Recv(ctx)
	fmt.Println(err)

	if err := pull.Set(zmq.RcvTimeo, time.Millisecond); err != nil {
		log.Fatal(err)
	}
	_, err = pull.Recv(context.Background())
	fmt.Println(errors.Is(err, zmq.EAGAIN))
	// Output:
	// context deadline exceeded
	// true
}

// What happens to a socket's connections.
func ExampleSocket_Events() {
	z := zmq.NewContext()
	defer z.Close()
	pull, err := z.NewSocket(zmq.Pull)
	if err != nil {
		log.Fatal(err)
	}
	defer pull.Close()
	events := pull.Events(context.Background())
	if err := pull.Bind("tcp://127.0.0.1:*"); err != nil {
		log.Fatal(err)
	}
	push, err := z.NewSocket(zmq.Push)
	if err != nil {
		log.Fatal(err)
	}
	defer push.Close()
	if err := push.Connect(pull.LastEndpoint()); err != nil {
		log.Fatal(err)
	}
	for ev := range events {
		fmt.Println(ev.Kind)
		if ev.Kind == zmq.HandshakeSucceeded {
			fmt.Println("the peer is a", ev.SocketType)
			break
		}
	}
	// Output:
	// LISTENING
	// ACCEPTED
	// HANDSHAKE_SUCCEEDED
	// the peer is a PUSH
}
