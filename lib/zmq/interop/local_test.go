package interop_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"ztools/lib/zmq"
)

// ours is the party of lib/zmq.
type ours struct{ context *zmq.Context }

// newOurs makes a context that ends with the test. Ending waits until every
// socket has closed, so a test that leaves something behind hangs there.
func newOurs(t testing.TB) ours {
	o := ours{zmq.NewContext()}
	t.Cleanup(func() {
		if err := o.context.Close(); err != nil {
			t.Errorf("context close: %v", err)
		}
	})
	return o
}

func (o ours) open(t testing.TB, kind string) sock {
	t.Helper()
	s, err := openOurs(o.context, kind)
	if err != nil {
		t.Fatalf("open %s: %v", kind, err)
	}
	t.Cleanup(func() { s.Close(0) })
	return s
}

// handle runs a handler in a goroutine that ends with stop.
func (o ours) handle(t testing.TB, reply [][]byte) (stop func() [][][]byte) {
	t.Helper()
	zap, err := o.context.NewSocket(zmq.Rep)
	if err == nil {
		err = zap.Bind(zmq.ZAPEndpoint)
	}
	if err != nil {
		t.Fatalf("handle: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	requests, done := [][][]byte(nil), make(chan struct{})
	go func() {
		defer close(done)
		for {
			request, err := zap.Recv(ctx)
			if err != nil {
				return
			}
			requests = append(requests, request)
			zap.Send(ctx, reply...)
		}
	}()
	return func() [][][]byte {
		cancel()
		<-done
		zap.Close()
		return requests
	}
}

// local is a socket of lib/zmq.
type local struct {
	*zmq.Socket
	context *zmq.Context
	watcher *zmq.Socket // gets the events; nil without Monitor
}

func openOurs(c *zmq.Context, kind string) (*local, error) {
	number, err := zmq.ParseType(kind)
	if err != nil {
		return nil, err
	}
	s, err := c.NewSocket(number)
	return &local{Socket: s, context: c}, err
}

// Get returns numbers, flags and times as libzmq's int, and texts as string.
func (s *local) Get(option zmq.Option) (any, error) {
	value, err := s.Socket.Get(option)
	switch v := value.(type) {
	case []byte:
		return string(v), err
	case bool:
		if v {
			return 1, err
		}
		return 0, err
	case int64:
		return int(v), err
	case uint64:
		return int(v), err
	}
	return value, err
}

func (s *local) Bind(endpoint string) (string, error) {
	err := s.Socket.Bind(endpoint)
	return s.LastEndpoint(), err
}

// Send takes a message of RADIO as its group and its body, one of SERVER and PEER
// as the routing id of the peer in digits and its body.
func (s *local) Send(wait time.Duration, parts ...[]byte) error {
	m, err := s.message(parts)
	if err != nil {
		return err
	}
	if wait == 0 {
		return s.TrySendMessage(m)
	}
	if err := s.Socket.Set(zmq.SndTimeo, wait); err != nil {
		return err
	}
	return s.SendMessage(context.Background(), m)
}

// Recv gives messages in the form in which Send takes them.
func (s *local) Recv(wait time.Duration) ([][]byte, error) {
	m := &zmq.Message{}
	if wait == 0 {
		err := s.TryRecvMessage(m)
		return s.parts(m), err
	}
	if err := s.Socket.Set(zmq.RcvTimeo, wait); err != nil {
		return nil, err
	}
	err := s.RecvMessage(context.Background(), m)
	return s.parts(m), err
}

// message is the message of that form.
func (s *local) message(parts [][]byte) (*zmq.Message, error) {
	m := &zmq.Message{}
	switch s.Type() {
	case zmq.Radio:
		m.AppendCopy(parts[1])
		return m, m.SetGroup(string(parts[0]))
	case zmq.Server, zmq.Peer:
		id, err := strconv.ParseUint(string(parts[0]), 10, 32)
		m.AppendCopy(parts[1])
		return m, errors.Join(err, m.SetRoutingID(uint32(id)))
	}
	for _, p := range parts {
		m.AppendCopy(p)
	}
	return m, nil
}

// parts is the reverse of message.
func (s *local) parts(m *zmq.Message) [][]byte {
	switch {
	case m.Len() == 0:
		return nil
	case s.Type() == zmq.Dish:
		return append([][]byte{[]byte(m.Group())}, m.Parts()...)
	case s.Type() == zmq.Server, s.Type() == zmq.Peer:
		return append([][]byte{strconv.AppendUint(nil, uint64(m.RoutingID()), 10)}, m.Parts()...)
	}
	return m.Parts()
}

func (s *local) Flood(limit int, parts ...[]byte) (int, error) {
	return untilEAGAIN(limit, func() error { return s.TrySend(parts...) })
}

func (s *local) Drain(limit int) (int, error) {
	return untilEAGAIN(limit, func() error { _, err := s.TryRecv(); return err })
}

func untilEAGAIN(limit int, step func() error) (int, error) {
	for done := range limit {
		switch err := step(); errName(err) {
		case "ok":
		case "EAGAIN":
			return done, nil
		default:
			return done, err
		}
	}
	return limit, nil
}

func (s *local) Produce(first, count, copies int) error {
	parts := make([][]byte, copies)
	for n := first; n < first+count; n++ {
		for i := range parts {
			parts[i] = strconv.AppendInt(nil, int64(n), 10)
		}
		if err := s.Send(patience, parts...); err != nil {
			return err
		}
	}
	return nil
}

func (s *local) Consume(count, copies int) ([]run, error) {
	var runs []run
	for range count {
		parts, err := s.Recv(patience)
		if err != nil {
			return runs, err
		}
		if len(parts) != copies {
			return runs, fmt.Errorf("torn message %s", shown(parts))
		}
		for _, p := range parts[1:] {
			if string(p) != string(parts[0]) {
				return runs, fmt.Errorf("torn message %s", shown(parts))
			}
		}
		number, err := strconv.Atoi(string(parts[0]))
		if err != nil {
			return runs, err
		}
		runs = appendRun(runs, number)
	}
	return runs, nil
}

func (s *local) Events() (int, error) {
	in, out, err := s.Ready()
	bits := 0
	if in {
		bits |= 1
	}
	if out {
		bits |= 2
	}
	return bits, err
}

// Monitor opens a PAIR socket at a monitor's endpoint.
func (s *local) Monitor() error {
	pair, err := s.context.NewSocket(zmq.Pair)
	if err != nil {
		return err
	}
	s.watcher = pair
	endpoint := fmt.Sprintf("inproc://monitor-%p", s)
	return errors.Join(s.Socket.Monitor(endpoint, zmq.AllEvents), pair.Connect(endpoint))
}

func (s *local) Watch(wait time.Duration, until string) ([]happening, error) {
	var seen []happening
	if err := s.watcher.Set(zmq.RcvTimeo, wait); err != nil {
		return nil, err
	}
	for {
		parts, err := s.watcher.Recv(context.Background())
		if err != nil {
			return seen, err
		}
		seen = append(seen, readHappening(parts))
		if strings.HasPrefix(seen[len(seen)-1].Name, until) {
			return seen, nil
		}
	}
}

// Close also ends the monitor.
func (s *local) Close(linger int) error {
	if s.watcher != nil {
		if err := errors.Join(s.StopMonitor(), s.watcher.Close()); err != nil {
			return err
		}
		s.watcher = nil
	}
	if err := s.Socket.Set(zmq.Linger, linger); err != nil {
		return err
	}
	return s.Socket.Close()
}
