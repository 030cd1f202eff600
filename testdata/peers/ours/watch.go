package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"ztools/lib/zmq"
	"ztools/testdata/peers/peer"
)

// watch sends and receives by turns in one goroutine, over inproc, and nothing else:
// the cost of the calls. args are HOW SIZE COUNT, where HOW tells who watches the
// sockets' events: nobody, a reader, or one that has left.
func (l library) watch(args []string) error {
	r, err := peer.NewRun("inproc://watch", args[1], args[2])
	if err != nil {
		return err
	}
	pull, err := l.bound(zmq.Pull, r.Endpoint)
	if err != nil {
		return err
	}
	push, err := l.connected(zmq.Push, r.Endpoint)
	if err != nil {
		return err
	}
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	var readers sync.WaitGroup
	switch args[0] {
	case "nobody":
	case "reader", "left":
		for _, s := range []*zmq.Socket{pull, push} {
			events := s.Events(ctx)
			readers.Go(func() {
				for range events {
				}
			})
		}
		if args[0] == "left" {
			leave()
			readers.Wait()
		}
	default:
		return fmt.Errorf("cannot watch as %s", args[0])
	}
	x := newSender(push, r)
	var m zmq.Message
	err = r.Measure(func(n int) error {
		for ; n > 0; n -= underWay {
			some := min(n, underWay)
			if err := errors.Join(x.send(some), receive(pull, &m, some)); err != nil {
				return err
			}
		}
		return nil
	})
	fmt.Println(r)
	return err
}
