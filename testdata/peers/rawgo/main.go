// Command rawgo is the floor under the benchmark: plain Go on the same kind
// of connection, with no messages at all. Throughput moves the bytes of the
// messages with large writes, latency is a bare ping-pong. It also plays the
// idle peers for the libraries that hold them:
//
//	rawgo idle-client ENDPOINT COUNT
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"ztools/testdata/peers/peer"
)

const (
	batch  = 256 << 10 // bytes of the writes that carry smaller messages
	single = 64 << 10  // message size from which each has its own write
	chunk  = 128 << 10 // bytes of the reader's buffer
)

func main() {
	if len(os.Args) == 4 && os.Args[1] == "idle-client" {
		if err := idle(os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, "rawgo:", err)
			os.Exit(1)
		}
		return
	}
	peer.Main(raw{})
}

type raw struct{}

// Push writes batches of whole messages, and single messages if large.
func (raw) Push(r *peer.Run) error {
	c, err := dial(r.Endpoint)
	if err != nil {
		return err
	}
	perWrite := 1
	if r.Size < single {
		perWrite = batch / r.Size
	}
	b := make([]byte, perWrite*r.Size)
	for left := r.Total(); left > 0; left -= perWrite {
		if _, err := c.Write(b[:min(left, perWrite)*r.Size]); err != nil {
			return err
		}
	}
	return nil
}

func (raw) Pull(r *peer.Run) error {
	c, err := accept(r)
	if err != nil {
		return err
	}
	b := make([]byte, chunk)
	return r.Measure(func(n int) error {
		for left := n * r.Size; left > 0; {
			got, err := c.Read(b[:min(left, len(b))])
			if err != nil {
				return err
			}
			left -= got
		}
		return nil
	})
}

func (raw) Req(r *peer.Run) error {
	c, err := dial(r.Endpoint)
	if err != nil {
		return err
	}
	b := r.Buffer()
	return r.Measure(func(n int) error {
		for range n {
			if _, err := c.Write(b); err != nil {
				return err
			}
			if _, err := io.ReadFull(c, b); err != nil {
				return err
			}
		}
		return nil
	})
}

func (raw) Rep(r *peer.Run) error {
	c, err := accept(r)
	if err != nil {
		return err
	}
	b := r.Buffer()
	for range r.Total() {
		if _, err := io.ReadFull(c, b); err != nil {
			return err
		}
		if _, err := c.Write(b); err != nil {
			return err
		}
	}
	return nil
}

func dial(endpoint string) (net.Conn, error) {
	network, address, err := split(endpoint)
	if err != nil {
		return nil, err
	}
	return net.Dial(network, address)
}

// accept binds, says so and waits for the one connection.
func accept(r *peer.Run) (net.Conn, error) {
	network, address, err := split(r.Endpoint)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen(network, address)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	r.Ready()
	return l.Accept()
}

// split turns a ZeroMQ endpoint into what package net calls it.
func split(endpoint string) (network, address string, err error) {
	scheme, address, _ := strings.Cut(endpoint, "://")
	switch scheme {
	case "tcp":
		return "tcp", address, nil
	case "ipc":
		return "unix", address, nil
	}
	return "", "", errors.New("only tcp and ipc have a raw form")
}
