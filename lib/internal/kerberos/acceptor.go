package kerberos

import (
	"encoding/binary"
	"maps"
	"net"
	"sync"
	"time"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/asn1tools"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana"
	"github.com/jcmturner/gokrb5/v8/iana/asnAppTag"
	"github.com/jcmturner/gokrb5/v8/iana/chksumtype"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/iana/msgtype"
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

// Accept takes the token of a client at that address: it must hold a ticket for
// own or, if own has no text, for a service in the keytab. Each request counts
// once: replays are the memory of those that came. It asks nobody over the network.
func Accept(own Name, token []byte, address string, replays *Replays) (*Accepted, error) {
	message, err := unframe(tokenRequest, token)
	if err != nil {
		return nil, err
	}
	c, err := loadConfig()
	if err != nil {
		return nil, err
	}
	keys, err := loadKeytab("KRB5_KTNAME", c.LibDefaults.DefaultKeytabName)
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
	if own.Text != "" {
		self, err := own.resolve(c)
		if err != nil {
			return nil, err
		}
		if !self.is(request.Ticket.SName, request.Ticket.Realm) {
			return nil, ErrService
		}
	}
	return accept(&request, c.LibDefaults.Clockskew, replays)
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
