package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"ztools/testdata/peers/peer"
)

// greeting is what a ZMTP 3.0 client without security says first (RFC 23).
var greeting = append([]byte("\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00NULL"), make([]byte, 48)...)

// readyCommand is the READY of a DEALER, framed.
var readyCommand = []byte("\x04\x1c\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER")

// idle opens connections one after the other, each with its whole handshake,
// prints "connected" and keeps them until standard input ends.
func idle(endpoint, count string) error {
	time.AfterFunc(peer.Life, func() { os.Exit(1) })
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	conns := make([]net.Conn, n)
	for i := range conns {
		if conns[i], err = dial(endpoint); err != nil {
			return err
		}
		if err := handshake(conns[i]); err != nil {
			return fmt.Errorf("connection %d: %w", i+1, err)
		}
	}
	fmt.Println("connected")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func handshake(c net.Conn) error {
	if _, err := c.Write(append(bytes.Clone(greeting), readyCommand...)); err != nil {
		return err
	}
	var head [64 + 2]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return err
	}
	if head[64] != 0x04 {
		return fmt.Errorf("a frame with flags %#x instead of a command", head[64])
	}
	_, err := io.ReadFull(c, make([]byte, head[65]))
	return err
}
