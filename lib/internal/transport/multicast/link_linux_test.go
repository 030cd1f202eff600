package multicast

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/net/ipv4"

	"ztools/lib/internal/option"
	"ztools/lib/internal/wire"
)

// host opens a link to and from this machine alone.
func host(t *testing.T, ecn bool) (l *Link, to net.Addr) {
	t.Helper()
	free, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	free.Close()
	o := option.Defaults(1)
	l, err = Open(Config{Group: netip.MustParseAddr("127.0.0.1"), Port: port, ECN: ecn, Options: &o})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, net.UDPAddrFromAddrPort(netip.AddrPortFrom(l.group, port))
}

// A packet that a congested router has marked is told from others.
func TestMarked(t *testing.T) {
	for _, ecn := range []bool{true, false} {
		l, to := host(t, ecn)
		c, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for _, tos := range []int{0, 1, 3, 2, 0xb8 | 3, 0} {
			if err := ipv4.NewPacketConn(c).SetTOS(tos); err != nil {
				t.Fatal(err)
			}
			if _, err := c.WriteTo([]byte("x"), to); err != nil {
				t.Fatal(err)
			}
			if b, _, _, err := l.Read(make([]byte, 100)); err != nil || string(b) != "x" {
				t.Fatalf("read %q, %v", b, err)
			}
			if got, want := l.Marked(), ecn && tos&3 == 3; got != want {
				t.Errorf("asked %v, type of service %#x: marked %v", ecn, tos, got)
			}
		}
	}
}

// quietSource has nothing to say.
type quietSource struct{ flushed bool }

func (*quietSource) Next() []byte                                { return nil }
func (*quietSource) Delay(time.Duration, []byte) time.Duration   { return 0 }
func (*quietSource) Commit(time.Duration, []byte) time.Duration  { return time.Hour }
func (*quietSource) Handle(time.Duration, []byte)                {}
func (*quietSource) Poll(now time.Duration) (next time.Duration) { return now + time.Hour }
func (s *quietSource) Flush(time.Duration)                       { s.flushed = true }
func (*quietSource) Finish()                                     {}

// packNothing packs nothing.
type packNothing struct{}

func (packNothing) Pack(wire.Walk, func() []byte, func([]byte) error) error { return nil }

// Before a publisher leaves, its source says how far it got.
func TestCloseWriteFlushes(t *testing.T) {
	l, _ := host(t, false)
	var s quietSource
	p := NewPublisher(l, "test://", 100, &s, packNothing{})
	defer p.Close()
	if err := p.CloseWrite(); err != nil || !s.flushed {
		t.Errorf("flushed %v, %v", s.flushed, err)
	}
}
