package security

import (
	"crypto/ecdh"
	"crypto/rand"

	"ztools/lib/internal/option"
	"ztools/lib/internal/wire"
)

// curveClient is the client's side.
type curveClient struct {
	curve
	short  *ecdh.PrivateKey // c'
	hello  boxKey           // C'↔S
	remote *ecdh.PublicKey  // S'
	cookie [cookieSize]byte // as it came, to be sent back
}

func newCurveClient(o *option.Options, k *curveKeys, address string) *curveClient {
	c := &curveClient{curve: newCurve(o, k, address)}
	c.send = c.sendHello
	return c
}

func (c *curveClient) sendHello(dst []byte) []byte {
	c.expect(wire.Welcome, c.welcome)
	c.short = newKey()
	c.hello, _ = agree(c.short, c.server) // prepareCurve has tried S
	dst = wire.AppendCommand(dst, wire.Hello, "\x01\x00")
	dst = append(dst, make([]byte, 72)...)
	dst = append(dst, c.short.PublicKey().Bytes()...)
	dst = c.count(dst)
	return c.hello.seal(dst, nonceHello, dst[len(dst)-shortNonce:], make([]byte, 64))
}

func (c *curveClient) welcome(data []byte) error {
	if len(data) != welcomeSize {
		return errCrypto("malformed welcome command")
	}
	plain, ok := c.hello.open(nonceWelcome, data[:longNonce], data[longNonce:])
	if !ok {
		return errCrypto("welcome command does not open")
	}
	remote, err := ecdh.X25519().NewPublicKey(plain[:keySize])
	if err == nil {
		c.key, err = agree(c.short, remote)
	}
	if err != nil {
		return errCrypto("server has sent a key that protects nothing")
	}
	c.remote = remote
	c.cookie = [cookieSize]byte(plain[keySize:])
	c.hello = boxKey{}
	c.send = c.sendInitiate
	return nil
}

func (c *curveClient) sendInitiate(dst []byte) []byte {
	c.expect(wire.Ready, c.ready)
	dst = wire.AppendCommand(dst, wire.Initiate, c.cookie[:])
	dst = c.count(dst)
	return c.key.seal(dst, nonceInitiate, dst[len(dst)-shortNonce:], c.initiate())
}

// initiate is what the INITIATE says in secret: who the client is, with a vouch
// that C' is its own, and its metadata.
func (c *curveClient) initiate() []byte {
	var nonce [longNonce]byte
	rand.Read(nonce[:])
	vouch, _ := agree(c.secret, c.remote) // welcome has tried S'
	plain := append(c.short.PublicKey().Bytes(), c.server.Bytes()...)
	text := append(append([]byte(nil), c.public[:]...), nonce[:]...)
	text = vouch.seal(text, nonceVouch, nonce[:], plain)
	return appendOwn(text, c.options)
}

func (c *curveClient) ready(data []byte) error {
	if len(data) < readySize {
		return wire.Violation(wire.MalformedReady, "malformed ready command")
	}
	if err := c.follows(data[:shortNonce]); err != nil {
		return err
	}
	metadata, ok := c.key.open(nonceReady, data[:shortNonce], data[shortNonce:])
	if !ok {
		return errCrypto("ready command does not open")
	}
	if err := c.learn(metadata); err != nil {
		return err
	}
	c.start(nonceClient, nonceServer)
	c.short, c.remote = nil, nil
	return nil
}
