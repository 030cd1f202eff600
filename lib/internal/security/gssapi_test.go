package security_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/security"
	"ztools/lib/internal/wire"
	"ztools/lib/internal/ztest"
)

const gssapi = 3

// kerberosPair makes both sides, after Start. The KDC knows alice and the
// service zmq@localhost.
func kerberosPair(t testing.TB, plaintext bool) (client, server security.Mechanism) {
	t.Helper()
	both := option.Options{Mechanism: gssapi, GSSAPIPlaintext: plaintext}
	c, s := both, both
	c.Type, c.GSSAPIPrincipal, c.GSSAPIPrincipalNametype, c.GSSAPIServicePrincipal = push, "alice", 1, "zmq@localhost"
	s.Type, s.AsServer, s.GSSAPIPrincipal = pull, true, "zmq@localhost"
	return begin(t, &c), begin(t, &s)
}

// memory is that of the one context that all sides here belong to.
var memory security.Memory

// begin makes one side and starts it.
func begin(t testing.TB, o *option.Options) security.Mechanism {
	t.Helper()
	maker, err := security.Prepare(o, &memory)
	if err != nil {
		t.Fatal(err)
	}
	m := maker("127.0.0.1")
	if err := m.(security.Starter).Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m
}

// converse passes commands until both sides have none, and returns what the
// server asked the authentication, which answered with a status, or not at all.
func converse(t testing.TB, client, server security.Mechanism, status string) (asked [][]byte, err error) {
	t.Helper()
	for quiet := 0; quiet < 2; {
		from, to := client, server
		if quiet++; quiet%2 == 0 {
			from, to = server, client
		}
		for cmd, ok := from.Next(nil); ok; cmd, ok = from.Next(nil) {
			quiet = 0
			if err := to.Handle(cmd); err != nil {
				return asked, err
			}
		}
		if server.State() == security.Waiting {
			asked, quiet = server.Request(), 0
			if err := server.Answer(reply(status)); err != nil {
				return asked, errors.Join(err, drain(server, client))
			}
		}
	}
	return asked, nil
}

// drain passes the last words of a side that has failed.
func drain(from, to security.Mechanism) error {
	if cmd, ok := from.Next(nil); ok {
		return to.Handle(cmd)
	}
	return nil
}

// reply is an answer of the authentication, nil without a status.
func reply(status string) [][]byte {
	if status == "" {
		return nil
	}
	return [][]byte{nil, []byte("1.0"), []byte("1"), []byte(status), nil, []byte("user"), nil}
}

func TestGSSAPI(t *testing.T) {
	ztest.KDC(t, "aes256-cts-hmac-sha1-96", "alice", "zmq/localhost")
	for _, plaintext := range []bool{false, true} {
		for _, status := range []string{"", "200"} {
			client, server := kerberosPair(t, plaintext)
			asked, err := converse(t, client, server, status)
			if err != nil || client.State() != security.Ready || server.State() != security.Ready {
				t.Fatalf("client %v, server %v, %v", client.State(), server.State(), err)
			}
			if n := len(asked); n != 8 || string(asked[6]) != "GSSAPI" || string(asked[7]) != "alice@"+ztest.Realm {
				t.Errorf("asked %q", asked)
			}
			if p := server.Peer(); p["Socket-Type"] != "PUSH" || (status == "200") != (p["User-Id"] == "user") {
				t.Errorf("the server knows %v", p)
			}
			exchange(t, client, server)
			exchange(t, server, client)
		}
	}
}

// exchange passes frames of all kinds.
func exchange(t *testing.T, from, to security.Mechanism) {
	t.Helper()
	for _, flags := range []msg.Flags{0, msg.More, msg.Command} {
		for _, body := range []string{"", "x", strings.Repeat("y", 300)} {
			frame, err := from.Seal([]byte("-"), &msg.Msg{Flags: flags, Body: []byte(body)})
			if err != nil || frame[0] != '-' {
				t.Fatal(err)
			}
			m := opened(frame[1:])
			if err := to.Open(m); err != nil || m.Flags != flags || string(m.Body) != body {
				t.Errorf("%v %q came as %v %q, %v", flags, body, m.Flags, m.Body, err)
			}
			if sealed := !from.Transparent(); sealed && body != "" && bytes.Contains(frame, []byte("yyyy")) {
				t.Error("the body can be read")
			}
		}
	}
}

// opened is a frame as the engine gives it to Open.
func opened(frame []byte) *msg.Msg {
	flags, size, n := msg.ConsumeHeader(frame)
	return &msg.Msg{Flags: flags & msg.Wire, Body: bytes.Clone(frame[n : n+int(size)])}
}

// Whoever the authentication denies stays out, which libzmq up to 4.3.5 forgets,
// and is told, unless the failure is temporary.
func TestGSSAPIDenied(t *testing.T) {
	ztest.KDC(t, "aes256-cts-hmac-sha1-96", "alice", "zmq/localhost")
	for status, told := range map[string]bool{"300": false, "400": true, "500": true} {
		client, server := kerberosPair(t, false)
		_, err := converse(t, client, server, status)
		if !isRefusal(err, int(status[0]-'0')*100) || (client.State() == security.Failed) != told || server.State() != security.Failed {
			t.Errorf("%s: client %v, server %v, %v", status, client.State(), server.State(), err)
		}
	}
}

// Without a handler ZAP_ENFORCE_DOMAIN keeps clients of GSSAPI out.
func TestGSSAPIEnforced(t *testing.T) {
	ztest.KDC(t, "aes256-cts-hmac-sha1-96", "alice", "zmq/localhost")
	client, _ := kerberosPair(t, false)
	server := begin(t, &option.Options{Mechanism: gssapi, Type: pull, AsServer: true, ZAPDomain: "d", ZAPEnforceDomain: true})
	asked, err := converse(t, client, server, "")
	if len(asked) != 8 || string(asked[3]) != "d" || !errors.Is(err, security.ErrNoHandler) || server.State() != security.Failed {
		t.Errorf("asked %q, server %v, %v", asked, server.State(), err)
	}
}

// Both sides of GSSAPI learn the routing id of the other.
func TestGSSAPIIdentity(t *testing.T) {
	ztest.KDC(t, "aes256-cts-hmac-sha1-96", "alice", "zmq/localhost")
	const dealer, router = 5, 6
	client := begin(t, &option.Options{Mechanism: gssapi, Type: dealer, RoutingID: []byte("me"),
		GSSAPIPrincipal: "alice", GSSAPIPrincipalNametype: 1, GSSAPIServicePrincipal: "zmq@localhost"})
	server := begin(t, &option.Options{Mechanism: gssapi, Type: router, AsServer: true, RoutingID: []byte("you")})
	if _, err := converse(t, client, server, "200"); err != nil {
		t.Fatal(err)
	}
	if server.Said()["Identity"] != "me" || client.Said()["Identity"] != "you" {
		t.Errorf("the sides know %q and %q", server.Said(), client.Said())
	}
}

// What is not as it should be ends the connection.
func TestGSSAPIRefuses(t *testing.T) {
	ztest.KDC(t, "aes256-cts-hmac-sha1-96", "alice", "zmq/localhost")
	sized := func(name, token string, size int) []byte {
		return append(binary.BigEndian.AppendUint32(wire.AppendCommand(nil, name, ""), uint32(size)), token...)
	}
	for _, test := range []struct {
		name string
		cmd  []byte
		code wire.Code
	}{
		{"nothing", nil, wire.MalformedUnspecified},
		{"another command", []byte("\x05HELLO"), wire.UnexpectedCommand},
		{"no length", []byte("\x08INITIATE\x00\x00"), wire.MalformedInitiate},
		{"too long", sized(wire.Initiate, "abc", 4), wire.MalformedInitiate},
		{"too short", sized(wire.Initiate, "abc", 2), wire.MalformedInitiate},
		{"huge", sized(wire.Initiate, "abc", 1<<32-1), wire.MalformedInitiate},
		{"no token", sized(wire.Initiate, "abc", 3), wire.Cryptographic},
		{"error", []byte("\x05ERROR\x03400"), wire.UnexpectedCommand},
	} {
		_, server := kerberosPair(t, false)
		err := server.Handle(test.cmd)
		var violation *wire.ProtocolError
		if !errors.As(err, &violation) || violation.Code != test.code || server.State() != security.Failed {
			t.Errorf("%s: %v in state %v", test.name, err, server.State())
		}
	}
	client, server := kerberosPair(t, false)
	if _, err := converse(t, client, server, ""); err != nil {
		t.Fatal(err)
	}
	sealed, _ := client.Seal(nil, &msg.Msg{Body: []byte("text")})
	for name, body := range map[string][]byte{
		"empty": nil, "in the clear": []byte("text"), "another command": []byte("\x04PING\x00\x00"), "cut": opened(sealed).Body[:40],
		"no length": []byte("\x07MESSAGE\x00"), "no token": sized(wire.Message, "", 0),
	} {
		if err := server.Open(&msg.Msg{Body: body}); err == nil {
			t.Errorf("%s: passes", name)
		}
	}
	if err := server.Open(opened(sealed)); err != nil {
		t.Errorf("the sealed frame itself: %v", err)
	}
	var violation *wire.ProtocolError
	if err := server.Open(opened(sealed)); !errors.As(err, &violation) || violation.Code != wire.InvalidSequence {
		t.Errorf("again: %v", err)
	}
}

// After the token a client must send an empty command, and nothing else.
func TestGSSAPIOrder(t *testing.T) {
	ztest.KDC(t, "aes256-cts-hmac-sha1-96", "alice", "zmq/localhost")
	client, server := kerberosPair(t, true)
	token, _ := client.Next(nil)
	if err := server.Handle(token); err != nil {
		t.Fatal(err)
	}
	server.Next(nil)
	if err := server.Handle(ready("PUSH")); err == nil || server.State() != security.Failed {
		t.Errorf("READY comes too early: %v in state %v", err, server.State())
	}
	_, other := kerberosPair(t, true)
	if err := other.Handle(token); err == nil {
		t.Error("the token was used twice")
	}
}

// A subscription as libzmq's newer versions seal it becomes one as before ZMTP
// 3.1.
func TestGSSAPISubscription(t *testing.T) {
	ztest.KDC(t, "aes256-cts-hmac-sha1-96", "alice", "zmq/localhost")
	client, server := kerberosPair(t, false)
	if _, err := converse(t, client, server, ""); err != nil {
		t.Fatal(err)
	}
	for flag, want := range map[byte]string{1 << 2: "\x01topic", 1 << 3: "\x00topic"} {
		frame, err := security.SealFlags(client, flag, []byte("topic"))
		if err != nil {
			t.Fatal(err)
		}
		m := opened(frame)
		if err := server.Open(m); err != nil || string(m.Body) != want || m.Flags != 0 {
			t.Errorf("got %q with %v, %v", m.Body, m.Flags, err)
		}
	}
}

// FuzzGSSAPI gives a server two arbitrary commands.
func FuzzGSSAPI(f *testing.F) {
	f.Add([]byte("\x08INITIATE\x00\x00\x00\x03abc"), []byte(nil))
	f.Add([]byte("\x05ERROR\x03400"), []byte("\x07MESSAGE\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		server := begin(t, &option.Options{Type: pull, Mechanism: gssapi, AsServer: true})
		if server.Handle(first) == nil || server.State() != security.Failed || server.Handle(second) == nil {
			t.Fatalf("takes %q, %q", first, second)
		}
	})
}

// FuzzGSSAPIClient gives a client an arbitrary command in place of the server's
// token.
func FuzzGSSAPIClient(f *testing.F) {
	ztest.KDC(f, "aes256-cts-hmac-sha1-96", "alice", "zmq/localhost")
	client, server := kerberosPair(f, false)
	token, _ := client.Next(nil)
	if err := server.Handle(token); err != nil {
		f.Fatal(err)
	}
	reply, _ := server.Next(nil)
	f.Add(bytes.Clone(reply))
	f.Add(reply[:len(reply)-1])
	f.Add([]byte("\x05ERROR\x03400"))
	f.Add([]byte("\x08INITIATE\x00\x00\x00\x03abc"))
	f.Fuzz(func(t *testing.T, cmd []byte) {
		client := security.Restart(client)
		if err := client.Handle(cmd); (err != nil) != (client.State() == security.Failed) || client.State() == security.Ready {
			t.Fatalf("%v in state %v after %q", err, client.State(), cmd)
		}
	})
}

// FuzzGSSAPIMessage gives a new connection an arbitrary frame.
func FuzzGSSAPIMessage(f *testing.F) {
	ztest.KDC(f, "aes256-cts-hmac-sha1-96", "alice", "zmq/localhost")
	client, server := kerberosPair(f, false)
	if _, err := converse(f, client, server, ""); err != nil {
		f.Fatal(err)
	}
	sealed, err := client.Seal(nil, &msg.Msg{Body: []byte("text")})
	if err != nil {
		f.Fatal(err)
	}
	good := opened(sealed).Body
	f.Add(good, uint8(0))
	f.Add(good[:len(good)-1], uint8(1))
	f.Add([]byte("\x07MESSAGE\xff\xff\xff\xff"), uint8(4))
	f.Fuzz(func(t *testing.T, body []byte, flags uint8) {
		m := &msg.Msg{Flags: msg.Flags(flags), Body: bytes.Clone(body)}
		if err := security.Fresh(server).Open(m); err == nil && (string(m.Body) != "text" || m.Flags != 0) {
			t.Fatalf("%x opens as %v %q", body, m.Flags, m.Body)
		}
	})
}
