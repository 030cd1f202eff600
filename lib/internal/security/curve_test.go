package security_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/nacl/box"

	keys "ztools/lib/curve"
	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/security"
	"ztools/lib/internal/wire"
)

var clientKeys, serverKeys = keys.Generate(), keys.Generate()

func curveClient(t testing.TB) security.Mechanism {
	t.Helper()
	return side(t, option.Options{Mechanism: curve, Type: push, CurveServerKey: serverKeys.Public,
		CurvePublicKey: clientKeys.Public, CurveSecretKey: clientKeys.Secret})
}

func curveServer(t testing.TB) security.Mechanism {
	t.Helper()
	return side(t, option.Options{Mechanism: curve, Type: pull, AsServer: true, CurveSecretKey: serverKeys.Secret, ZAPDomain: "d"})
}

// curvePair is two sides that have agreed.
func curvePair(t testing.TB) (client, server security.Mechanism) {
	t.Helper()
	client, server = curveClient(t), curveServer(t)
	meet(t, client, server)
	return client, server
}

// meet makes the handshake and returns its commands.
func meet(t testing.TB, client, server security.Mechanism) (cmds [][]byte) {
	t.Helper()
	for from, to := client, server; len(cmds) < 4; from, to = to, from {
		cmds = append(cmds, say(t, from, to))
	}
	return cmds
}

// say passes the next command from one side to the other, which may then go on.
func say(t testing.TB, from, to security.Mechanism) []byte {
	t.Helper()
	cmd, ok := from.Next([]byte("-"))
	if !ok || cmd[0] != '-' {
		t.Fatalf("the next command is %q", cmd)
	}
	if err := to.Handle(cmd[1:]); err != nil {
		t.Fatal(err)
	}
	if to.State() == security.Waiting {
		to.Answer(reply("200"))
	}
	return cmd[1:]
}

// TestCurve checks the sizes of RFC 26 and both ways of the channel.
func TestCurve(t *testing.T) {
	client, server := curveClient(t), curveServer(t)
	cmds := meet(t, client, server)
	metadata := len("\x0bSocket-Type\x00\x00\x00\x04PUSH")
	for i, want := range []struct {
		name string
		size int
	}{{"\x05HELLO\x01\x00", 200}, {"\x07WELCOME", 168}, {"\x08INITIATE", 257 + metadata}, {"\x05READY", 30 + metadata}} {
		if !bytes.HasPrefix(cmds[i], []byte(want.name)) || len(cmds[i]) != want.size {
			t.Errorf("%q has %d bytes, want %d", want.name, len(cmds[i]), want.size)
		}
	}
	for i, at := range []int{112, -1, 105, 6} { // the short nonces
		if at >= 0 && binary.BigEndian.Uint64(cmds[i][at:]) != []uint64{1, 0, 2, 1}[i] {
			t.Errorf("short nonce of command %d is %x", i, cmds[i][at:at+8])
		}
	}
	if p := fmt.Sprint(server.Peer()); p != "map[Socket-Type:PUSH User-Id:user]" || client.Peer()["Socket-Type"] != "PULL" {
		t.Errorf("the sides know %s and %v", p, client.Peer())
	}
	exchange(t, client, server)
	exchange(t, server, client)
}

func TestCurveAsks(t *testing.T) {
	for _, test := range []struct {
		domain  string
		enforce bool
		status  string
		asks    bool
		lets    bool
	}{
		{"", false, "", true, true}, {"", true, "", false, true}, {"d", false, "", true, true}, {"d", true, "", true, false},
		{"d", true, "200", true, true}, {"", false, "400", true, false}, {"d", true, "300", true, false},
	} {
		server := side(t, option.Options{Mechanism: curve, Type: pull, AsServer: true, CurveSecretKey: serverKeys.Secret,
			ZAPDomain: test.domain, ZAPEnforceDomain: test.enforce})
		asked, err := converse(t, curveClient(t), server, test.status)
		if (asked != nil) != test.asks || (err == nil) != test.lets {
			t.Errorf("%+v: asked %q, %v", test, asked, err)
		}
		if test.asks && (string(asked[6]) != "CURVE" || !bytes.Equal(asked[7], clientKeys.Public[:])) {
			t.Errorf("asked %q", asked)
		}
	}
}

// TestCurveCommands spoils bytes of each command, and cuts it: it is refused.
func TestCurveCommands(t *testing.T) {
	for n, cmd := range meet(t, curveClient(t), curveServer(t)) {
		whole := len(cmd)
		for at := 0; at < whole+2; at += 1 + at/40 {
			client, server := curveClient(t), curveServer(t)
			from, to := client, server
			for range n {
				say(t, from, to)
				from, to = to, from
			}
			cmd, _ := from.Next(nil)
			switch {
			case at >= whole:
				cmd = cmd[:whole-1]
			case n == 0 && at >= 8 && at < 80:
				continue // padding
			default:
				cmd[at] ^= 1
			}
			if err := to.Handle(cmd); err == nil || to.State() != security.Failed {
				t.Fatalf("command %d passes with byte %d spoilt", n, at)
			}
			if last, ok := to.Next(nil); ok {
				t.Fatalf("sends %q", last)
			}
		}
	}
}

// TestCurveReplay: no command of one connection means anything on another, or
// twice.
func TestCurveReplay(t *testing.T) {
	old := meet(t, curveClient(t), curveServer(t))
	server := curveServer(t)
	if err := server.Handle(old[0]); err != nil { // anybody may say HELLO again
		t.Fatal(err)
	}
	server.Next(nil)
	if err := server.Handle(old[2]); !isViolation(err, wire.Cryptographic) {
		t.Errorf("old INITIATE: %v", err)
	}
	for n, code := range map[int]wire.Code{1: wire.Cryptographic, 3: wire.UnexpectedCommand} {
		client := curveClient(t)
		client.Next(nil)
		if err := client.Handle(old[n]); !isViolation(err, code) {
			t.Errorf("old command %d: %v", n, err)
		}
	}
	client, server := curveClient(t), curveServer(t)
	cmds := meet(t, client, server)
	if err := client.Handle(cmds[3]); !isViolation(err, wire.Unspecified) {
		t.Errorf("second READY: %v", err)
	}
	if err := server.Handle(cmds[0]); !isViolation(err, wire.Unspecified) {
		t.Errorf("second HELLO: %v", err)
	}
}

// TestCurveWeakKeys: a public key of low order would give a secret that
// everybody knows.
func TestCurveWeakKeys(t *testing.T) {
	weak := [][32]byte{{}, {1}}
	for _, key := range weak {
		o := option.Options{Mechanism: curve, CurveServerKey: key, CurveSecretKey: clientKeys.Secret}
		if _, err := security.Prepare(&o, new(security.Memory)); err == nil {
			t.Errorf("%x passes as the server's", key)
		}
		hello, _ := curveClient(t).Next(nil)
		copy(hello[80:], key[:])
		if err := curveServer(t).Handle(hello); !isViolation(err, wire.Cryptographic) {
			t.Errorf("%x passes as the client's: %v", key, err)
		}
	}
}

// TestCurvePublicKey: a key that does not belong to the secret one is noticed by
// the server; one that was not set is derived.
func TestCurvePublicKey(t *testing.T) {
	for name, test := range map[string]struct {
		public [32]byte
		ok     bool
	}{"set": {clientKeys.Public, true}, "not set": {[32]byte{}, true}, "another": {serverKeys.Public, false}} {
		client := side(t, option.Options{Mechanism: curve, Type: push, CurveServerKey: serverKeys.Public,
			CurvePublicKey: test.public, CurveSecretKey: clientKeys.Secret})
		if _, err := converse(t, client, curveServer(t), "200"); (err == nil) != test.ok || err != nil && !isViolation(err, wire.Cryptographic) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCurveVouch: a client must have made C' itself, and for this server. libzmq
// does not look at the second.
func TestCurveVouch(t *testing.T) {
	another := newPrivateKey(t)
	for name, vouch := range map[string]func(client security.Mechanism){
		"for another server": func(c security.Mechanism) { security.VouchFor(c, another.PublicKey(), nil) },
		"for another C'":     func(c security.Mechanism) { security.VouchFor(c, nil, another) },
	} {
		client, server := curveClient(t), curveServer(t)
		say(t, client, server)
		say(t, server, client)
		vouch(client)
		initiate, _ := client.Next(nil)
		if err := server.Handle(initiate); !isViolation(err, wire.KeyExchange) || server.State() != security.Failed {
			t.Errorf("%s: %v in state %v", name, err, server.State())
		}
	}
}

func newPrivateKey(t *testing.T) *ecdh.PrivateKey {
	t.Helper()
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestCurveKeepsNothing: between WELCOME and INITIATE the server has nothing of
// the client, and what opens its cookie opens it once.
func TestCurveKeepsNothing(t *testing.T) {
	client, server := curveClient(t), curveServer(t)
	say(t, client, server)
	if remote, shared, _ := security.Kept(server); remote == [32]byte{} || shared == [32]byte{} {
		t.Error("the server has nothing to make a WELCOME of")
	}
	say(t, server, client)
	if remote, shared, cookie := security.Kept(server); remote != [32]byte{} || shared != [32]byte{} || cookie == [32]byte{} {
		t.Errorf("between WELCOME and INITIATE the server keeps %x, %x, %x", remote, shared, cookie)
	}
	say(t, client, server)
	if _, _, cookie := security.Kept(server); cookie != [32]byte{} {
		t.Errorf("after INITIATE the server keeps %x", cookie)
	}
}

// TestCurveNoSecret: zeros are a key that everybody knows.
func TestCurveNoSecret(t *testing.T) {
	for _, o := range []option.Options{
		{Mechanism: curve, AsServer: true},
		{Mechanism: curve, CurveServerKey: serverKeys.Public},
		{Mechanism: curve, CurveServerKey: serverKeys.Public, CurvePublicKey: clientKeys.Public},
	} {
		if _, err := security.Prepare(&o, new(security.Memory)); !errors.Is(err, errno.EINVAL) {
			t.Errorf("server %v, public key %x: %v", o.AsServer, o.CurvePublicKey, err)
		}
	}
}

// TestCurveMessages compares what is sealed with NaCl's box, for each size around
// which something changes.
func TestCurveMessages(t *testing.T) {
	client, server := curveClient(t), curveServer(t)
	say(t, client, server)
	say(t, server, client)
	say(t, client, server)
	key := security.SharedKey(client)
	say(t, server, client)
	sizes := []int{0, 1, 15, 30, 31, 32, 94, 95, 96, 222, 223, 300, 478, 479, 480, 543, 544, 1000, 1055, 1056, 5000, 1 << 16}
	for n := range 600 { // in any order, since each frame says how much is made ahead
		sizes = append(sizes, n*n*31%700)
	}
	for i, size := range sizes {
		body := bytes.Repeat([]byte{byte(i)}, size)
		frame, err := client.Seal(nil, &msg.Msg{Flags: msg.More, Body: body})
		if err != nil {
			t.Fatal(err)
		}
		sealed := opened(frame).Body
		if len(sealed) != 33+size || string(sealed[:8]) != "\x07MESSAGE" || binary.BigEndian.Uint64(sealed[8:]) != uint64(3+i) {
			t.Fatalf("%d bytes are sealed as %d: %x", size, len(sealed), sealed[:min(33, len(sealed))])
		}
		nonce := [24]byte([]byte("CurveZMQMESSAGEC" + string(sealed[8:16])))
		if want := box.SealAfterPrecomputation(nil, append([]byte{1}, body...), &nonce, &key); !bytes.Equal(sealed[16:], want) {
			t.Fatalf("%d bytes: got %x, want %x", size, sealed[16:], want)
		}
		m := opened(frame)
		if err := server.Open(m); err != nil || m.Flags != msg.More || !bytes.Equal(m.Body, body) {
			t.Fatalf("%d bytes: %v", size, err)
		}
	}
}

// TestCurveMessageRefused: what is not a MESSAGE made by the other side, now and
// for this connection, ends it.
func TestCurveMessageRefused(t *testing.T) {
	seal := func(m security.Mechanism, body string) []byte {
		frame, err := m.Seal(nil, &msg.Msg{Body: []byte(body)})
		if err != nil {
			t.Fatal(err)
		}
		return opened(frame).Body
	}
	check := func(name string, server security.Mechanism, body []byte, code wire.Code) {
		t.Helper()
		if err := server.Open(&msg.Msg{Body: body}); !isViolation(err, code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	client, server := curvePair(t)
	check("in the clear", server, []byte("hello"), wire.UnexpectedCommand)
	check("nothing", server, nil, wire.UnexpectedCommand)
	check("short", server, seal(client, "")[:32], wire.MalformedMessage)
	good := seal(client, strings.Repeat("x", 700))
	for at := 0; at < len(good); at += 1 + at/40 {
		spoilt := slices.Clone(good)
		spoilt[at] ^= 0x10
		if _, server := curvePair(t); server.Open(&msg.Msg{Body: spoilt}) == nil {
			t.Fatalf("passes with byte %d spoilt", at)
		}
	}
	check("another connection", func() security.Mechanism { _, s := curvePair(t); return s }(), slices.Clone(good), wire.Cryptographic)
	check("our own", client, slices.Clone(good), wire.Cryptographic)

	client, server = curvePair(t)
	first, second := seal(client, "1"), seal(client, "2")
	if err := server.Open(&msg.Msg{Body: slices.Clone(second)}); err != nil {
		t.Fatal(err)
	}
	check("again", server, slices.Clone(second), wire.InvalidSequence)
	check("back", server, first, wire.InvalidSequence)
}

// TestCurveOuterFlags: only the flags inside count.
func TestCurveOuterFlags(t *testing.T) {
	client, server := curvePair(t)
	frame, _ := client.Seal(nil, &msg.Msg{Body: []byte("x")})
	m := opened(frame)
	m.Flags = msg.More | msg.Command
	if err := server.Open(m); err != nil || m.Flags != 0 {
		t.Errorf("flags %v, %v", m.Flags, err)
	}
}

// TestCurveSpent: a nonce is never used twice, even at the end of the numbers.
func TestCurveSpent(t *testing.T) {
	client, server := curvePair(t)
	security.Skip(client, 1<<64-2)
	frame, err := client.Seal(nil, &msg.Msg{Body: []byte("last")})
	if err != nil || server.Open(opened(frame)) != nil {
		t.Fatal("the last nonce is of no use")
	}
	if frame, err := client.Seal(nil, &msg.Msg{}); err == nil {
		t.Errorf("sealed %x", frame)
	}
}

func TestCurveAllocatesNothing(t *testing.T) {
	client, server := curvePair(t)
	for _, size := range []int{16, 1024, 1 << 16} {
		body, buf := make([]byte, size), make([]byte, 0, 1<<17)
		m := &msg.Msg{Body: body}
		in := &msg.Msg{}
		n := testing.AllocsPerRun(50, func() {
			frame, _ := client.Seal(buf, m)
			_, size, at := msg.ConsumeHeader(frame)
			in.Body = frame[at : at+int(size)]
			if err := server.Open(in); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%d bytes: %v allocations", size, n)
		}
	}
}

// FuzzCurve gives both sides a command that is arbitrary, after as many good ones
// as there are before it.
func FuzzCurve(f *testing.F) {
	for n, cmd := range meet(f, curveClient(f), curveServer(f)) {
		f.Add(n, cmd)
	}
	f.Fuzz(func(t *testing.T, n int, cmd []byte) {
		client, server := curveClient(t), curveServer(t)
		from, to := client, server
		for range n & 3 {
			say(t, from, to)
			from, to = to, from
		}
		fuzzHandshake(t, to, cmd, cmd)
	})
}

// FuzzCurveMessage gives a new connection an arbitrary frame.
func FuzzCurveMessage(f *testing.F) {
	f.Add([]byte("\x07MESSAGE\x00\x00\x00\x00\x00\x00\x00\x09 sixteen bytes..x"), uint8(0))
	f.Add([]byte("\x07MESSAGE\xff\xff\xff\xff\xff\xff\xff\xff sixteen bytes.."+strings.Repeat("x", 500)), uint8(1))
	f.Add([]byte{}, uint8(4))
	_, server := curvePair(f)
	f.Fuzz(func(t *testing.T, body []byte, flags uint8) {
		if security.Fresh(server).Open(&msg.Msg{Flags: msg.Flags(flags), Body: body}) == nil {
			t.Fatalf("opens %x", body)
		}
	})
}

func BenchmarkCurve(b *testing.B) {
	client, server := curvePair(b)
	for _, size := range []int{16, 256, 1024, 1 << 16} {
		m, buf := &msg.Msg{Body: make([]byte, size)}, make([]byte, 0, 1<<17)
		b.Run(fmt.Sprint("seal/", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				client.Seal(buf, m)
			}
		})
		b.Run(fmt.Sprint("both/", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				frame, _ := client.Seal(buf, m)
				_, size, at := msg.ConsumeHeader(frame)
				if err := server.Open(&msg.Msg{Body: frame[at : at+int(size)]}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCurveHandshake(b *testing.B) {
	for b.Loop() {
		curvePair(b)
	}
}
