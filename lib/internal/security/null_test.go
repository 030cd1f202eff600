package security_test

import (
	"errors"
	"reflect"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/security"
	"ztools/lib/internal/wire"
	"ztools/lib/internal/ztest"
)

const (
	push = 8
	pull = 7
)

func newNull(t *testing.T, socketType int) security.Mechanism {
	t.Helper()
	make, err := security.Prepare(&option.Options{Type: socketType}, new(security.Memory))
	if err != nil {
		t.Fatal(err)
	}
	return make("")
}

// ready is the body of a READY.
func ready(socketType string) []byte { return ztest.Ready(socketType, "")[2:] }

// TestNull runs both sides in each order.
func TestNull(t *testing.T) {
	for _, peerFirst := range []bool{false, true} {
		m := newNull(t, push)
		send := func() {
			cmd, ok := m.Next([]byte("-"))
			if !ok || string(cmd) != "-"+string(ready("PUSH")) {
				t.Fatalf("sent %q, %v", cmd, ok)
			}
			if cmd, ok := m.Next(nil); ok {
				t.Fatalf("sent %q as well", cmd)
			}
		}
		receive := func() {
			if err := m.Handle(ready("PULL")); err != nil {
				t.Fatal(err)
			}
		}
		steps := []func(){send, receive}
		if peerFirst {
			steps = []func(){receive, send}
		}
		for _, step := range steps {
			if m.State() != security.Handshaking {
				t.Fatalf("state %v too early", m.State())
			}
			step()
		}
		if m.State() != security.Ready || !reflect.DeepEqual(m.Peer(), map[string]string{"Socket-Type": "PULL"}) {
			t.Fatalf("state %v, peer %v", m.State(), m.Peer())
		}
		frame := msg.Msg{Flags: msg.More, Body: []byte("body")}
		sealed, err := m.Seal([]byte("-"), &frame)
		if err != nil || string(sealed) != "-\x01\x04body" || m.Open(&frame) != nil || string(frame.Body) != "body" || !m.Transparent() {
			t.Fatal("NULL changes frames")
		}
	}
}

// TestNullFails checks that after an error nothing is sent and the handshake
// does not recover.
func TestNullFails(t *testing.T) {
	tests := []struct {
		name string
		cmds [][]byte
		code wire.Code
	}{
		{"second ready", [][]byte{ready("PULL"), ready("PULL")}, wire.UnexpectedCommand},
		{"error after ready", [][]byte{ready("PULL"), []byte("\x05ERROR\x03400")}, wire.UnexpectedCommand},
		{"wrong type", [][]byte{ready("PUSH")}, wire.InvalidMetadata},
		{"unknown type", [][]byte{ready("PUMP")}, wire.InvalidMetadata},
		{"two types", [][]byte{append(ready("PULL"), ready("PUSH")[6:]...)}, wire.InvalidMetadata},
		{"other command", [][]byte{[]byte("\x05HELLO")}, wire.UnexpectedCommand},
		{"nothing", [][]byte{nil}, wire.UnexpectedCommand},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := newNull(t, push)
			var err error
			for _, cmd := range test.cmds {
				if err != nil {
					t.Fatal(err)
				}
				err = m.Handle(cmd)
			}
			var violation *wire.ProtocolError
			if !errors.As(err, &violation) || violation.Code != test.code || !errors.Is(err, errno.EPROTO) {
				t.Errorf("got %v", err)
			}
			if cmd, ok := m.Next(nil); ok || m.State() != security.Failed {
				t.Errorf("sends %q in state %v", cmd, m.State())
			}
			if err := m.Handle(ready("PULL")); m.State() != security.Failed {
				t.Errorf("recovers with %v", err)
			}
		})
	}
}

// TestNoSocketType checks that a peer that does not tell its type passes, as in
// libzmq.
func TestNoSocketType(t *testing.T) {
	m := newNull(t, pull)
	m.Next(nil)
	if err := m.Handle([]byte("\x05READY")); err != nil || m.State() != security.Ready {
		t.Errorf("got %v in state %v", err, m.State())
	}
}

func TestRequired(t *testing.T) {
	for want, o := range map[bool]*option.Options{false: {}, true: {ZAPDomain: "d"}} {
		if got := security.Required(o); got != want {
			t.Errorf("%+v: %v", o, got)
		}
	}
	if !security.Required(&option.Options{Mechanism: 2}) {
		t.Error("CURVE goes without security")
	}
}

func TestNotBuiltIn(t *testing.T) {
	for _, n := range []int{-1, 4} {
		if m, err := security.Prepare(&option.Options{Mechanism: n}, new(security.Memory)); m != nil || !errors.Is(err, errno.ENOTSUP) {
			t.Errorf("%d: got %v, %v", n, m, err)
		}
	}
}

// FuzzNull gives a handshake two arbitrary commands.
func FuzzNull(f *testing.F) {
	f.Add(ready("PULL"), []byte("\x05ERROR\x03400"))
	f.Add([]byte("\x05ERROR\x03400"), []byte(nil))
	f.Add(append(ready("PULL"), "\x03X-A\x00\x00\x00\x01b\x08identity\x00\x00\x00\x01i"...), []byte("\x04PING\x00\x00"))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		m := newNull(t, push)
		m.Next(nil)
		err := m.Handle(first)
		if (err == nil) != (m.State() == security.Ready) {
			t.Fatalf("state %v with %v", m.State(), err)
		}
		if kind, ok := m.Peer()["Socket-Type"]; err == nil && ok && kind != "PULL" {
			t.Fatalf("talks to a %q", kind)
		}
		if m.Handle(second) == nil || m.State() != security.Failed {
			t.Fatalf("takes %q after %q", second, first)
		}
	})
}
