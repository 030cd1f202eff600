package ws

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"testing"
	"time"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
)

// authority is a certificate authority of the test's own.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pem  string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.key, a.cert, a.pem = issue(t, template, nil)
	return a
}

// issue makes a certificate signed by a, or by itself.
func issue(t *testing.T, template *x509.Certificate, a *authority) (*ecdsa.PrivateKey, *x509.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, signer := template, key
	if a != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, cert, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// serves makes the options of a server that a vouches for.
func (a *authority) serves(t *testing.T, name string) *option.Options {
	t.Helper()
	key, _, cert := issue(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{name}, IPAddresses: []net.IP{{127, 0, 0, 1}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}, a)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return options(func(o *option.Options) {
		o.WSSCertPEM = cert
		o.WSSKeyPEM = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	})
}

func TestTrust(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	server := ca.serves(t, "zmq.example")
	for _, test := range []struct {
		name string
		edit func(o *option.Options)
		ok   bool
	}{
		{"trusted", func(o *option.Options) { o.WSSTrustPEM = ca.pem }, true},
		{"trusted by name", func(o *option.Options) { o.WSSTrustPEM, o.WSSHostname = ca.pem, "zmq.example" }, true},
		{"one of two", func(o *option.Options) { o.WSSTrustPEM = other.pem + ca.pem }, true},
		{"other name", func(o *option.Options) { o.WSSTrustPEM, o.WSSHostname = ca.pem, "other.example" }, false},
		{"other authority", func(o *option.Options) { o.WSSTrustPEM = other.pem }, false},
		{"other authority by name", func(o *option.Options) { o.WSSTrustPEM, o.WSSHostname = other.pem, "zmq.example" }, false},
		{"the system's", func(o *option.Options) { o.WSSTrustSystem = true }, false},
		{"nobody", nil, false},
	} {
		m := meet(t, Transport{Secure: true}, server, options(test.edit))
		if ok := m.clientErr == nil && m.serverErr == nil; ok != test.ok {
			t.Errorf("%s: client %v, server %v", test.name, m.clientErr, m.serverErr)
		}
		if !test.ok {
			continue
		}
		go func() {
			m.dialed.Write([]byte("over TLS"))
			m.dialed.(*conn).CloseWrite()
		}()
		if got, err := io.ReadAll(m.accepted); string(got) != "over TLS" || err != nil {
			t.Errorf("%s: received %q, %v", test.name, got, err)
		}
		if e := transport.Endpoint(m.dialed.RemoteAddr()); e[:6] != "wss://" {
			t.Errorf("endpoint %q", e)
		}
	}
}

func TestCertificateOptions(t *testing.T) {
	server := newAuthority(t).serves(t, "zmq.example")
	for name, edit := range map[string]func(o *option.Options){
		"no certificate": func(o *option.Options) { o.WSSCertPEM = "" },
		"no key":         func(o *option.Options) { o.WSSKeyPEM = "" },
		"no PEM":         func(o *option.Options) { o.WSSCertPEM = "certificate" },
		"other key":      func(o *option.Options) { o.WSSKeyPEM = newAuthority(t).serves(t, "x").WSSKeyPEM },
	} {
		o := *server
		edit(&o)
		if _, err := (Transport{Secure: true}).Listen("127.0.0.1:0", &o); !errors.Is(err, errno.EINVAL) {
			t.Errorf("%s: %v", name, err)
		}
	}
	bad := options(func(o *option.Options) { o.WSSTrustPEM = "certificate" })
	if err := (Transport{Secure: true}).Check("127.0.0.1:1", bad); !errors.Is(err, errno.EINVAL) {
		t.Errorf("trust in no certificate: %v", err)
	}
}
