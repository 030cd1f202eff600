package security

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"

	"ztools/lib/internal/option"
	"ztools/lib/internal/wire"
)

// curveServer is the server's side. Between WELCOME and INITIATE it keeps
// nothing of the client but K and a counter: C' and s' come back in the cookie.
// K belongs to one connection and opens one cookie, so the INITIATE of one
// connection means nothing on another.
type curveServer struct {
	curve
	hello  boxKey        // C'↔S, from HELLO to WELCOME
	remote [keySize]byte // C', from HELLO to WELCOME
	cookie boxKey        // K
}

func newCurveServer(o *option.Options, k *curveKeys, address string) *curveServer {
	s := &curveServer{curve: newCurve(o, k, address)}
	s.expect(wire.Hello, s.takeHello)
	return s
}

func (s *curveServer) takeHello(data []byte) error {
	if len(data) != helloSize || data[0] != 1 || data[1] != 0 {
		return wire.Violation(wire.MalformedHello, "malformed hello command")
	}
	public, rest := data[74:74+keySize], data[74+keySize:]
	remote, err := ecdh.X25519().NewPublicKey(public)
	if err == nil {
		s.hello, err = agree(s.secret, remote)
	}
	if err != nil {
		return errCrypto("client has sent a key that protects nothing")
	}
	if _, ok := s.hello.open(nonceHello, rest[:shortNonce], rest[shortNonce:]); !ok {
		return errCrypto("hello command does not open: it was made for another server key")
	}
	s.seen = binary.BigEndian.Uint64(rest)
	s.remote = [keySize]byte(public)
	s.send = s.sendWelcome
	return nil
}

func (s *curveServer) sendWelcome(dst []byte) []byte {
	s.expect(wire.Initiate, s.initiate)
	short := newKey()
	var nonces [2 * longNonce]byte
	rand.Read(nonces[:])
	rand.Read(s.cookie[:])
	forCookie, forWelcome := nonces[:longNonce], nonces[longNonce:]

	secret := append(append([]byte(nil), s.remote[:]...), short.Bytes()...)
	plain := append(short.PublicKey().Bytes(), forCookie...)
	plain = s.cookie.seal(plain, nonceCookie, forCookie, secret)
	clear(secret)

	dst = wire.AppendCommand(dst, wire.Welcome, forWelcome)
	dst = s.hello.seal(dst, nonceWelcome, forWelcome, plain)
	s.hello, s.remote = boxKey{}, [keySize]byte{}
	return dst
}

func (s *curveServer) initiate(data []byte) error {
	if len(data) < initiateSize {
		return wire.Violation(wire.MalformedInitiate, "malformed initiate command")
	}
	short, remote, ok := s.redeem(data[:cookieSize])
	if !ok {
		return errCrypto("cookie in the initiate command does not open")
	}
	data = data[cookieSize:]
	if err := s.follows(data[:shortNonce]); err != nil {
		return err
	}
	s.key, _ = agree(short, remote) // C' was tried with S
	plain, ok := s.key.open(nonceInitiate, data[:shortNonce], data[shortNonce:])
	if !ok {
		return errCrypto("initiate command does not open")
	}
	client, plain := plain[:keySize], plain[keySize:]
	if err := s.vouched(short, remote, client, plain[:vouchSize]); err != nil {
		return err
	}
	if err := s.learn(plain[vouchSize:]); err != nil {
		return err
	}
	s.admit(client)
	return nil
}

// redeem takes s' and C' out of the cookie, once.
func (s *curveServer) redeem(cookie []byte) (short *ecdh.PrivateKey, remote *ecdh.PublicKey, ok bool) {
	plain, ok := s.cookie.open(nonceCookie, cookie[:longNonce], cookie[longNonce:])
	s.cookie = boxKey{}
	if !ok {
		return nil, nil, false
	}
	defer clear(plain)
	remote, err := ecdh.X25519().NewPublicKey(plain[:keySize])
	if err != nil {
		return nil, nil, false
	}
	short, err = ecdh.X25519().NewPrivateKey(plain[keySize:])
	return short, remote, err == nil
}

// vouched checks that the client with the key C has itself made C', for this
// server.
func (s *curveServer) vouched(short *ecdh.PrivateKey, remote *ecdh.PublicKey, client, vouch []byte) error {
	lasting, err := ecdh.X25519().NewPublicKey(client)
	if err != nil {
		return errCrypto("client's key is malformed")
	}
	key, err := agree(short, lasting)
	if err != nil {
		return errCrypto("client has a key that protects nothing")
	}
	plain, ok := key.open(nonceVouch, vouch[:longNonce], vouch[longNonce:])
	if !ok {
		return errCrypto("vouch of the client does not open")
	}
	want := append(remote.Bytes(), s.secret.PublicKey().Bytes()...)
	if subtle.ConstantTimeCompare(plain, want) != 1 {
		return wire.Violation(wire.KeyExchange, "client vouches for other keys")
	}
	return nil
}

// admit has the authentication asked about the client, unless it must not be
// without a domain (ZMQ_ZAP_ENFORCE_DOMAIN).
func (s *curveServer) admit(client []byte) {
	if s.options.ZAPDomain == "" && s.options.ZAPEnforceDomain {
		s.send = s.sendReady
		return
	}
	s.wait(bytes.Clone(client))
}

// Answer goes on with those who were allowed.
func (s *curveServer) Answer(reply [][]byte) error {
	if err := s.dialogue.Answer(reply); err != nil {
		return err
	}
	s.send = s.sendReady
	return nil
}

func (s *curveServer) sendReady(dst []byte) []byte {
	dst = s.count(wire.AppendCommand(dst, wire.Ready, ""))
	dst = s.key.seal(dst, nonceReady, dst[len(dst)-shortNonce:], appendOwn(nil, s.options))
	s.start(nonceServer, nonceClient)
	return dst
}
