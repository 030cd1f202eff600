package cli

import (
	"context"
	"testing"
	"time"

	"ztools/lib/internal/ztest"
	"ztools/lib/zmq"
)

// socketWith is a socket with the options of security flags.
func socketWith(t *testing.T, z *zmq.Context, kind zmq.Type, args ...string) *zmq.Socket {
	t.Helper()
	s, status, text := secure("", args...)
	if status != StatusOK {
		t.Fatal(text)
	}
	sock, err := z.NewSocket(kind)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sock.Close() })
	if err := s.Apply(sock); err != nil {
		t.Fatal(err)
	}
	return sock
}

// The flags of GSSAPI are enough to speak with Kerberos, and who has no
// credentials is told so.
func TestKerberosFlags(t *testing.T) {
	ztest.KDC(t, "aes256-cts-hmac-sha1-96", "alice", "zmq/localhost")
	z := zmq.NewContext()
	t.Cleanup(func() { z.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	pull := socketWith(t, z, zmq.Pull, "--gssapi-server", "--gssapi-principal", "zmq@localhost")
	if err := pull.Bind("tcp://127.0.0.1:*"); err != nil {
		t.Fatal(err)
	}
	push := socketWith(t, z, zmq.Push, "--gssapi-service", "zmq@localhost", "--gssapi-principal", "alice", "--gssapi-nametype", "user")
	if err := push.Connect(pull.LastEndpoint()); err != nil {
		t.Fatal(err)
	}
	if err := push.Send(ctx, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if got, err := pull.Recv(ctx); err != nil || string(got[0]) != "hello" {
		t.Fatalf("%q, %v", got, err)
	}

	stranger := socketWith(t, z, zmq.Push, "--gssapi-service", "zmq@localhost", "--gssapi-principal", "bob", "--gssapi-nametype", "user")
	events := stranger.Events(ctx)
	if err := stranger.Connect(pull.LastEndpoint()); err != nil {
		t.Fatal(err)
	}
	for ev := range events {
		if err := Refusal(ev); err != nil {
			if Report(NewStream(t.Output(), "never"), "t", err) != StatusRefused {
				t.Errorf("no key of bob: %v", err)
			}
			return
		}
	}
	t.Error("nobody said that bob has no key")
}
