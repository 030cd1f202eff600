package kerberos

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

// kdc answers each request over TCP with the bytes of one, and each over UDP with
// those of the other, for the time of the test.
func kdc(t *testing.T, tcp, udp []byte) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p, err := net.ListenPacket("udp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{}, 2)
	go func() {
		defer func() { over <- struct{}{} }()
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			var size [4]byte
			io.ReadFull(conn, size[:])
			io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(size[:])))
			conn.Write(tcp)
			conn.Close()
		}
	}()
	go func() {
		defer func() { over <- struct{}{} }()
		b := make([]byte, 1000)
		for _, from, err := p.ReadFrom(b); err == nil; _, from, err = p.ReadFrom(b) {
			p.WriteTo(udp, from)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		p.Close()
		<-over
		<-over
	})
	return l.Addr().String()
}

// sized is a reply as it goes over TCP.
func sized(reply string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(reply))), reply...)
}

// refusal is the reply with an error.
func refusal(t *testing.T, code int32) string {
	t.Helper()
	e := messages.NewKRBError(types.NewPrincipalName(nametype.KRB_NT_PRINCIPAL, "x"), "TEST", code, "")
	b, err := e.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A KDC that cannot be had is passed over, one that refuses is believed, and what
// is too long for UDP comes over TCP.
func TestAsk(t *testing.T) {
	tooBig, unknown := refusal(t, errorcode.KRB_ERR_RESPONSE_TOO_BIG), refusal(t, errorcode.KDC_ERR_S_PRINCIPAL_UNKNOWN)
	good := kdc(t, sized("over tcp"), []byte("over udp"))
	for name, test := range map[string]struct {
		kdcs  []string
		limit int    // of udp
		want  string // the reply, or a part of the error
	}{
		"tcp alone":        {[]string{good}, 1, "over tcp"},
		"small enough":     {[]string{good}, 1465, "over udp"},
		"not small enough": {[]string{good}, 2, "over tcp"},
		"too big for udp":  {[]string{kdc(t, sized("large"), []byte(tooBig))}, 1465, "large"},
		"nobody":           {[]string{"127.0.0.1:1"}, 1465, "no KDC of TEST answers"},
		"the second":       {[]string{"127.0.0.1:1", good}, 1, "over tcp"},
		"refused":          {[]string{kdc(t, sized(unknown), nil), good}, 1, "KDC_ERR_S_PRINCIPAL_UNKNOWN"},
		"refused over udp": {[]string{kdc(t, nil, []byte(unknown)), good}, 1465, "KDC_ERR_S_PRINCIPAL_UNKNOWN"},
		"huge":             {[]string{kdc(t, []byte("\xff\xff\xff\xff"), nil)}, 1, "a reply of 4294967295 bytes"},
		"cut":              {[]string{kdc(t, sized("over tcp")[:9], nil)}, 1, "unexpected EOF"},
		"no KDC at all":    {nil, 1, "no KDC of TEST answers; the configuration has none"},
	} {
		c := config.New()
		c.LibDefaults.UDPPreferenceLimit = test.limit
		c.Realms = []config.Realm{{Realm: "TEST", KDC: test.kdcs}}
		reply, err := ask(t.Context(), c, "TEST", []byte("request"))
		if refused := (messages.KRBError{}); errors.As(err, &refused) != strings.HasPrefix(name, "refused") {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			reply = []byte(err.Error())
		}
		if got := string(reply); got != test.want && (err == nil || !strings.Contains(got, test.want)) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
