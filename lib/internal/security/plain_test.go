package security_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/security"
	"ztools/lib/internal/wire"
)

const (
	plain = 1
	curve = 2
)

// side makes one side of a mechanism.
func side(t testing.TB, o option.Options) security.Mechanism {
	t.Helper()
	maker, err := security.Prepare(&o, new(security.Memory))
	if err != nil {
		t.Fatal(err)
	}
	return maker("127.0.0.1")
}

func plainPair(t testing.TB) (client, server security.Mechanism) {
	t.Helper()
	return side(t, option.Options{Mechanism: plain, Type: push, PlainUsername: "admin", PlainPassword: "s3cret"}),
		side(t, option.Options{Mechanism: plain, Type: pull, AsServer: true, ZAPDomain: "d"})
}

// isViolation reports whether an error is of that code.
func isViolation(err error, code wire.Code) bool {
	var violation *wire.ProtocolError
	return errors.As(err, &violation) && violation.Code == code
}

// isRefusal reports whether an error is of that status.
func isRefusal(err error, status int) bool {
	var refusal *security.AuthError
	return errors.As(err, &refusal) && refusal.Status == status
}

// commands checks each command that passes; the last may be missing.
func commands(t *testing.T, client, server security.Mechanism, want ...string) {
	t.Helper()
	for i, w := range want {
		from, to := client, server
		if i%2 == 1 {
			from, to = server, client
		}
		cmd, ok := from.Next(nil)
		if string(cmd) != w || !ok {
			t.Fatalf("command %d: got %q, want %q", i, cmd, w)
		}
		if _, ok := from.Next(nil); ok {
			t.Fatalf("command %d is not alone", i)
		}
		if err := to.Handle(cmd); err != nil {
			t.Fatalf("command %d: %v", i, err)
		}
		if server.State() == security.Waiting {
			if err := server.Answer(reply("200")); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestPlain(t *testing.T) {
	client, server := plainPair(t)
	commands(t, client, server, "\x05HELLO\x05admin\x06s3cret", "\x07WELCOME",
		"\x08INITIATE\x0bSocket-Type\x00\x00\x00\x04PUSH", "\x05READY\x0bSocket-Type\x00\x00\x00\x04PULL")
	if client.State() != security.Ready || server.State() != security.Ready {
		t.Fatalf("client %v, server %v", client.State(), server.State())
	}
	if p := fmt.Sprint(server.Peer()); p != "map[Socket-Type:PUSH User-Id:user]" {
		t.Errorf("the server knows %s", p)
	}
	exchange(t, client, server)
	exchange(t, server, client)
}

func TestPlainDenied(t *testing.T) {
	for status, told := range map[string]bool{"300": false, "400": true, "500": true} {
		client, server := plainPair(t)
		asked, err := converse(t, client, server, status)
		if got := fmt.Sprintf("%q", asked); got != `["" "1.0" "1" "d" "127.0.0.1" "" "PLAIN" "admin" "s3cret"]` {
			t.Errorf("asked %s", got)
		}
		if !isRefusal(err, int(status[0]-'0')*100) || (client.State() == security.Failed) != told {
			t.Errorf("%s: client %v, %v", status, client.State(), err)
		}
	}
	client, server := plainPair(t)
	if _, err := converse(t, client, server, ""); !errors.Is(err, security.ErrNoHandler) || !errors.Is(err, errno.EFAULT) {
		t.Errorf("without a handler: %v", err)
	}
}

// TestPlainError: both spellings of ERROR are understood, and libzmq's is sent.
func TestPlainError(t *testing.T) {
	for _, spelling := range []string{"\x05ERROR", "^RROR"} {
		client, _ := plainPair(t)
		client.Next(nil)
		if err := client.Handle([]byte(spelling + "\x03400")); !isRefusal(err, 400) {
			t.Errorf("%q: %v", spelling, err)
		}
	}
	_, server := plainPair(t)
	server.Handle([]byte("\x05HELLO\x00\x00"))
	server.Answer(reply("400"))
	if cmd, ok := server.Next([]byte("-")); string(cmd) != "-^RROR\x03400" || !ok {
		t.Errorf("sends %q", cmd)
	}
}

// TestPlainRefuses: what each side must not take.
func TestPlainRefuses(t *testing.T) {
	for _, test := range []struct {
		cmds string // separated by |; the last is wrong
		code wire.Code
	}{
		{"", wire.MalformedUnspecified},
		{"\x05READY", wire.UnexpectedCommand},
		{"\x05ERROR\x03400", wire.UnexpectedCommand},
		{"\x08INITIATE", wire.UnexpectedCommand},
		{"\x05HELLO", wire.MalformedHello},
		{"\x05HELLO\x05admi", wire.MalformedHello},
		{"\x05HELLO\x05admin", wire.MalformedHello},
		{"\x05HELLO\x05admin\x06s3cre", wire.MalformedHello},
		{"\x05HELLO\x05admin\x06s3cret!", wire.MalformedHello},
		{"\x05HELLO\xff\x00", wire.MalformedHello},
		{"\x05HELLO\x00\x00|\x05HELLO\x00\x00", wire.UnexpectedCommand},
		{"\x05HELLO\x00\x00|\x08INITIATE\x01", wire.InvalidMetadata},
		{"\x05HELLO\x00\x00|\x08INITIATE\x0bSocket-Type\x00\x00\x00\x03SUB", wire.InvalidMetadata},
		{"\x05HELLO\x00\x00|\x08INITIATE|\x08INITIATE", wire.Unspecified},
	} {
		_, server := plainPair(t)
		checkRefuses(t, server, test.cmds, test.code)
	}
	for cmds, code := range map[string]wire.Code{
		"\x05HELLO\x00\x00":                   wire.UnexpectedCommand,
		"\x05READY":                           wire.UnexpectedCommand,
		"\x07WELCOME!":                        wire.MalformedWelcome,
		"\x07WELCOME|\x07WELCOME":             wire.UnexpectedCommand,
		"\x07WELCOME|\x05READY\x01":           wire.InvalidMetadata,
		"\x07WELCOME|\x05READY|\x05READY":     wire.Unspecified,
		"\x07WELCOME|\x05ERROR":               wire.MalformedError,
		"\x05ERROR\x04400":                    wire.MalformedError,
		"\x05ERROR\x04some":                   wire.Unspecified,
		"\x07WELCOME|\x05READY|\x05ERROR\x00": wire.Unspecified,
	} {
		client, _ := plainPair(t)
		checkRefuses(t, client, cmds, code)
	}
}

// checkRefuses passes commands to one side, of which only the last is wrong.
func checkRefuses(t *testing.T, m security.Mechanism, cmds string, code wire.Code) {
	t.Helper()
	list := strings.Split(cmds, "|")
	for i, cmd := range list {
		for _, ok := m.Next(nil); ok; _, ok = m.Next(nil) {
		}
		err := m.Handle([]byte(cmd))
		if last := i == len(list)-1; last && (!isViolation(err, code) || m.State() != security.Failed) || !last && err != nil {
			t.Errorf("%q: %q gives %v in state %v", cmds, cmd, err, m.State())
			return
		}
		if m.State() == security.Waiting {
			m.Answer(reply("200"))
		}
	}
	if cmd, ok := m.Next(nil); ok {
		t.Errorf("%q: still sends %q", cmds, cmd)
	}
}

// TestPlainWaits: while the authentication is asked the peer must be silent.
func TestPlainWaits(t *testing.T) {
	_, server := plainPair(t)
	server.Handle([]byte("\x05HELLO\x00\x00"))
	if cmd, ok := server.Next(nil); ok || server.State() != security.Waiting {
		t.Fatalf("sends %q in state %v", cmd, server.State())
	}
	if err := server.Handle([]byte("\x08INITIATE")); !isViolation(err, wire.Unspecified) {
		t.Errorf("got %v", err)
	}
	if server.Answer(reply("200")); server.State() != security.Failed {
		t.Errorf("recovers to state %v", server.State())
	}
}

// TestPlainNeedsDomain: where libzmq aborts there is an error.
func TestPlainNeedsDomain(t *testing.T) {
	o := option.Options{Mechanism: plain, AsServer: true, ZAPEnforceDomain: true}
	if _, err := security.Prepare(&o, new(security.Memory)); !errors.Is(err, errno.EINVAL) {
		t.Errorf("got %v", err)
	}
}

// Both sides of every mechanism learn the routing id of the other.
func TestIdentity(t *testing.T) {
	const dealer, router = 5, 6
	for name, m := range map[string]struct{ client, server option.Options }{
		"PLAIN": {option.Options{Mechanism: plain}, option.Options{Mechanism: plain, AsServer: true}},
		"CURVE": {option.Options{Mechanism: curve, CurveServerKey: serverKeys.Public, CurveSecretKey: clientKeys.Secret},
			option.Options{Mechanism: curve, AsServer: true, CurveSecretKey: serverKeys.Secret}},
		"NULL": {},
	} {
		m.client.Type, m.client.RoutingID = dealer, []byte("me")
		m.server.Type, m.server.RoutingID = router, bytes.Repeat([]byte{'i'}, 255)
		client, server := side(t, m.client), side(t, m.server)
		if _, err := converse(t, client, server, "200"); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := server.Said()["Identity"]; got != "me" {
			t.Errorf("%s: the server knows %q", name, got)
		}
		if got := client.Said()["Identity"]; got != string(m.server.RoutingID) {
			t.Errorf("%s: the client knows %q", name, got)
		}
	}
}

// Without a handler ZAP_ENFORCE_DOMAIN decides about peers of NULL, which nobody is
// asked about without a domain.
func TestNullEnforced(t *testing.T) {
	for _, test := range []struct {
		domain        string
		enforce, asks bool
		lets          bool
	}{{"", false, false, true}, {"", true, false, true}, {"d", false, true, true}, {"d", true, true, false}} {
		n := side(t, option.Options{Type: pull, ZAPDomain: test.domain, ZAPEnforceDomain: test.enforce})
		if asks := n.State() == security.Waiting; asks != test.asks {
			t.Errorf("%+v: asks %v", test, asks)
		} else if !asks {
			continue
		}
		if err := n.Answer(nil); (err == nil) != test.lets || err != nil && !errors.Is(err, security.ErrNoHandler) {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

// What a handler says about a peer is what its messages have, but not its routing
// id; a socket type that does not fit is no answer. libzmq does the same.
func TestHandlerMetadata(t *testing.T) {
	property := func(name, value string) []byte { return wire.AppendProperty(nil, name, value) }
	for _, test := range []struct {
		metadata []byte
		code     wire.Code // 0: passes
		name     string
		want     string
	}{
		{property("Identity", "zap"), 0, "Identity", "zap"},
		{property("Socket-Type", "PUSH"), 0, "Socket-Type", "PUSH"},
		{property("Socket-Type", "SUB"), wire.ZAPInvalidMetadata, "", ""},
		{property("Socket-Type", ""), wire.ZAPInvalidMetadata, "", ""},
		{property("User-Id", "mallory"), 0, "User-Id", "joe"},
	} {
		n := side(t, option.Options{Type: pull, ZAPDomain: "d"})
		if err := n.Handle(append(ready("PUSH"), property("Identity", "own")...)); err != nil {
			t.Fatal(err)
		}
		err := n.Answer([][]byte{nil, []byte("1.0"), []byte("1"), []byte("200"), nil, []byte("joe"), test.metadata})
		if (err == nil) != (test.code == 0) || err != nil && !isViolation(err, test.code) {
			t.Errorf("%q: %v", test.metadata, err)
		}
		if got := n.Peer()[test.name]; got != test.want {
			t.Errorf("%q: the messages have %q", test.metadata, got)
		}
		if n.Said()["Identity"] != "own" || n.Said()["Socket-Type"] != "PUSH" {
			t.Errorf("%q: the peer said %q", test.metadata, n.Said())
		}
	}
}

// FuzzPlain gives both sides two arbitrary commands.
func FuzzPlain(f *testing.F) {
	f.Add([]byte("\x05HELLO\x05admin\x06s3cret"), []byte("\x08INITIATE\x0bSocket-Type\x00\x00\x00\x04PUSH"))
	f.Add([]byte("\x07WELCOME"), []byte("\x05READY\x0bSocket-Type\x00\x00\x00\x04PULL"))
	f.Add([]byte("\x07WELCOME"), []byte("^RROR\x03400"))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		client, server := plainPair(t)
		for _, m := range []security.Mechanism{client, server} {
			fuzzHandshake(t, m, first, second)
		}
	})
}

// fuzzHandshake checks what must hold whatever a peer sends: an error is final,
// and nobody gets in without the authentication.
func fuzzHandshake(t *testing.T, m security.Mechanism, cmds ...[]byte) {
	failed := false
	for _, cmd := range cmds {
		for _, ok := m.Next(nil); ok; _, ok = m.Next(nil) {
		}
		err := m.Handle(cmd)
		if failed && err == nil {
			t.Fatalf("takes %q after an error", cmd)
		}
		failed = failed || err != nil
		if failed != (m.State() == security.Failed) {
			t.Fatalf("state %v with %v", m.State(), err)
		}
		if m.State() == security.Waiting {
			m.Answer(reply("200"))
		}
	}
}

// FuzzAnswer gives a server an arbitrary reply of the authentication.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("\n1.0\n1\n200\nOK\njoe\n"))
	f.Add([]byte("\n1.0\n1\n200\nOK\njoe\n\x05X-Zap\x00\x00\x00\x01z"))
	f.Add([]byte("\n1.0\n1\n500\n\n\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, server := plainPair(t)
		server.Handle([]byte("\x05HELLO\x00\x00"))
		parts := strings.Split(string(text), "\n")
		frames := make([][]byte, len(parts))
		for i := range parts {
			frames[i] = []byte(parts[i])
		}
		err := server.Answer(frames)
		if allowed := len(frames) == 7 && parts[3] == "200"; err == nil && !allowed {
			t.Fatalf("%q lets a peer in", parts)
		}
		if (err == nil) != (server.State() == security.Handshaking) {
			t.Fatalf("state %v with %v", server.State(), err)
		}
	})
}
