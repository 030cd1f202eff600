package kerberos_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"testing"

	"ztools/lib/internal/kerberos"
	"ztools/lib/internal/ztest"
)

const (
	aes128    = "aes128-cts-hmac-sha1-96"
	aes256    = "aes256-cts-hmac-sha1-96"
	aes128New = "aes128-cts-hmac-sha256-128"
	aes256New = "aes256-cts-hmac-sha384-192"
)

func TestMain(m *testing.M) { ztest.Main(m) }

var (
	alice   = kerberos.Name{Text: "alice", Type: kerberos.User}
	service = kerberos.Name{Text: "zmq@localhost"}
)

// token is a client's first token.
func token(t *testing.T, own, service kerberos.Name) (*kerberos.Initiator, []byte) {
	t.Helper()
	i, err := kerberos.NewInitiator(t.Context(), new(kerberos.Tickets), own, service)
	if err != nil {
		t.Fatal(err)
	}
	text, err := i.Token()
	if err != nil {
		t.Fatal(err)
	}
	return i, text
}

// connect makes a context with both sides.
func connect(t *testing.T) (client, server *kerberos.Context) {
	t.Helper()
	i, text := token(t, alice, service)
	a, err := kerberos.NewAcceptor(service, new(kerberos.Replays)).Accept(t.Context(), text, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	if a.Client != "alice@"+ztest.Realm {
		t.Errorf("the client is %q", a.Client)
	}
	client, err = i.Finish(a.Reply)
	if err != nil {
		t.Fatal(err)
	}
	return client, a.Context
}

func TestContext(t *testing.T) {
	for _, enctype := range []string{aes128, aes256, aes128New, aes256New} {
		t.Run(enctype, func(t *testing.T) {
			ztest.KDC(t, enctype, "alice", "zmq/localhost")
			client, server := connect(t)
			for _, size := range []int{0, 1, 15, 16, 17, 1000, 100000} {
				body := bytes.Repeat([]byte{byte(size)}, size)
				for _, way := range [][2]*kerberos.Context{{client, server}, {server, client}} {
					sealed, err := way[0].Wrap(body)
					if err != nil {
						t.Fatal(err)
					}
					if got, err := way[1].Unwrap(sealed); err != nil || !bytes.Equal(got, body) {
						t.Fatalf("%d bytes: got %d, %v", size, len(got), err)
					}
				}
			}
		})
	}
}

func TestUnwrapRefuses(t *testing.T) {
	ztest.KDC(t, aes256, "alice", "zmq/localhost")
	client, server := connect(t)
	first, _ := client.Wrap([]byte("first"))
	second, _ := client.Wrap([]byte("second"))
	own, _ := server.Wrap([]byte("own"))
	if _, err := server.Unwrap(second); !errors.Is(err, kerberos.ErrSequence) {
		t.Errorf("too early: %v", err)
	}
	if _, err := server.Unwrap(own); !errors.Is(err, kerberos.ErrSeal) {
		t.Errorf("reflected: %v", err)
	}
	for i := range first {
		broken := slices.Clone(first)
		broken[i] ^= 1
		if _, err := server.Unwrap(broken); err == nil {
			t.Errorf("byte %d was changed", i)
		}
		if _, err := server.Unwrap(first[:i]); err == nil {
			t.Errorf("cut to %d bytes", i)
		}
	}
	if got, err := server.Unwrap(first); err != nil || string(got) != "first" {
		t.Errorf("after all that: %q, %v", got, err)
	}
	if _, err := server.Unwrap(first); !errors.Is(err, kerberos.ErrSequence) {
		t.Errorf("again: %v", err)
	}
}

// A rotated token (RFC 4121, 4.2.5) is read as well.
func TestUnwrapRotated(t *testing.T) {
	ztest.KDC(t, aes256, "alice", "zmq/localhost")
	client, server := connect(t)
	for _, rotation := range []int{1, 28, 60, 1000} {
		sealed, _ := client.Wrap([]byte("text"))
		body := sealed[16:]
		n := rotation % len(body)
		rotated := slices.Concat(sealed[:16], body[len(body)-n:], body[:len(body)-n])
		rotated[6], rotated[7] = byte(rotation>>8), byte(rotation)
		if got, err := server.Unwrap(rotated); err != nil || string(got) != "text" {
			t.Errorf("rotated by %d: %q, %v", rotation, got, err)
		}
	}
}

func TestAcceptRefuses(t *testing.T) {
	ztest.KDC(t, aes256, "alice", "zmq/localhost", "other/localhost")
	replays := new(kerberos.Replays)
	_, first := token(t, alice, service)
	if _, err := kerberos.NewAcceptor(service, replays).Accept(t.Context(), first, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := kerberos.NewAcceptor(service, replays).Accept(t.Context(), first, ""); !errors.Is(err, kerberos.ErrReplay) {
		t.Errorf("again: %v", err)
	}
	_, other := token(t, alice, kerberos.Name{Text: "other@localhost"})
	if _, err := kerberos.NewAcceptor(service, replays).Accept(t.Context(), other, ""); !errors.Is(err, kerberos.ErrService) {
		t.Errorf("a ticket for another service: %v", err)
	}
	if _, err := kerberos.NewAcceptor(kerberos.Name{}, replays).Accept(t.Context(), other, ""); err != nil {
		t.Errorf("any service in the keytab: %v", err)
	}
	_, fresh := token(t, alice, service)
	for i := range fresh {
		broken := slices.Clone(fresh)
		broken[i] ^= 1
		// What is not sealed may be changed, but never who the client is.
		if a, err := kerberos.NewAcceptor(service, new(kerberos.Replays)).Accept(t.Context(), broken, ""); err == nil && a.Client != "alice@"+ztest.Realm {
			t.Errorf("byte %d was changed: %q", i, a.Client)
		}
		if _, err := kerberos.NewAcceptor(service, new(kerberos.Replays)).Accept(t.Context(), fresh[:i], ""); err == nil {
			t.Errorf("cut to %d bytes", i)
		}
	}
}

// The server's reply must show the time that this client sent, and its key.
func TestFinishRefuses(t *testing.T) {
	ztest.KDC(t, aes256, "alice", "zmq/localhost")
	i, text := token(t, alice, service)
	j, _ := token(t, alice, service)
	a, err := kerberos.NewAcceptor(service, new(kerberos.Replays)).Accept(t.Context(), text, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Finish(a.Reply); !errors.Is(err, kerberos.ErrSeal) {
		t.Errorf("the reply to another: %v", err)
	}
	if _, err := i.Finish(text); !errors.Is(err, kerberos.ErrToken) {
		t.Errorf("our own token: %v", err)
	}
	for n := range a.Reply {
		if _, err := i.Finish(a.Reply[:n]); err == nil {
			t.Errorf("cut to %d bytes", n)
		}
	}
}

// Credentials come from the cache, too, and what is missing is named.
func TestCredentials(t *testing.T) {
	dir := ztest.KDC(t, aes256, "alice", "zmq/localhost")
	if _, err := kerberos.NewInitiator(t.Context(), new(kerberos.Tickets), kerberos.Name{}, service); err == nil {
		t.Error("no name, no cache: a ticket all the same")
	}
	if _, err := kerberos.NewInitiator(t.Context(), new(kerberos.Tickets), kerberos.Name{Text: "bob", Type: kerberos.User}, service); err == nil {
		t.Error("no key of bob: a ticket all the same")
	}
	if _, err := kerberos.NewInitiator(t.Context(), new(kerberos.Tickets), alice, kerberos.Name{Text: "none@localhost"}); err == nil {
		t.Error("no such service: a ticket all the same")
	}
	t.Setenv("KRB5CCNAME", "FILE:"+dir+"/ccache")
	if _, err := exec.LookPath("kinit"); err != nil {
		if os.Getenv("ZTOOLS_REQUIRE_PEERS") == "1" {
			t.Fatal(err)
		}
		t.Skip("skipped: needs krb5-user for kinit")
	}
	if out, err := exec.Command("kinit", "-k", "-t", dir+"/keytab", "alice").CombinedOutput(); err != nil {
		t.Fatalf("kinit: %v\n%s", err, out)
	}
	for _, own := range []kerberos.Name{{}, alice, {Text: "alice@" + ztest.Realm, Type: kerberos.Principal}} {
		_, text := token(t, own, service)
		if a, err := kerberos.NewAcceptor(service, new(kerberos.Replays)).Accept(t.Context(), text, ""); err != nil || a.Client != "alice@"+ztest.Realm {
			t.Errorf("%v: %v", own, err)
		}
	}
}

// A ticket that a server could read is used again, as long as nothing has changed.
func TestTickets(t *testing.T) {
	dir := ztest.KDC(t, aes256, "alice", "zmq/localhost")
	tickets := new(kerberos.Tickets)
	alone, cancel := context.WithCancel(t.Context())
	cancel() // the KDC is not to be asked
	begin := func(ctx context.Context, own kerberos.Name) (*kerberos.Initiator, error) {
		return kerberos.NewInitiator(ctx, tickets, own, service)
	}
	finish := func(i *kerberos.Initiator, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		text, _ := i.Token()
		a, err := kerberos.NewAcceptor(service, new(kerberos.Replays)).Accept(t.Context(), text, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := i.Finish(a.Reply); err != nil {
			t.Fatal(err)
		}
	}
	finish(begin(t.Context(), alice))
	finish(begin(alone, alice))
	if _, err := begin(alone, kerberos.Name{Text: "zmq/localhost", Type: kerberos.Principal}); err == nil {
		t.Error("used by another client")
	}
	if _, err := begin(alone, alice); err != nil {
		t.Error(err)
	}
	if _, err := begin(alone, alice); err == nil {
		t.Error("used again though no server has read it the last time")
	}
	finish(begin(t.Context(), alice))
	reconfigure(t, dir, "[logging]", "\n[logging]")
	if _, err := begin(alone, alice); err == nil {
		t.Error("used after the configuration has changed")
	}
}

// A small request goes over UDP, if the configuration lets it.
func TestUDP(t *testing.T) {
	dir := ztest.KDC(t, aes256, "alice", "zmq/localhost")
	reconfigure(t, dir, "udp_preference_limit = 1", "udp_preference_limit = 1465")
	connect(t)
}

// A service in another realm is found by its name, by the configuration, and by the
// KDC of the client's realm.
func TestOtherRealm(t *testing.T) {
	const host, domain = "host.other.test", " .other.test = " + ztest.OtherRealm
	dir := ztest.KDC(t, aes256, "alice", "zmq/"+host+"@"+ztest.OtherRealm)
	named, based := kerberos.Name{Text: "zmq/" + host + "@" + ztest.OtherRealm, Type: kerberos.Principal}, kerberos.Name{Text: "zmq@" + host}
	comesIn := func(service kerberos.Name) {
		t.Helper()
		_, text := token(t, alice, service)
		a, err := kerberos.NewAcceptor(service, new(kerberos.Replays)).Accept(t.Context(), text, "")
		if err != nil || a.Client != "alice@"+ztest.Realm {
			t.Errorf("%v: %v", service, err)
		}
	}
	comesIn(named)
	comesIn(based)
	reconfigure(t, dir, domain, "")
	comesIn(named)
	if _, err := kerberos.NewInitiator(t.Context(), new(kerberos.Tickets), alice, based); err == nil {
		t.Error("nobody says where the service is: a ticket all the same")
	}
	reconfigure(t, dir, "[libdefaults]", "[libdefaults]\n canonicalize = true")
	comesIn(based)
}

// reconfigure changes krb5.conf.
func reconfigure(t *testing.T, dir, old, text string) {
	t.Helper()
	name := dir + "/krb5.conf"
	b, err := os.ReadFile(name)
	if err != nil || !bytes.Contains(b, []byte(old)) {
		t.Fatalf("%q is not in %s: %v", old, name, err)
	}
	if err := os.WriteFile(name, bytes.ReplaceAll(b, []byte(old), []byte(text)), 0o600); err != nil {
		t.Fatal(err)
	}
}
