package security

import (
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"ztools/lib/internal/msg"
	"ztools/lib/internal/poly1305"
	"ztools/lib/internal/salsa"
	"ztools/lib/internal/wire"
)

// channel is a CURVE connection after its handshake: frames as MESSAGE commands
// (RFC 26). Both directions use crypto_box, whose key for a nonce depends on the
// first 16 bytes of it. Those never change here, so that key is made once.
//
//	0   07 "MESSAGE"   8
//	8   short nonce    8
//	16  authenticator  16
//	32  flags          1    sealed from here on
//	33  body
//
// Of the first block of a frame's key stream 32 bytes are the authenticator's
// key. Frames are numbered one by one, so the first blocks of the next few are
// made together, as many for each as the first of them needs.
type channel struct {
	out, in direction
}

// direction is one of the two ways.
type direction struct {
	key   [keySize]byte
	count uint64 // the last short nonce

	from  uint64 // the short nonce of the first frame in ahead
	per   int    // how many blocks of each frame are in ahead: a power of two, 0 before the first
	ahead [salsa.Width * salsa.BlockSize]byte
}

// authKey is how many bytes of a frame's key stream are the authenticator's key.
const authKey = 32

const (
	messageName = "\x07MESSAGE"
	nonceAt     = len(messageName)
	tagAt       = nonceAt + shortNonce
	sealedAt    = tagAt + boxOverhead // the flags
	bodyAt      = sealedAt + 1
)

// The flags inside a MESSAGE.
const (
	sealedMore    = 1 << 0
	sealedCommand = 1 << 1
)

// errSpent says that a direction has used up its nonces.
var errSpent = errors.New("short nonces of the connection are used up")

// start begins behind the nonces that the handshake has used.
func (c *channel) start(key *boxKey, ours, theirs string, sent, seen uint64) {
	c.out.start(key, ours, sent)
	c.in.start(key, theirs, seen)
}

func (d *direction) start(key *boxKey, prefix string, count uint64) {
	d.key = key.derive([16]byte([]byte(prefix)))
	d.count = count
}

// Transparent is false.
func (c *channel) Transparent() bool { return false }

// Seal appends m as a MESSAGE. Its frame has no flags, as in libzmq.
func (c *channel) Seal(dst []byte, m *msg.Msg) ([]byte, error) {
	d := &c.out
	if d.count == math.MaxUint64 {
		return dst, errSpent
	}
	d.count++
	size := bodyAt + len(m.Body)
	dst = msg.AppendHeader(slices.Grow(dst, msg.HeaderMax+size), 0, size)
	at := len(dst)
	dst = dst[:at+size]
	d.seal(dst[at:], sealedFlags(m.Flags), m.Body)
	return dst, nil
}

// seal writes a frame of that size.
func (d *direction) seal(frame []byte, flags byte, body []byte) {
	var nonce [shortNonce]byte
	binary.BigEndian.PutUint64(nonce[:], d.count)
	copy(frame, messageName)
	copy(frame[nonceAt:], nonce[:])
	stream := d.stream(1 + len(body))
	frame[sealedAt] = flags ^ stream[authKey]
	n := subtle.XORBytes(frame[bodyAt:], body, stream[authKey+1:])
	salsa.XOR(frame[bodyAt+n:], body[n:], nonce, uint64(d.per), &d.key)
	poly1305.Sum((*[boxOverhead]byte)(frame[tagAt:]), frame[sealedAt:], (*[authKey]byte)(stream))
}

// stream is the beginning of the key stream of the frame with the short nonce
// count, of which so many bytes are sealed.
func (d *direction) stream(sealed int) []byte {
	if d.per == 0 || d.count-d.from >= uint64(salsa.Width/d.per) {
		d.lookAhead(sealed)
	}
	size := d.per * salsa.BlockSize
	at := int(d.count-d.from) * size
	return d.ahead[at : at+size]
}

// lookAhead makes the next blocks: all that frames of that size need, or where
// that is too much the first.
func (d *direction) lookAhead(sealed int) {
	d.from, d.per = d.count, 1
	if authKey+sealed <= len(d.ahead) {
		for d.per*salsa.BlockSize < authKey+sealed {
			d.per *= 2
		}
	}
	var l salsa.Lanes
	for i := range salsa.Width {
		var nonce [shortNonce]byte
		binary.BigEndian.PutUint64(nonce[:], d.from+uint64(i/d.per))
		l.Set(i, nonce, uint64(i%d.per))
	}
	salsa.Blocks(&d.ahead, &l, &d.key)
}

// Open takes a MESSAGE apart. What the frame's own flags say does not count,
// since anybody could have changed them.
func (c *channel) Open(m *msg.Msg) error {
	d, frame := &c.in, m.Body
	if len(frame) < len(messageName) || string(frame[:nonceAt]) != messageName {
		return wire.Violation(wire.UnexpectedCommand, "peer sent something that is not sealed")
	}
	if len(frame) < bodyAt {
		return wire.Violation(wire.MalformedMessage, "malformed message command")
	}
	count := binary.BigEndian.Uint64(frame[nonceAt:])
	if count <= d.count {
		return wire.Violation(wire.InvalidSequence, "short nonce does not count up")
	}
	d.count = count
	if !d.open(frame) {
		return errCrypto("message does not open")
	}
	m.Flags, m.Body = openedFlags(frame[sealedAt]), frame[bodyAt:]
	if m.Flags&msg.Wire == msg.Wire {
		return wire.Violation(wire.MalformedMessage, "command has the more flag")
	}
	return nil
}

// open decrypts a frame in place, if its authenticator is right.
func (d *direction) open(frame []byte) bool {
	var tag [boxOverhead]byte
	sealed := frame[sealedAt:]
	stream := d.stream(len(sealed))
	poly1305.Sum(&tag, sealed, (*[authKey]byte)(stream))
	if subtle.ConstantTimeCompare(tag[:], frame[tagAt:sealedAt]) != 1 {
		return false
	}
	n := subtle.XORBytes(sealed, sealed, stream[authKey:])
	salsa.XOR(sealed[n:], sealed[n:], [shortNonce]byte(frame[nonceAt:]), uint64(d.per), &d.key)
	return true
}

func sealedFlags(f msg.Flags) (sealed byte) {
	if f&msg.More != 0 {
		sealed |= sealedMore
	}
	if f&msg.Command != 0 {
		sealed |= sealedCommand
	}
	return sealed
}

func openedFlags(sealed byte) (f msg.Flags) {
	if sealed&sealedMore != 0 {
		f |= msg.More
	}
	if sealed&sealedCommand != 0 {
		f |= msg.Command
	}
	return f
}
