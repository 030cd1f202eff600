package main

import (
	"os"
	"strings"
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
	endpoint *cli.Endpoint // nil: a file
	pub      *zmq.Socket

	mu     sync.Mutex // guards the fields below
	file   *os.File
	line   []byte
	encode cli.Encoder
}

// newCapture opens the file, which is appended to, or the socket. "-" is standard
// output.
func newCapture(where string, zctx *zmq.Context) (c *capture, err error) {
	c = &capture{}
	if strings.Contains(where, "://") {
		e, err := cli.ParseEndpoint(where, true)
		if err != nil {
			return nil, err
		}
		c.endpoint = &e
		c.pub, err = zctx.NewSocket(zmq.Pub)
		return c, err
	}
	if c.encode, err = cli.NewEncoder(cli.Layout{Format: "json"}); err != nil {
		return nil, err
	}
	if c.file = os.Stdout; where != "-" {
		c.file, err = os.OpenFile(where, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	}
	return c, err
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
	if c.file == os.Stdout {
		return nil
	}
	return c.file.Close()
}
