package wire_test

import (
	"testing"

	"ztools/lib/internal/wire"
)

// TestSocketTypes has the table read from the other side: what is legal one way
// is legal the other way.
func TestSocketTypes(t *testing.T) {
	legal := 0
	for a := -1; a < 25; a++ {
		for b := range 25 {
			x, y := wire.SocketTypeName(a), wire.SocketTypeName(b)
			if wire.Compatible(a, y) != wire.Compatible(b, x) {
				t.Errorf("%s and %s do not agree", x, y)
			}
			if wire.Compatible(a, y) {
				legal++
			}
		}
	}
	if legal != 30 {
		t.Errorf("%d ordered pairs are legal, want 30", legal)
	}
	for socketType, name := range map[int]string{0: "PAIR", 5: "DEALER", 6: "ROUTER", 11: "STREAM", 20: "CHANNEL", 21: "", -1: ""} {
		if got := wire.SocketTypeName(socketType); got != name {
			t.Errorf("%d is %q, want %q", socketType, got, name)
		}
		if got, want := wire.SendsIdentity(socketType), name == "DEALER" || name == "ROUTER"; got != want {
			t.Errorf("%s sends its identity: %v", name, got)
		}
	}
	if !wire.SendsIdentity(3) || wire.Compatible(1, "") || wire.Compatible(11, "STREAM") {
		t.Error("REQ has an identity, and PUB and STREAM talk to nobody else")
	}
}
