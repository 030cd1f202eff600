package security

import (
	"crypto/ecdh"
	"encoding/binary"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/wire"
)

// curve is what the two sides of the CURVE mechanism (RFC 25, 26) have in
// common. C and S are the lasting keys of client and server, C' and S' those of
// this connection, small letters their secret halves; K is the server's key for
// its cookie.
//
//	client  HELLO     C', Box[zeros](C'→S) ──►
//	server  ◄── WELCOME   Box[S', cookie](S→C'), cookie = Box[C', s'](K)
//	client  INITIATE  cookie, Box[C, Box[C', S](C→S'), metadata](C'→S') ──►
//	server  ◄── READY     Box[metadata](S'→C'), if the authentication allows C
//	both    MESSAGE   Box[flags, body](C'↔S')
//
// A box is numbered: by its short nonce, which each side counts up from 1 over
// all it sends, or by a long one, which is random.
type curve struct {
	dialogue
	*curveKeys
	key  boxKey // C'↔S'
	sent uint64 // our last short nonce
	seen uint64 // the peer's last short nonce
	channel
}

// The sizes of RFC 26, in bytes. Those of commands are without their names and
// without metadata.
const (
	keySize    = 32
	longNonce  = 16
	shortNonce = 8
	cookieSize = longNonce + boxOverhead + 2*keySize
	vouchSize  = longNonce + boxOverhead + 2*keySize

	helloSize    = 2 + 72 + keySize + shortNonce + boxOverhead + 64
	welcomeSize  = longNonce + boxOverhead + keySize + cookieSize
	initiateSize = cookieSize + shortNonce + boxOverhead + keySize + vouchSize
	readySize    = shortNonce + boxOverhead
)

// The beginnings of nonces.
const (
	nonceHello    = "CurveZMQHELLO---"
	nonceWelcome  = "WELCOME-"
	nonceCookie   = "COOKIE--"
	nonceInitiate = "CurveZMQINITIATE"
	nonceVouch    = "VOUCH---"
	nonceReady    = "CurveZMQREADY---"
	nonceClient   = "CurveZMQMESSAGEC"
	nonceServer   = "CurveZMQMESSAGES"
)

// curveKeys are the lasting keys of a bind or connect.
type curveKeys struct {
	secret *ecdh.PrivateKey // own
	public [keySize]byte    // own
	server *ecdh.PublicKey  // client: S
}

// prepareCurve makes a client or a server. A public key that was not set is
// derived from the secret one. Without a secret key, which libzmq takes for one of
// zeros that everybody knows, there is neither.
func prepareCurve(o *option.Options, _ *Memory) (Maker, error) {
	if o.CurveSecretKey == [keySize]byte{} {
		return nil, errno.EINVAL
	}
	secret, err := ecdh.X25519().NewPrivateKey(o.CurveSecretKey[:])
	if err != nil {
		return nil, errno.EINVAL
	}
	k := &curveKeys{secret: secret, public: o.CurvePublicKey}
	if k.public == [keySize]byte{} {
		k.public = [keySize]byte(secret.PublicKey().Bytes())
	}
	if o.AsServer {
		return func(address string) Mechanism { return newCurveServer(o, k, address) }, nil
	}
	if k.server, err = ecdh.X25519().NewPublicKey(o.CurveServerKey[:]); err != nil {
		return nil, errno.EINVAL
	}
	if _, err := secret.ECDH(k.server); err != nil { // a key that shares the same secret with everybody
		return nil, errno.EINVAL
	}
	return func(address string) Mechanism { return newCurveClient(o, k, address) }, nil
}

func newCurve(o *option.Options, k *curveKeys, address string) curve {
	return curve{
		dialogue:  dialogue{zap: zap{options: o, address: address, mechanism: "CURVE"}},
		curveKeys: k,
	}
}

// Name is "CURVE".
func (c *curve) Name() string { return c.mechanism }

// count appends our next short nonce.
func (c *curve) count(dst []byte) []byte {
	c.sent++
	return binary.BigEndian.AppendUint64(dst, c.sent)
}

// follows notes a short nonce of the peer. It must be higher than the last one,
// or else the command is an old one that somebody plays again.
func (c *curve) follows(nonce []byte) error {
	n := binary.BigEndian.Uint64(nonce)
	if n <= c.seen {
		return wire.Violation(wire.InvalidSequence, "short nonce does not count up")
	}
	c.seen = n
	return nil
}

// start opens the channel for messages. The key of the handshake is needed no
// longer.
func (c *curve) start(ours, theirs string) {
	c.channel.start(&c.key, ours, theirs, c.sent, c.seen)
	c.key = boxKey{}
	c.state = Ready
}

// errCrypto is the error for a box that does not open.
func errCrypto(text string) error { return wire.Violation(wire.Cryptographic, text) }
