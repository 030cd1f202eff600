package kerberos

import (
	"context"
	"encoding/binary"
	"maps"
	"net"
	"sync"
	"time"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/asn1tools"
	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana"
	"github.com/jcmturner/gokrb5/v8/iana/asnAppTag"
	"github.com/jcmturner/gokrb5/v8/iana/chksumtype"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/iana/msgtype"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

// timeUnit is what a time of Kerberos counts in, beside its microseconds.
const timeUnit = time.Second

// Accepted is what a server makes of a client's token.
type Accepted struct {
	*Context
	Reply  []byte // token for the client
	Client string // its principal, NAME@REALM
}

// Acceptor is the server's side for many clients, by several goroutines. What it
// has read of configuration and keytab counts until their files change.
type Acceptor struct {
	own     Name     // constant
	replays *Replays // constant

	mu     sync.Mutex // guards the fields below
	config read[*config.Config]
	keys   read[*keytab.Keytab]
}

// NewAcceptor makes one for the clients of own or, if own has no text, of every
// service in the keytab. Each request counts once: replays are the memory of those
// that came.
func NewAcceptor(own Name, replays *Replays) *Acceptor {
	return &Acceptor{own: own, replays: replays}
}

// files are the configuration and the keytab, as they are now.
func (a *Acceptor) files() (*config.Config, *keytab.Keytab, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c, err := a.config.get(configFile(), loadConfig)
	if err != nil {
		return nil, nil, err
	}
	name, err := file("KRB5_KTNAME", c.LibDefaults.DefaultKeytabName)
	if err != nil {
		return nil, nil, err
	}
	keys, err := a.keys.get(name, loadKeytab)
	return c, keys, err
}

// Accept takes the token of a client at that address. It asks nobody over the
// network, unless a ticket of the keytab is for another name than own: then DNS
// has to know whether both are the same host.
func (a *Acceptor) Accept(ctx context.Context, token []byte, address string) (*Accepted, error) {
	message, err := unframe(tokenRequest, token)
	if err != nil {
		return nil, err
	}
	c, keys, err := a.files()
	if err != nil {
		return nil, err
	}
	var request messages.APReq
	err = guard(func() error {
		if request.Unmarshal(message) != nil {
			return ErrToken
		}
		from := types.HostAddressFromNetIP(net.ParseIP(address))
		ok, err := request.Verify(keys, c.LibDefaults.Clockskew, from, nil)
		if err == nil && !ok {
			err = ErrSeal
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := a.serves(ctx, c, request.Ticket.SName, request.Ticket.Realm); err != nil {
		return nil, err
	}
	return accept(&request, c.LibDefaults.Clockskew, a.replays)
}

// serves checks that a ticket is for own: as it is written, or else as it is
// canonical.
func (a *Acceptor) serves(ctx context.Context, c *config.Config, name types.PrincipalName, realm string) error {
	if a.own.Text == "" {
		return nil
	}
	resolve := func(c *config.Config) (principal, error) { return a.own.resolve(ctx, c) }
	for _, read := range []func(*config.Config) (principal, error){a.own.written, resolve} {
		if self, err := read(c); err != nil {
			return err
		} else if self.is(name, realm) {
			return nil
		}
	}
	return ErrService
}

// accept answers a request whose ticket and authenticator could be read.
func accept(request *messages.APReq, skew time.Duration, replays *Replays) (*Accepted, error) {
	ticket, auth := request.Ticket.DecryptedEncPart, request.Authenticator
	if auth.CRealm != ticket.CRealm {
		return nil, ErrToken
	}
	if auth.Cksum.CksumType != chksumtype.GSSAPI || len(auth.Cksum.Checksum) < checksumSize ||
		binary.LittleEndian.Uint32(auth.Cksum.Checksum[checksumFlags:])&contextMutual == 0 {
		return nil, ErrFlags
	}
	if !replays.add(string(request.EncryptedAuthenticator.Cipher), auth.CTime, skew) {
		return nil, ErrReplay
	}
	subkey, err := newSubkey(ticket.Key.KeyType)
	if err != nil {
		return nil, err
	}
	fresh, err := types.NewAuthenticator("", types.PrincipalName{}) // for its random number
	if err != nil {
		return nil, err
	}
	reply, err := sealReply(ticket.Key, messages.EncAPRepPart{
		CTime: auth.CTime, Cusec: auth.Cusec, Subkey: subkey, SequenceNumber: fresh.SeqNumber,
	})
	if err != nil {
		return nil, err
	}
	context, err := newContext(subkey, true, true, fresh.SeqNumber, auth.SeqNumber)
	if err != nil {
		return nil, err
	}
	return &Accepted{context, reply, principal{ticket.CName, ticket.CRealm}.String()}, nil
}

// sealReply is the token with an AP-REP (RFC 4120, 5.5.2).
func sealReply(key types.EncryptionKey, part messages.EncAPRepPart) ([]byte, error) {
	plaintext, err := asn1.Marshal(part)
	if err != nil {
		return nil, err
	}
	plaintext = asn1tools.AddASNAppTag(plaintext, asnAppTag.EncAPRepPart)
	sealed, err := crypto.GetEncryptedData(plaintext, key, keyusage.AP_REP_ENCPART, 0)
	if err != nil {
		return nil, err
	}
	message, err := asn1.Marshal(messages.APRep{PVNO: iana.PVNO, MsgType: msgtype.KRB_AP_REP, EncPart: sealed})
	if err != nil {
		return nil, err
	}
	return frame(tokenReply, asn1tools.AddASNAppTag(message, asnAppTag.APREP))
}

// Replays are the requests that were accepted and are not too old yet. The zero
// value is ready for use, by several goroutines.
type Replays struct {
	mu   sync.Mutex // guards the fields below
	seen map[string]time.Time
	full int // how many there may be before the old ones are dropped
}

// add notes a request with the time that its client gave it; false if it was
// noted before. Times are at most skew away from now, so those 2·skew before the
// newest one cannot come again.
func (r *Replays) add(request string, at time.Time, skew time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, found := r.seen[request]; found {
		return false
	}
	if r.seen == nil {
		r.seen = map[string]time.Time{}
	}
	if len(r.seen) >= r.full {
		maps.DeleteFunc(r.seen, func(_ string, t time.Time) bool { return at.Sub(t) > 2*skew })
		r.full = 2*len(r.seen) + 1000
	}
	r.seen[request] = at
	return true
}
