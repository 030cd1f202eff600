// Command ours is the benchmark peer that stands on this module's lib/zmq.
// Beside the works of every peer it has works of its own, which take what
// ownWorks says:
//
//	ours idle-server ENDPOINT                 holds idle peers
//	ours mcast-send|mcast-recv …              multicast.go
//	ours pub-send|sub-recv|prefixes …         topics.go
//	ours ask|answer|allocs-proxy …            proxy.go
//	ours watch …                              watch.go
//
// ENDPOINT may begin with curve+: CURVE then protects the connection.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"ztools/lib/zmq"
	"ztools/testdata/peers/peer"
)

func main() {
	lib := library{zmq.NewContext()}
	if len(os.Args) > 1 {
		if w, ok := ownWorks[os.Args[1]]; ok {
			time.AfterFunc(peer.Life, func() { os.Exit(1) })
			if err := w.run(lib, os.Args[2:]); err != nil {
				fmt.Fprintln(os.Stderr, "ours:", err)
				os.Exit(1)
			}
			return
		}
	}
	peer.Main(lib)
}

// ownWork is a work that other peers of Go do not have, and the names of its
// arguments.
type ownWork struct {
	usage string
	do    func(l library, args []string) error
}

var ownWorks = map[string]ownWork{
	"idle-server": {"ENDPOINT", func(l library, args []string) error { return l.idle(args[0]) }},
	"mcast-send":  {"ENDPOINT SIZE MILLISECONDS RATE", library.sendFor},
	"mcast-recv":  {"ENDPOINT SIZE MILLISECONDS RATE", library.receiveFor},
	"pub-send":    {"ENDPOINT SIZE COUNT SUBS", peopled(library.publish)},
	"sub-recv":    {"ENDPOINT SIZE COUNT SUBS", peopled(library.subscribe)},
	"prefixes": {"COUNT", func(l library, args []string) error {
		n, err := strconv.Atoi(args[0])
		if err != nil {
			return err
		}
		return l.prefixes(n)
	}},
	"ask":          {"ENDPOINT SIZE COUNT CALLERS", peopled(library.askAndTell)},
	"answer":       {"ENDPOINT SIZE COUNT CALLERS", peopled(func(l library, r *peer.Run, _ int) error { return l.answer(r) })},
	"allocs-proxy": {"KIND FRONT BACK SIZE COUNT", library.proxy},
	"watch":        {"HOW SIZE COUNT", library.watch},
}

func (w ownWork) run(l library, args []string) error {
	if names := strings.Fields(w.usage); len(args) != len(names) {
		return fmt.Errorf("usage: ours MODE %s", w.usage)
	}
	return w.do(l, args)
}

// sided is a work that is one side of a measurement.
func sided(do func(library, *peer.Run) error) func(library, []string) error {
	return func(l library, args []string) error {
		r, err := peer.NewRun(args[0], args[1], args[2])
		if err != nil {
			return err
		}
		return do(l, r)
	}
}

// peopled is a side of a work with a number of sockets.
func peopled(do func(l library, r *peer.Run, sockets int) error) func(library, []string) error {
	return func(l library, args []string) error {
		n, err := strconv.Atoi(args[3])
		if err != nil {
			return err
		}
		return sided(func(l library, r *peer.Run) error { return do(l, r, n) })(l, args)
	}
}

type library struct{ ctx *zmq.Context }

func (l library) bound(t zmq.Type, endpoint string) (*zmq.Socket, error) {
	s, endpoint, err := l.socket(t, endpoint, zmq.CurveServer, true)
	if err != nil {
		return nil, err
	}
	return s, s.Bind(endpoint)
}

// The keys of zmq_curve(7), for both sides.
const (
	public = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
	secret = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"
)

// socket makes a socket and returns the endpoint to use. role makes it the
// server or the client of CURVE, if the endpoint asks for that.
func (l library) socket(t zmq.Type, endpoint string, role zmq.Option, value any) (*zmq.Socket, string, error) {
	s, err := l.ctx.NewSocket(t)
	endpoint, curve := strings.CutPrefix(endpoint, "curve+")
	if err != nil || !curve {
		return s, endpoint, err
	}
	return s, endpoint, errors.Join(s.Set(zmq.CurvePublicKey, public), s.Set(zmq.CurveSecretKey, secret), s.Set(role, value))
}

func (l library) connected(t zmq.Type, endpoint string) (*zmq.Socket, error) {
	s, endpoint, err := l.socket(t, endpoint, zmq.CurveServerKey, public)
	if err != nil {
		return nil, err
	}
	return s, s.Connect(endpoint)
}

// Push copies small messages and sends larger ones by reference.
func (l library) Push(r *peer.Run) error {
	if overUDP(r) {
		return l.speak(r)
	}
	s, err := l.connected(zmq.Push, r.Endpoint)
	if err != nil {
		return err
	}
	return newSender(s, r).send(r.Total())
}

// sender sends one body again and again.
type sender struct {
	s    *zmq.Socket
	body []byte
	m    zmq.Message
}

func newSender(s *zmq.Socket, r *peer.Run) *sender { return &sender{s: s, body: r.Buffer()} }

func (x *sender) send(n int) error {
	if len(x.body) < peer.ByReference {
		return x.sendCopies(n)
	}
	return x.sendReferences(n)
}

func (x *sender) sendCopies(n int) error {
	ctx := context.Background()
	for range n {
		if err := x.s.Send(ctx, x.body); err != nil {
			return err
		}
	}
	return nil
}

func (x *sender) sendReferences(n int) error {
	ctx := context.Background()
	for range n {
		x.m.Append(x.body)
		if err := x.s.SendMessage(ctx, &x.m); err != nil {
			return err
		}
	}
	return nil
}

// receive takes n messages, into m.
func receive(s *zmq.Socket, m *zmq.Message, n int) error {
	ctx := context.Background()
	for range n {
		if err := s.RecvMessage(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func (l library) Pull(r *peer.Run) error {
	if overUDP(r) {
		return l.hear(r)
	}
	s, err := l.bound(zmq.Pull, r.Endpoint)
	if err != nil {
		return err
	}
	r.Ready()
	var m zmq.Message
	return r.Measure(func(n int) error { return errors.Join(receive(s, &m, n), r.Check(m.Size())) })
}

func (l library) Req(r *peer.Run) error {
	s, err := l.connected(zmq.Req, r.Endpoint)
	if err != nil {
		return err
	}
	ctx := context.Background()
	body := r.Buffer()
	var m zmq.Message
	return r.Measure(func(n int) error {
		for range n {
			if err := s.Send(ctx, body); err != nil {
				return err
			}
			if err := s.RecvMessage(ctx, &m); err != nil {
				return err
			}
		}
		return r.Check(m.Size())
	})
}

func (l library) Rep(r *peer.Run) error {
	s, err := l.bound(zmq.Rep, r.Endpoint)
	if err != nil {
		return err
	}
	r.Ready()
	ctx := context.Background()
	var m zmq.Message
	for range r.Total() {
		if err := s.RecvMessage(ctx, &m); err != nil {
			return err
		}
		if err := s.Send(ctx, m.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// idle binds a ROUTER and holds whoever connects until standard input ends.
func (l library) idle(endpoint string) error {
	if _, err := l.bound(zmq.Router, endpoint); err != nil {
		return err
	}
	fmt.Println("ready")
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}
