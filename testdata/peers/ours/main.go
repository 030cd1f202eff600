// Command ours is the benchmark peer that stands on this module's lib/zmq.
// Beside the works of every peer it holds idle peers:
//
//	ours idle-server ENDPOINT
//
// and publishes over multicast (multicast.go).
//
// ENDPOINT may begin with curve+: CURVE then protects the connection.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"ztools/lib/zmq"
	"ztools/testdata/peers/peer"
)

func main() {
	lib := library{zmq.NewContext()}
	if len(os.Args) == 3 && os.Args[1] == "idle-server" {
		if err := lib.idle(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, "ours:", err)
			os.Exit(1)
		}
		return
	}
	if len(os.Args) == 5 && strings.HasPrefix(os.Args[1], "mcast-") {
		if err := lib.multicast(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
			fmt.Fprintln(os.Stderr, "ours:", err)
			os.Exit(1)
		}
		return
	}
	peer.Main(lib)
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
	body := r.Buffer()
	if r.Size < peer.ByReference {
		return sendCopies(s, body, r.Total())
	}
	return sendReferences(s, body, r.Total())
}

func sendCopies(s *zmq.Socket, body []byte, n int) error {
	ctx := context.Background()
	for range n {
		if err := s.Send(ctx, body); err != nil {
			return err
		}
	}
	return nil
}

func sendReferences(s *zmq.Socket, body []byte, n int) error {
	ctx := context.Background()
	var m zmq.Message
	for range n {
		m.Append(body)
		if err := s.SendMessage(ctx, &m); err != nil {
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
	ctx := context.Background()
	var m zmq.Message
	return r.Measure(func(n int) error {
		for range n {
			if err := s.RecvMessage(ctx, &m); err != nil {
				return err
			}
		}
		return r.Check(m.Size())
	})
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
	time.AfterFunc(peer.Life, func() { os.Exit(1) })
	if _, err := l.bound(zmq.Router, endpoint); err != nil {
		return err
	}
	fmt.Println("ready")
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}
