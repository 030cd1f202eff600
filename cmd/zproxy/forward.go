package main

import (
	"context"
	"sync/atomic"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// direction passes the messages of one socket on to the other. Its loop is owned
// by proxy.run.
type direction struct {
	label    string // such as "frontend to backend"
	from, to *zmq.Socket

	messages atomic.Int64
	bytes    atomic.Int64
}

// forward passes messages on until nothing is left after the end of soft, or at
// the end of hard. A full receiver holds the loop up, and so its sender: nothing
// is dropped here. It returns whether a message in hand was lost.
//
// RecvMessage prefers a message that is there to a context that is done, so the
// end of soft drains the queues first.
func (d *direction) forward(soft, hard context.Context, log *cli.Log) (lost bool, err error) {
	var m zmq.Message
	for hard.Err() == nil {
		if err := d.from.RecvMessage(soft, &m); err != nil {
			return false, ended(soft, err)
		}
		parts, size := m.Len(), m.Size()
		if err := d.to.SendMessage(hard, &m); err != nil {
			return true, ended(hard, err)
		}
		d.messages.Add(1)
		d.bytes.Add(int64(size))
		if log.On(3) {
			log.At(3, "%s: %d %s in %d %s", d.label, size, cli.Plural(size, "byte"), parts, cli.Plural(parts, "part"))
		}
	}
	return false, nil
}

// ended is err unless it only says that ctx is done.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
