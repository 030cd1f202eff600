package kerberos

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

// offline makes a client whose ticket nobody but a keytab vouches for, and sets
// the environment of its server.
func offline(t testing.TB) *Initiator {
	t.Helper()
	const realm, enctype = "TEST", etypeID.AES256_CTS_HMAC_SHA1_96
	keys, now := keytab.New(), time.Now().UTC()
	if err := keys.AddEntry("zmq/localhost", realm, "password", now, 1, enctype); err != nil {
		t.Fatal(err)
	}
	raw, err := keys.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "keytab"), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KRB5_KTNAME", filepath.Join(dir, "keytab"))
	t.Setenv("KRB5_CONFIG", filepath.Join(dir, "none"))
	client := types.NewPrincipalName(nametype.KRB_NT_PRINCIPAL, "alice")
	i := &Initiator{tickets: new(Tickets), issued: issued{self: principal{client, realm}}}
	i.Ticket, i.key, err = messages.NewTicket(client, realm, types.NewPrincipalName(nametype.KRB_NT_SRV_HST, "zmq/localhost"), realm,
		types.NewKrbFlags(), keys, enctype, 1, now, now, now.Add(time.Hour), now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if err := i.authenticate(); err != nil {
		t.Fatal(err)
	}
	return i
}

// FuzzAccept feeds a server arbitrary tokens.
func FuzzAccept(f *testing.F) {
	good, err := offline(f).Token()
	if err != nil {
		f.Fatal(err)
	}
	if a, err := NewAcceptor(Name{}, new(Replays)).Accept(context.Background(), good, "127.0.0.1"); err != nil || a.Client != "alice@TEST" {
		f.Fatalf("the seed is refused: %v", err)
	}
	f.Add(good)
	f.Add(good[:100])
	f.Fuzz(func(t *testing.T, token []byte) {
		if a, err := NewAcceptor(Name{}, new(Replays)).Accept(context.Background(), token, "127.0.0.1"); err == nil && a.Client != "alice@TEST" {
			t.Errorf("accepted as %q", a.Client)
		}
	})
}

// FuzzFinish feeds a client arbitrary tokens: none can know the key of the
// ticket.
func FuzzFinish(f *testing.F) {
	i := offline(f)
	token, err := i.Token()
	if err != nil {
		f.Fatal(err)
	}
	a, err := NewAcceptor(Name{}, new(Replays)).Accept(context.Background(), token, "127.0.0.1")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(a.Reply)
	f.Add(token)
	f.Fuzz(func(t *testing.T, reply []byte) {
		if c, err := i.Finish(reply); err == nil && !bytes.Equal(c.key, a.Context.key) {
			t.Errorf("%x passes", reply)
		}
	})
}

// FuzzUnwrap feeds a context arbitrary tokens.
func FuzzUnwrap(f *testing.F) {
	i := offline(f)
	token, err := i.Token()
	if err != nil {
		f.Fatal(err)
	}
	a, err := NewAcceptor(Name{}, new(Replays)).Accept(context.Background(), token, "127.0.0.1")
	if err != nil {
		f.Fatal(err)
	}
	client, err := i.Finish(a.Reply)
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := client.Wrap([]byte("text"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add(append(sealed[:16:16], make([]byte, 60)...))
	f.Fuzz(func(t *testing.T, token []byte) {
		server := *a.Context // its count begins anew
		if text, err := server.Unwrap(token); err == nil && string(text) != "text" {
			t.Errorf("%x is taken for %q", token, text)
		}
	})
}
