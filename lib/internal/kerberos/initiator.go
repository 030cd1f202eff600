package kerberos

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/chksumtype"
	"github.com/jcmturner/gokrb5/v8/iana/flags"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

// The flags of a context (RFC 2743) that a client asks for.
const (
	contextMutual    = 1 << 1
	contextReplay    = 1 << 2
	contextConf      = 1 << 4
	contextIntegrity = 1 << 5
)

// The checksum field of an authenticator holds no checksum but (RFC 4121, 4.1.1)
// the length and the hash of the channel bindings, of which there are none, and
// the flags, little endian.
const (
	checksumSize  = 24
	checksumFlags = 20
	bindingsSize  = 16
)

// Initiator is the client's side while it makes a context.
type Initiator struct {
	tickets *Tickets
	wanted  wanted
	issued
	auth types.Authenticator
}

// NewInitiator gets a ticket for a service, for own or, if own has no text, for
// whom the credentials are. It asks the KDC, over the network, where neither
// tickets nor the credentials cache have it.
func NewInitiator(ctx context.Context, tickets *Tickets, own, service Name) (*Initiator, error) {
	c, err := loadConfig(configFile())
	if err != nil {
		return nil, err
	}
	i := &Initiator{tickets: tickets, wanted: wanted{own, service, origin(c)}}
	ok := false
	if i.issued, ok = tickets.take(i.wanted); !ok {
		if i.issued, err = issue(ctx, c, own, service); err != nil {
			return nil, err
		}
	}
	return i, i.authenticate()
}

// issue gets a ticket with the credentials of the client.
func issue(ctx context.Context, c *config.Config, own, service Name) (i issued, err error) {
	target, err := service.resolve(ctx, c)
	if err != nil {
		return i, err
	}
	var self *principal
	if own.Text != "" {
		p, err := own.resolve(ctx, c)
		if err != nil {
			return i, err
		}
		self = &p
	}
	u, err := login(ctx, c, self)
	if err != nil {
		return i, err
	}
	i.self = u.self
	err = guard(func() error {
		i.ticket, err = u.ticket(ctx, target)
		return err
	})
	if err != nil {
		return i, fmt.Errorf("kerberos: ticket for %v: %w", target, err)
	}
	return i, nil
}

// authenticate makes the proof that the client has the key of the ticket now.
func (i *Initiator) authenticate() error {
	subkey, err := newSubkey(i.key.KeyType)
	if err != nil {
		return err
	}
	if i.auth, err = types.NewAuthenticator(i.self.realm, i.self.name); err != nil {
		return err
	}
	i.auth.SubKey = subkey
	sum := make([]byte, checksumSize)
	binary.LittleEndian.PutUint32(sum, bindingsSize)
	binary.LittleEndian.PutUint32(sum[checksumFlags:], contextMutual|contextReplay|contextConf|contextIntegrity)
	i.auth.Cksum = types.Checksum{CksumType: chksumtype.GSSAPI, Checksum: sum}
	return nil
}

// Token is the token for the server.
func (i *Initiator) Token() ([]byte, error) {
	request, err := messages.NewAPReq(i.Ticket, i.key, i.auth)
	if err != nil {
		return nil, err
	}
	types.SetFlag(&request.APOptions, flags.APOptionMutualRequired)
	message, err := request.Marshal()
	if err != nil {
		return nil, err
	}
	return frame(tokenRequest, message)
}

// Finish takes the server's token: it must show that the server could read ours,
// and so the ticket may be used again.
// Errors: ErrToken, ErrSeal, ErrEnctype.
func (i *Initiator) Finish(token []byte) (*Context, error) {
	message, err := unframe(tokenReply, token)
	if err != nil {
		return nil, err
	}
	var part messages.EncAPRepPart
	err = guard(func() error {
		var reply messages.APRep
		if err := reply.Unmarshal(message); err != nil {
			return ErrToken
		}
		plaintext, err := crypto.DecryptEncPart(reply.EncPart, i.key, keyusage.AP_REP_ENCPART)
		if err != nil {
			return ErrSeal
		}
		return part.Unmarshal(plaintext)
	})
	if err != nil {
		return nil, err
	}
	if !part.CTime.Equal(i.auth.CTime.Truncate(timeUnit)) || part.Cusec != i.auth.Cusec {
		return nil, ErrSeal
	}
	i.tickets.keep(i.wanted, i.issued)
	key, subkey := i.auth.SubKey, len(part.Subkey.KeyValue) > 0
	if subkey {
		key = part.Subkey
	}
	return newContext(key, false, subkey, i.auth.SeqNumber, part.SequenceNumber)
}
