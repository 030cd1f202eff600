package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// far is the other end of a measurement: a goroutine of this process, or a
// process of its own. It is used by one goroutine.
type far struct {
	orders   io.WriteCloser
	encode   *json.Encoder
	answers  *json.Decoder
	wait     func() error // for its end, once orders are closed
	at       cli.Endpoint // where it is bound
	separate bool         // a process of its own: its usage is its own
}

// startFar starts the other end and gives it its job. The end of ctx ends a
// process; a goroutine ends with the sockets of z.
func (c *config) startFar(ctx context.Context, z *zmq.Context, j job) (*far, error) {
	start := c.startProcess
	if c.together {
		start = c.startGoroutine
	}
	f, err := start(ctx, z)
	if err != nil {
		return nil, fmt.Errorf("cannot start the other end: %w", err)
	}
	f.encode = json.NewEncoder(f.orders)
	a, err := f.tell(j)
	f.at.Addr = a.Endpoint
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

// workerWord is the first word of a command line that makes zbench the other end
// of its parent.
const workerWord = "worker"

func (c *config) startProcess(ctx context.Context, _ *zmq.Context) (*far, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, workerWord)
	cmd.Args[0] = c.prog
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	wait := func() error {
		err := cmd.Wait()
		if text, _, _ := strings.Cut(complaint.String(), "\n"); text != "" {
			return errors.New(text)
		}
		return err
	}
	return &far{orders: in, answers: json.NewDecoder(out), wait: wait, separate: true}, cmd.Start()
}

func (c *config) startGoroutine(_ context.Context, z *zmq.Context) (*far, error) {
	in, orders := io.Pipe()
	answers, out := io.Pipe()
	done := make(chan error, 1)
	go func() { // ends with far.close
		err := work(z, in, out)
		_ = in.CloseWithError(io.ErrClosedPipe)
		_ = out.Close()
		done <- err
	}()
	wait := func() error {
		_ = answers.Close()
		return <-done
	}
	return &far{orders: orders, answers: json.NewDecoder(answers), wait: wait}, nil
}

// tell gives a job or an order and waits for the answer.
func (f *far) tell(order any) (a answer, err error) {
	if err := f.encode.Encode(order); err != nil {
		return a, f.died(err)
	}
	if err := f.answers.Decode(&a); err != nil {
		return a, f.died(err)
	}
	if a.Error != "" {
		return a, fmt.Errorf("the other end failed: %s", a.Error)
	}
	return a, nil
}

// died is the error of an end that does not answer.
func (f *far) died(err error) error {
	return cli.Failf(cli.StatusFailed, "", "the other end is gone: %w", err)
}

// close ends the far end and waits for it.
func (f *far) close() error {
	_ = f.orders.Close()
	return f.wait()
}
