package main

import (
	"os"
	"sync"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// capture gets a copy of every message with its direction and the time:
//
//	an endpoint   a PUB: direction, time, the parts; nobody waits for a subscriber
//	a file        a line of JSON for each, as zcat prints it, with the direction as peer
type capture struct {
	pub *zmq.Socket // nil: a file

	mu     sync.Mutex // guards the fields below
	file   *os.File
	line   []byte
	encode cli.Encoder
}

// newCapture makes the socket for an endpoint, or what encodes for a file, which is
// not opened yet.
func newCapture(e *cli.Endpoint, zctx *zmq.Context) (c *capture, err error) {
	c = &capture{}
	if e != nil {
		c.pub, err = zctx.NewSocket(zmq.Pub)
		return c, err
	}
	c.encode, err = cli.NewEncoder(cli.Layout{Format: "json"})
	return c, err
}

// open opens a file, which is appended to; "-" is standard output.
func (c *capture) open(name string) (err error) {
	if c.file = os.Stdout; name != "-" {
		c.file, err = os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	}
	return err
}

// take keeps one message.
func (c *capture) take(direction string, m *zmq.Message) error {
	now := time.Now()
	if c.pub != nil {
		parts := append([][]byte{[]byte(direction), []byte(now.Format(time.RFC3339Nano))}, m.Parts()...)
		return c.pub.TrySend(parts...)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	if c.line, err = c.encode(c.line[:0], &cli.Record{Parts: m.Parts(), Time: now, Peer: direction}); err != nil {
		return err
	}
	_, err = c.file.Write(c.line)
	return err
}

// close closes the file; the socket belongs to the proxy's context.
func (c *capture) close() error {
	if c.pub != nil {
		return c.pub.Close()
	}
	if c.file == nil || c.file == os.Stdout {
		return nil
	}
	return c.file.Close()
}
