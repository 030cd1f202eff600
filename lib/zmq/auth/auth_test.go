package auth_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"ztools/lib/curve"
	"ztools/lib/internal/ztest"
	"ztools/lib/secret"
	"ztools/lib/zmq"
	"ztools/lib/zmq/auth"
)

func TestMain(m *testing.M) { ztest.Main(m) }

// rig is a context with an authenticator and a server.
type rig struct {
	t         *testing.T
	ctx       context.Context
	z         *zmq.Context
	a         *auth.Authenticator
	decisions chan auth.Decision
	pull      *zmq.Socket
}

type options map[zmq.Option]any

func newRig(t *testing.T, server options) *rig {
	t.Helper()
	r := &rig{t: t, z: zmq.NewContext(), decisions: make(chan auth.Decision, 100)}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	r.ctx = ctx
	var err error
	if r.a, err = auth.New(r.z); err != nil {
		t.Fatal(err)
	}
	r.a.Log(func(d auth.Decision) { r.decisions <- d })
	t.Cleanup(func() {
		cancel()
		r.a.Close()
		r.z.Close()
	})
	r.pull = r.socket(zmq.Pull, server)
	if err := r.pull.Bind("tcp://127.0.0.1:*"); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) socket(kind zmq.Type, set options) *zmq.Socket {
	r.t.Helper()
	s, err := r.z.NewSocket(kind)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { s.Close() })
	set[zmq.Linger] = 0
	for o, v := range set {
		if err := s.Set(o, v); err != nil {
			r.t.Fatal(err)
		}
	}
	return s
}

// try has a client send a message, and returns it as the server got it, or nil
// if the client was refused, with the authenticator's decision.
func (r *rig) try(client options) (*zmq.Message, auth.Decision) {
	r.t.Helper()
	push := r.socket(zmq.Push, client)
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	events := push.Events(ctx)
	if err := push.Connect(r.pull.LastEndpoint()); err != nil {
		r.t.Fatal(err)
	}
	for ev := range events {
		switch ev.Kind {
		case zmq.HandshakeFailedAuth:
			return nil, <-r.decisions
		case zmq.HandshakeSucceeded:
			if err := push.Send(ctx, []byte("x")); err != nil {
				r.t.Fatal(err)
			}
			var m zmq.Message
			if err := r.pull.RecvMessage(ctx, &m); err != nil {
				r.t.Fatal(err)
			}
			return &m, <-r.decisions
		}
	}
	r.t.Fatal("no decision")
	return nil, auth.Decision{}
}

func property(m *zmq.Message, name string) string {
	value, _ := m.Property(name)
	return value
}

func TestCurve(t *testing.T) {
	server, alice, stranger := curve.Generate(), curve.Generate(), curve.Generate()
	dir := t.TempDir()
	certificate, err := curve.AppendCertificate(nil, alice.Public, []curve.Property{{Name: "X-Team", Value: "blue"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := secret.Create(filepath.Join(dir, "alice"), certificate, secret.PublicMode); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, options{zmq.CurveServer: true, zmq.CurveSecretKey: server.Secret[:], zmq.ZAPDomain: "d"})
	if err := r.a.Curve("d", dir); err != nil {
		t.Fatal(err)
	}
	client := func(p curve.Pair) options {
		return options{zmq.CurveServerKey: server.Public[:], zmq.CurvePublicKey: p.Public[:], zmq.CurveSecretKey: p.Secret[:]}
	}
	m, d := r.try(client(alice))
	if m == nil || property(m, "User-Id") != alice.Public.Text() || property(m, "X-Team") != "blue" {
		t.Errorf("alice: %v, %+v", m, d)
	}
	if m, d := r.try(client(stranger)); m != nil || d.Status != 400 || d.Reason != "unknown key" || d.Domain != "d" || d.Address != "127.0.0.1" {
		t.Errorf("a stranger: %v, %+v", m, d)
	}
	if err := secret.Create(filepath.Join(dir, "stranger"), []byte(stranger.Public.Text()), secret.PublicMode); err != nil {
		t.Fatal(err)
	}
	if err := r.a.Reload(); err != nil {
		t.Fatal(err)
	}
	if m, d := r.try(client(stranger)); m == nil {
		t.Errorf("a stranger no more: %+v", d)
	}
}

func TestPlain(t *testing.T) {
	r := newRig(t, options{zmq.PlainServer: true})
	path := filepath.Join(t.TempDir(), "passwords")
	if err := secret.Create(path, []byte("alice=secret\n"), secret.Mode); err != nil {
		t.Fatal(err)
	}
	if err := r.a.Plain(auth.AnyDomain, path); err != nil {
		t.Fatal(err)
	}
	if v, err := r.pull.Get(zmq.Mechanism); v != 1 || err != nil {
		t.Errorf("MECHANISM is %v, %v", v, err)
	}
	if m, d := r.try(options{zmq.PlainUsername: "alice", zmq.PlainPassword: "secret"}); m == nil || property(m, "User-Id") != "alice" {
		t.Errorf("alice: %v, %+v", m, d)
	}
	if m, d := r.try(options{zmq.PlainUsername: "alice", zmq.PlainPassword: "Secret"}); m != nil {
		t.Errorf("a wrong password: %+v", d)
	}
	if err := r.a.Deny("127.0.0.0/8"); err != nil {
		t.Fatal(err)
	}
	if m, d := r.try(options{zmq.PlainUsername: "alice", zmq.PlainPassword: "secret"}); m != nil || d.Reason != "address not allowed" {
		t.Errorf("from a denied address: %v, %+v", m, d)
	}
}

func TestNull(t *testing.T) {
	r := newRig(t, options{zmq.ZAPDomain: "d"})
	if m, d := r.try(options{}); m == nil || d.Mechanism != "NULL" {
		t.Errorf("%+v", d)
	}
	if err := r.a.Allow("192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	if m, d := r.try(options{}); m != nil {
		t.Errorf("%+v", d)
	}
}

// A peer over ipc is known by its user.
func TestUserOverIPC(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("skipped: only Linux tells the user and the process of a peer")
	}
	for _, test := range []struct {
		uid     int
		allowed bool
	}{{os.Getuid(), true}, {os.Getuid() + 1, false}} {
		r := newRig(t, options{zmq.ZAPDomain: "d"})
		if err := r.pull.Bind("ipc://*"); err != nil {
			t.Fatal(err)
		}
		if err := r.a.Allow(fmt.Sprintf("localhost:%d", test.uid)); err != nil {
			t.Fatal(err)
		}
		if m, d := r.try(options{}); (m != nil) != test.allowed {
			t.Errorf("user %d: %+v", test.uid, d)
		}
	}
}

// There is one authenticator to a context, and another one after it was closed.
func TestOneAtATime(t *testing.T) {
	z := zmq.NewContext()
	defer z.Close()
	for range 2 {
		a, err := auth.New(z)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := auth.New(z); !errors.Is(err, zmq.EADDRINUSE) {
			t.Errorf("a second one: %v", err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A context that is shut down ends the authenticator, which is still to be
// closed.
func TestShutdown(t *testing.T) {
	z := zmq.NewContext()
	a, err := auth.New(z)
	if err != nil {
		t.Fatal(err)
	}
	z.Shutdown()
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if err := z.Close(); err != nil {
		t.Error(err)
	}
}
