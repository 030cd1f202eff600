package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"ztools/lib/zmq"
	"ztools/lib/zmq/auth"
)

// job is what the far end of a measurement is asked to do.
type job struct {
	Work     string // push, publish or echo
	Endpoint string
	Bind     bool
	Sockets  int
	Peers    int           // of each socket, before it begins to send
	Every    time.Duration // between the messages of all sockets; 0: as fast as they take them
	Plan     plan
}

// The orders that follow the job, one JSON string each. Each has its answer.
const (
	orderGo   = "go"   // begin to send when the peers are there
	orderMark = "mark" // say what was used and sent so far
	orderStop = "stop" // send no more
)

// answer is the far end's reply to the job and to each order.
type answer struct {
	Error    string `json:",omitempty"`
	Endpoint string // where it is bound
	Usage    usage
	Sent     int64
	Slip     slip
	Busy     bool // some senders could not stop yet, so Sent is no end
}

// laborTypes are the socket types of the works.
var laborTypes = map[string]zmq.Type{"push": zmq.Push, "publish": zmq.Pub, "echo": zmq.Rep}

// labor is the far end at work. Its orders come from one goroutine.
type labor struct {
	job
	porter  *auth.Authenticator // nil: nobody asks
	sockets []*zmq.Socket
	senders []*sender
	gauge   gauge // messages sent
	stop    atomic.Bool
	busy    bool           // some senders did not stop in time
	sending sync.WaitGroup // senders
	group   sync.WaitGroup // all others

	mu  sync.Mutex // guards err
	err error      // the first of the works
}

// work is the far end of a measurement: it reads a job and orders from in until
// that ends, and answers on out.
func work(z *zmq.Context, in io.Reader, out io.Writer) error {
	orders, answers := json.NewDecoder(in), json.NewEncoder(out)
	var w labor
	if err := orders.Decode(&w.job); err != nil {
		return fmt.Errorf("no job on standard input: %w", err)
	}
	defer w.close()
	err := w.begin(z)
	for {
		if err := answers.Encode(w.answer(err)); err != nil {
			return err
		}
		var order string
		switch decodeErr := orders.Decode(&order); {
		case errors.Is(decodeErr, io.EOF):
			return nil
		case decodeErr != nil:
			return decodeErr
		}
		err = w.obey(order)
	}
}

// begin makes the sockets. Echoes begin at once, senders with the order.
func (w *labor) begin(z *zmq.Context) (err error) {
	t, ok := laborTypes[w.Work]
	if !ok {
		return fmt.Errorf("unknown work %q", w.Work)
	}
	if w.porter, err = w.Plan.Security.porter(z, side(w.Bind)); err != nil {
		return err
	}
	if w.sockets, err = w.Plan.sockets(z, t, w.Sockets, side(w.Bind)); err != nil {
		return err
	}
	for i, s := range w.sockets {
		attach := s.Connect
		if w.Bind {
			attach = s.Bind
		}
		if err := attach(w.Endpoint); err != nil {
			return err
		}
		if w.Work == "echo" {
			w.group.Go(func() { w.keep(echo(s, &w.gauge)) })
			continue
		}
		w.senders = append(w.senders, &sender{socket: s, bodies: w.Plan.bodies(i), gauge: &w.gauge})
	}
	return nil
}

// patience is how long senders may take to stop. A thousand of them, blocked before
// full queues, would take minutes.
const patience = 2 * time.Second

// stopped waits for the senders; false if they take too long.
func (w *labor) stopped(limit time.Duration) bool {
	done := make(chan struct{})
	w.group.Go(func() {
		w.sending.Wait()
		close(done)
	})
	select {
	case <-done:
		return true
	case <-time.After(limit):
		return false
	}
}

func (w *labor) obey(order string) error {
	switch order {
	case orderGo:
		return w.send()
	case orderStop:
		w.stop.Store(true)
		w.busy = !w.stopped(patience)
	}
	return nil
}

// send starts the senders when their peers are there. With a rate they take
// turns.
func (w *labor) send() error {
	for _, s := range w.sockets {
		if err := s.WaitPeers(context.Background(), w.Peers); err != nil {
			return err
		}
	}
	start := time.Now()
	for i, s := range w.senders {
		if w.Every > 0 {
			s.pace = newPace(start, w.Every, i, len(w.senders), newSleeper())
		}
		w.sending.Go(func() { w.keep(s.run(&w.stop)) })
	}
	return nil
}

// keep keeps the first error. That a socket was closed under its user is none.
func (w *labor) keep(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil && !ended(err) {
		w.err = err
	}
}

func (w *labor) answer(err error) answer {
	a := answer{Usage: usageNow(), Sent: w.gauge.total.Load(), Busy: w.busy}
	for _, s := range w.senders {
		if s.pace != nil && w.stop.Load() && !w.busy {
			a.Slip.add(s.pace.slip)
		}
	}
	if w.Bind && len(w.sockets) > 0 {
		a.Endpoint = w.sockets[0].LastEndpoint()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err = errors.Join(err, w.err); err != nil {
		a.Error = err.Error()
	}
	return a
}

func (w *labor) close() {
	w.stop.Store(true)
	closeAll(w.sockets)
	if w.porter != nil {
		_ = w.porter.Close() // of a socket nobody asks any more
	}
	w.sending.Wait()
	w.group.Wait()
}

// echo sends back what comes until the socket is closed.
func echo(s *zmq.Socket, g *gauge) error {
	var m zmq.Message
	for {
		if err := s.RecvMessage(context.Background(), &m); err != nil {
			return err
		}
		if err := s.SendMessage(context.Background(), &m); err != nil {
			return err
		}
		g.rest(1)
	}
}

// ended tells whether an error only says that somebody closed the socket, and so
// ended the work.
func ended(err error) bool {
	return err == nil || errors.Is(err, zmq.ENOTSOCK) || errors.Is(err, zmq.ETERM)
}
