package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"time"

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
	Cert, CertKey  string // of TLS, PEM
}

// newSecurity makes what a mechanism and a transport need.
func newSecurity(c cell) security {
	s := security{Mechanism: c.Mechanism}
	if c.Transport == "wss" {
		s.Cert, s.CertKey = newCertificate()
	}
	if c.Mechanism == "curve" {
		pair := curve.Generate()
		s.Public, s.Secret = pair.Public.Text(), pair.Secret.Text()
	}
	return s
}

// newCertificate makes a certificate for certName and its key.
func newCertificate() (cert, key string) {
	pair, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	about := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: certName}, DNSNames: []string{certName}, IsCA: true,
		BasicConstraintsValid: true, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(certLife),
	}
	der, err := x509.CreateCertificate(rand.Reader, &about, &about, &pair.PublicKey, pair)
	if err != nil {
		panic(err) // it is the same certificate each time
	}
	secret, err := x509.MarshalPKCS8PrivateKey(pair)
	if err != nil {
		panic(err) // as above
	}
	text := func(kind string, bytes []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
	}
	return text("CERTIFICATE", der), text("PRIVATE KEY", secret)
}

// The certificate of a measurement over wss is for this name, and so long.
const (
	certName = "zbench"
	certLife = 10 * 24 * time.Hour
)

// set gives a socket its part of mechanism and transport.
func (s security) set(sock *zmq.Socket, at side) error {
	options := map[zmq.Option]any{}
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
	switch {
	case s.Cert != "" && at == server:
		options[zmq.WSSCertPEM], options[zmq.WSSKeyPEM] = s.Cert, s.CertKey
	case s.Cert != "":
		options[zmq.WSSTrustPEM], options[zmq.WSSHostname] = s.Cert, certName
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
