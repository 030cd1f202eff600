package ztest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/keytab"
)

// SilentKDC listens as a KDC for the time of the test and answers nothing. The
// environment names it, to be asked over that network first, and a keytab with the
// principal alice of Realm. It tells of each request.
func SilentKDC(t testing.TB, network string) (asked <-chan struct{}) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	p, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		t.Fatal(err)
	}
	requests, over := make(chan struct{}, 100), make(chan struct{}, 2)
	go func() {
		defer func() { over <- struct{}{} }()
		var open []net.Conn
		for {
			conn, err := l.Accept()
			if err != nil {
				break
			}
			open = append(open, conn)
			requests <- struct{}{}
		}
		for _, conn := range open {
			conn.Close()
		}
	}()
	go func() {
		defer func() { over <- struct{}{} }()
		for _, err := p.Read(make([]byte, 1<<16)); err == nil; _, err = p.Read(make([]byte, 1<<16)) {
			requests <- struct{}{}
		}
	}()
	t.Cleanup(func() {
		l.Close()
		p.Close()
		<-over
		<-over
	})
	keys, dir := keytab.New(), t.TempDir()
	if err := keys.AddEntry("alice", Realm, "password", time.Now(), 1, etypeID.AES256_CTS_HMAC_SHA1_96); err != nil {
		t.Fatal(err)
	}
	raw, err := keys.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"KRB5_CONFIG": fmt.Sprintf("[libdefaults]\n default_realm = %[1]s\n dns_canonicalize_hostname = false\n udp_preference_limit = %[3]d\n"+
			"[realms]\n %[1]s = {\n  kdc = 127.0.0.1:%[2]d\n }\n", Realm, port, map[string]int{"tcp": 1, "udp": 1465}[network]),
		"KRB5_CLIENT_KTNAME": string(raw),
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv(name, path)
	}
	t.Setenv("KRB5CCNAME", filepath.Join(dir, "none"))
	return requests
}
