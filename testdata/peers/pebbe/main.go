// Command pebbe is the benchmark peer that stands on github.com/pebbe/zmq4,
// the binding of libzmq by cgo.
package main

import (
	"github.com/pebbe/zmq4"

	"ztools/testdata/peers/peer"
)

func main() { peer.Main(library{}) }

type library struct{}

func bound(t zmq4.Type, r *peer.Run) (*zmq4.Socket, error) {
	s, err := zmq4.NewSocket(t)
	if err != nil {
		return nil, err
	}
	if err := s.Bind(r.Endpoint); err != nil {
		return nil, err
	}
	r.Ready()
	return s, nil
}

func connected(t zmq4.Type, r *peer.Run) (*zmq4.Socket, error) {
	s, err := zmq4.NewSocket(t)
	if err != nil {
		return nil, err
	}
	return s, s.Connect(r.Endpoint)
}

func (library) Push(r *peer.Run) error {
	s, err := connected(zmq4.PUSH, r)
	if err != nil {
		return err
	}
	body := r.Buffer()
	for range r.Total() {
		if _, err := s.SendBytes(body, 0); err != nil {
			return err
		}
	}
	return nil
}

func (library) Pull(r *peer.Run) error {
	s, err := bound(zmq4.PULL, r)
	if err != nil {
		return err
	}
	return r.Measure(func(n int) error {
		var body []byte
		for range n {
			if body, err = s.RecvBytes(0); err != nil {
				return err
			}
		}
		return r.Check(len(body))
	})
}

func (library) Req(r *peer.Run) error {
	s, err := connected(zmq4.REQ, r)
	if err != nil {
		return err
	}
	body := r.Buffer()
	return r.Measure(func(n int) error {
		for range n {
			if _, err := s.SendBytes(body, 0); err != nil {
				return err
			}
			if _, err := s.RecvBytes(0); err != nil {
				return err
			}
		}
		return nil
	})
}

func (library) Rep(r *peer.Run) error {
	s, err := bound(zmq4.REP, r)
	if err != nil {
		return err
	}
	for range r.Total() {
		body, err := s.RecvBytes(0)
		if err != nil {
			return err
		}
		if _, err := s.SendBytes(body, 0); err != nil {
			return err
		}
	}
	return nil
}
