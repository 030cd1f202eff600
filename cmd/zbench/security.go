package main

import (
	"ztools/lib/curve"
	"ztools/lib/zmq"
	"ztools/lib/zmq/auth"
)

// side tells the server of a mechanism from its clients.
type side bool

const (
	client side = false
	server side = true
)

// security is the mechanism of a measurement with both ends here, and its keys,
// which are made for it and used nowhere else.
type security struct {
	Mechanism      string // null, plain or curve
	Public, Secret string // of both ends, Z85
}

// newSecurity makes what a mechanism needs.
func newSecurity(mechanism string) security {
	s := security{Mechanism: mechanism}
	if mechanism == "curve" {
		pair := curve.Generate()
		s.Public, s.Secret = pair.Public.Text(), pair.Secret.Text()
	}
	return s
}

// set gives a socket its part of the mechanism.
func (s security) set(sock *zmq.Socket, at side) error {
	var options map[zmq.Option]any
	switch {
	case s.Mechanism == "plain" && at == server:
		options = map[zmq.Option]any{zmq.PlainServer: true}
	case s.Mechanism == "plain":
		options = map[zmq.Option]any{zmq.PlainUsername: "zbench", zmq.PlainPassword: "zbench"}
	case s.Mechanism == "curve" && at == server:
		options = map[zmq.Option]any{zmq.CurveServer: true, zmq.CurveSecretKey: s.Secret}
	case s.Mechanism == "curve":
		options = map[zmq.Option]any{zmq.CurveServerKey: s.Public, zmq.CurvePublicKey: s.Public, zmq.CurveSecretKey: s.Secret}
	}
	for id, v := range options {
		if err := sock.Set(id, v); err != nil {
			return err
		}
	}
	return nil
}

// porter opens the door of a context with a server of PLAIN, for whoever knocks;
// nil if the mechanism asks nobody.
func (s security) porter(z *zmq.Context, at side) (*auth.Authenticator, error) {
	if s.Mechanism != "plain" || at == client {
		return nil, nil
	}
	a, err := auth.New(z)
	if err == nil {
		a.AnyUser(auth.AnyDomain)
	}
	return a, err
}
