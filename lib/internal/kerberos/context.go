package kerberos

import (
	"crypto/rand"
	"encoding/binary"
	"slices"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/crypto/etype"
	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/types"
)

// A sealed token (RFC 4121, 4.2.6.2) is a header of 16 bytes and what
//
//	plaintext, EC bytes of filler, the header with RRC 0
//
// was encrypted to, rotated right by RRC bytes:
//
//	05 04  flags  ff  EC(2)  RRC(2)  number(8)

const (
	headerSize = 16
	wrapID     = 0x0504

	flagAcceptor = 1 << 0 // sent by the acceptor
	flagSealed   = 1 << 1
	flagSubkey   = 1 << 2 // sealed with the acceptor's subkey
)

// Context is an established context. Wrap and Unwrap may be called at the same
// time, each by one goroutine.
type Context struct {
	// Constant.
	key      []byte
	etype    etype.EType
	acceptor bool
	subkey   bool // the key is the acceptor's

	sent     uint64 // number of the next token; owned by Wrap
	received uint64 // the same; owned by Unwrap
}

// newContext is ErrEnctype for the keys that RFC 4121 leaves to older tokens.
func newContext(key types.EncryptionKey, acceptor, subkey bool, sent, received int64) (*Context, error) {
	size, ok := keySizes[key.KeyType]
	if !ok {
		return nil, ErrEnctype
	}
	if len(key.KeyValue) != size {
		return nil, ErrToken
	}
	e, err := crypto.GetEtype(key.KeyType)
	if err != nil {
		return nil, err
	}
	// Numbers begin with 32 bits; some peers send those over 2^31 as negative.
	return &Context{key: key.KeyValue, etype: e, acceptor: acceptor, subkey: subkey,
		sent: uint64(uint32(sent)), received: uint64(uint32(received))}, nil
}

// keySizes are the encryption types for which tokens have the form above, with
// the sizes of their keys in bytes. (gokrb5 gives that of a derived key for the
// last one.)
var keySizes = map[int32]int{
	etypeID.AES128_CTS_HMAC_SHA1_96:    16,
	etypeID.AES256_CTS_HMAC_SHA1_96:    32,
	etypeID.AES128_CTS_HMAC_SHA256_128: 16,
	etypeID.AES256_CTS_HMAC_SHA384_192: 32,
}

// newSubkey is a fresh key of an encryption type, or ErrEnctype.
func newSubkey(id int32) (types.EncryptionKey, error) {
	size, ok := keySizes[id]
	if !ok {
		return types.EncryptionKey{}, ErrEnctype
	}
	key := types.EncryptionKey{KeyType: id, KeyValue: make([]byte, size)}
	rand.Read(key.KeyValue) // never fails
	return key, nil
}

// usage is the number that the key of a direction is derived with.
func usage(byAcceptor bool) uint32 {
	if byAcceptor {
		return keyusage.GSSAPI_ACCEPTOR_SEAL
	}
	return keyusage.GSSAPI_INITIATOR_SEAL
}

// flags are those of a token sent by the acceptor or not.
func (c *Context) flags(byAcceptor bool) byte {
	flags := byte(flagSealed)
	if byAcceptor {
		flags |= flagAcceptor
	}
	if c.subkey {
		flags |= flagSubkey
	}
	return flags
}

// Wrap is the sealed token of a plaintext, which it keeps nothing of.
func (c *Context) Wrap(plaintext []byte) ([]byte, error) {
	header := make([]byte, 0, headerSize)
	header = binary.BigEndian.AppendUint16(header, wrapID)
	header = append(header, c.flags(c.acceptor), 0xff, 0, 0, 0, 0)
	header = binary.BigEndian.AppendUint64(header, c.sent)
	_, sealed, err := c.etype.EncryptMessage(c.key, slices.Concat(plaintext, header), usage(c.acceptor))
	if err != nil {
		return nil, err
	}
	c.sent++
	return append(header, sealed...), nil
}

// Unwrap is the plaintext of the peer's next token. Errors: ErrToken, ErrSeal,
// and ErrSequence for a token that came before or too early.
func (c *Context) Unwrap(token []byte) (plaintext []byte, err error) {
	if len(token) < headerSize+c.overhead() || binary.BigEndian.Uint16(token) != wrapID || token[3] != 0xff {
		return nil, ErrToken
	}
	if token[2] != c.flags(!c.acceptor) {
		return nil, ErrSeal
	}
	header := slices.Clone(token[:headerSize])
	filler, rotation := int(binary.BigEndian.Uint16(header[4:])), int(binary.BigEndian.Uint16(header[6:]))
	header[6], header[7] = 0, 0
	sealed := rotateLeft(token[headerSize:], rotation)
	err = guard(func() error {
		plaintext, err = c.etype.DecryptMessage(c.key, sealed, usage(!c.acceptor))
		return err
	})
	end := len(plaintext) - headerSize
	if err != nil || end < filler || !slices.Equal(plaintext[end:], header) {
		return nil, ErrSeal
	}
	if binary.BigEndian.Uint64(header[8:]) != c.received {
		return nil, ErrSequence
	}
	c.received++
	return plaintext[:end-filler], nil
}

// overhead is the size of an encrypted header, in bytes.
func (c *Context) overhead() int {
	return c.etype.GetConfounderByteSize() + headerSize + c.etype.GetHMACBitLength()/8
}

// rotateLeft undoes the rotation of RRC.
func rotateLeft(b []byte, n int) []byte {
	n %= len(b)
	return slices.Concat(b[n:], b[:n])
}
