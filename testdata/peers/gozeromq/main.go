// Command gozeromq is the benchmark peer that stands on
// github.com/go-zeromq/zmq4, ZeroMQ in pure Go.
package main

import (
	"context"

	"github.com/go-zeromq/zmq4"

	"ztools/testdata/peers/peer"
)

func main() { peer.Main(library{}) }

type library struct{}

func (library) Push(r *peer.Run) error {
	s := zmq4.NewPush(context.Background())
	if err := s.Dial(r.Endpoint); err != nil {
		return err
	}
	body := r.Buffer()
	for range r.Total() {
		if err := s.Send(zmq4.NewMsg(body)); err != nil {
			return err
		}
	}
	return nil
}

func (library) Pull(r *peer.Run) error {
	s := zmq4.NewPull(context.Background())
	if err := s.Listen(r.Endpoint); err != nil {
		return err
	}
	r.Ready()
	return r.Measure(func(n int) error {
		for range n {
			m, err := s.Recv()
			if err != nil {
				return err
			}
			if err := r.Check(len(m.Frames[0])); err != nil {
				return err
			}
		}
		return nil
	})
}

func (library) Req(r *peer.Run) error {
	s := zmq4.NewReq(context.Background())
	if err := s.Dial(r.Endpoint); err != nil {
		return err
	}
	body := r.Buffer()
	return r.Measure(func(n int) error {
		for range n {
			if err := s.Send(zmq4.NewMsg(body)); err != nil {
				return err
			}
			if _, err := s.Recv(); err != nil {
				return err
			}
		}
		return nil
	})
}

func (library) Rep(r *peer.Run) error {
	s := zmq4.NewRep(context.Background())
	if err := s.Listen(r.Endpoint); err != nil {
		return err
	}
	r.Ready()
	for range r.Total() {
		m, err := s.Recv()
		if err != nil {
			return err
		}
		if err := s.Send(m); err != nil {
			return err
		}
	}
	return nil
}
