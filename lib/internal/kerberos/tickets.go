package kerberos

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/credentials"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/iana/patype"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

// How a client gets the ticket for a service (RFC 4120, 3.1 and 3.3):
//
//	1 login    the ticket for its realm's KDC: of the credentials cache, or for the
//	           key in its keytab
//	2 obtain   with that, the ticket for the service; a KDC may refer it to that of
//	           another realm

// ticket is a ticket and what its client has to know.
type ticket struct {
	messages.Ticket
	key types.EncryptionKey
	end time.Time // from when on it does not count
}

// user is a client that can get tickets.
type user struct {
	config *config.Config
	self   principal
	cache  *credentials.CCache // nil without
	login  ticket              // for the KDC of its realm; without a cache
}

// maxReferrals is how many KDCs may refer a client to another.
const maxReferrals = 5

// toKDC is the service that gives tickets to those who have one of another realm.
func toKDC(realm string) types.PrincipalName {
	return types.PrincipalName{NameType: nametype.KRB_NT_SRV_INST, NameString: []string{"krbtgt", realm}}
}

// ticket is the one for a service.
func (u *user) ticket(ctx context.Context, service principal) (ticket, error) {
	if t, ok := u.cached(service.name); ok {
		return t, nil
	}
	t, ok := u.cached(toKDC(u.self.realm))
	if !ok {
		t = u.login
	}
	if len(t.key.KeyValue) == 0 {
		return t, errors.New("the credentials cache has no valid ticket for the KDC")
	}
	host := service.name.NameString[len(service.name.NameString)-1]
	realm := cmp.Or(service.realm, u.config.ResolveRealm(host), u.self.realm)
	if realm != u.self.realm {
		var err error
		if t, err = u.obtain(ctx, toKDC(realm), u.self.realm, t); err != nil {
			return t, err
		}
	}
	return u.obtain(ctx, service.name, realm, t)
}

// cached is a ticket of the credentials cache that counts now.
func (u *user) cached(service types.PrincipalName) (t ticket, ok bool) {
	if u.cache == nil {
		return t, false
	}
	now := time.Now()
	for _, c := range u.cache.GetEntries() {
		if c.Server.PrincipalName.Equal(service) && now.After(c.StartTime) && now.Before(c.EndTime) && t.Unmarshal(c.Ticket) == nil {
			return ticket{t.Ticket, c.Key, c.EndTime}, true
		}
	}
	return t, false
}

// obtain asks the KDC of a realm, for which t is, for the ticket for a service.
func (u *user) obtain(ctx context.Context, service types.PrincipalName, realm string, t ticket) (ticket, error) {
	for range maxReferrals {
		request, err := messages.NewTGSReq(u.self.name, realm, u.config, t.Ticket, t.key, service, false)
		if err != nil {
			return t, err
		}
		message, err := request.Marshal()
		if err != nil {
			return t, err
		}
		message, err = ask(ctx, u.config, realm, message)
		if err != nil {
			return t, err
		}
		var reply messages.TGSRep
		if err := reply.Unmarshal(message); err != nil {
			return t, err
		}
		if err := reply.DecryptEncPart(t.key); err != nil {
			return t, err
		}
		if ok, err := reply.Verify(u.config, request); !ok {
			return t, err
		}
		t = ticket{reply.Ticket, reply.DecryptedEncPart.Key, reply.DecryptedEncPart.EndTime}
		name := t.SName.NameString
		if len(name) != 2 || name[0] != "krbtgt" || t.SName.Equal(service) {
			return t, nil
		}
		realm = name[1]
	}
	return t, errors.New("too many referrals from KDC to KDC")
}

// authenticate gets the ticket for the KDC with a key of the keytab.
func (u *user) authenticate(ctx context.Context, keys *keytab.Keytab) error {
	own := credentials.New(strings.Join(u.self.name.NameString, "/"), u.self.realm).WithKeytab(keys)
	request, err := messages.NewASReqForTGT(u.self.realm, u.config, own.CName())
	if err != nil {
		return err
	}
	message, err := u.send(ctx, request)
	if refusal := (messages.KRBError{}); errors.As(err, &refusal) && refusal.ErrorCode == errorcode.KDC_ERR_PREAUTH_REQUIRED {
		if request.PAData, err = proof(refusal.EData, own); err != nil {
			return err
		}
		message, err = u.send(ctx, request)
	}
	if err != nil {
		return err
	}
	var reply messages.ASRep
	if err := reply.Unmarshal(message); err != nil {
		return err
	}
	if ok, err := reply.Verify(u.config, own, request); !ok {
		return err
	}
	u.login = ticket{reply.Ticket, reply.DecryptedEncPart.Key, reply.DecryptedEncPart.EndTime}
	return nil
}

func (u *user) send(ctx context.Context, request messages.ASReq) ([]byte, error) {
	message, err := request.Marshal()
	if err != nil {
		return nil, err
	}
	return ask(ctx, u.config, u.self.realm, message)
}

// proof is the time, encrypted with the client's key of the first type of those
// that the KDC offers (RFC 4120, 5.2.7.2).
func proof(offer []byte, own *credentials.Credentials) (types.PADataSequence, error) {
	var data types.PADataSequence
	if err := data.Unmarshal(offer); err != nil {
		return nil, err
	}
	now, err := types.GetPAEncTSEncAsnMarshalled()
	if err != nil {
		return nil, err
	}
	err = errors.New("the KDC offers no encryption type for the proof of the key")
	for _, id := range offered(data) {
		key, version, keyErr := own.Keytab().GetEncryptionKey(own.CName(), own.Domain(), 0, id)
		if keyErr != nil {
			err = keyErr
			continue
		}
		sealed, err := crypto.GetEncryptedData(now, key, keyusage.AS_REQ_PA_ENC_TIMESTAMP, version)
		if err != nil {
			return nil, err
		}
		value, err := sealed.Marshal()
		return types.PADataSequence{{PADataType: patype.PA_ENC_TIMESTAMP, PADataValue: value}}, err
	}
	return nil, err
}

// offered are the encryption types that a KDC offers.
func offered(data types.PADataSequence) (ids []int32) {
	for _, d := range data {
		switch d.PADataType {
		case patype.PA_ETYPE_INFO2:
			info, _ := d.GetETypeInfo2()
			for _, i := range info {
				ids = append(ids, i.EType)
			}
		case patype.PA_ETYPE_INFO: // what older ones know
			info, _ := d.GetETypeInfo()
			for _, i := range info {
				ids = append(ids, i.EType)
			}
		}
	}
	return ids
}
