package multicast

import (
	"net"
	"net/netip"
	"testing"

	"golang.org/x/net/ipv4"

	"ztools/lib/internal/option"
)

// loopback is the interface of the host itself.
func loopback(t *testing.T) *net.Interface {
	t.Helper()
	list, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		if list[i].Flags&net.FlagLoopback != 0 {
			return &list[i]
		}
	}
	t.Skip("skipped: needs a loopback interface")
	return nil
}

// The system is told how far packets go, and whether they come back.
func TestOptionsOfPackets(t *testing.T) {
	for _, want := range []struct {
		hops int
		loop bool
	}{{1, true}, {7, false}} {
		o := option.Defaults(1)
		o.MulticastHops, o.MulticastLoop = want.hops, want.loop
		c := Config{AnyPort: true, Options: &o}
		var l Link
		if err := l.listen(netip.MustParseAddr("127.0.0.1"), &c); err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		l.p = ipv4.NewPacketConn(l.PacketConn)
		if err := l.prepare(loopback(t), &c); err != nil {
			t.Fatal(err)
		}
		if hops, err := l.p.MulticastTTL(); hops != want.hops || err != nil {
			t.Errorf("MULTICAST_HOPS %d: %d, %v", want.hops, hops, err)
		}
		if loop, err := l.p.MulticastLoopback(); loop != want.loop || err != nil {
			t.Errorf("MULTICAST_LOOP %v: %v, %v", want.loop, loop, err)
		}
	}
}
