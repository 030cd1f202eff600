package norm

import (
	"net/netip"
	"testing"
	"time"

	"ztools/lib/internal/option"
	"ztools/lib/internal/transport/multicast"
)

// sent are the DATA messages that a source with these options makes of 100 messages
// of 190 bytes.
func sent(t *testing.T, o *option.Options) (n *network, list []Message) {
	t.Helper()
	n = newNetworkOf(sourceSettings(o), receiverSettings(o))
	emit := n.source.emit
	n.source.emit = func(b []byte, to multicast.Target) {
		var m Message
		if err := m.Parse(b); err != nil {
			t.Fatal(err)
		}
		if m.Type == Data {
			list = append(list, m)
		}
		emit(b, to)
	}
	for i := range 100 {
		n.write(message(i, 180))
	}
	n.run(time.Second)
	return n, list
}

// The options of a stream are what its messages say of it.
func TestStreamOptions(t *testing.T) {
	o := option.Defaults(1)
	o.NormSegmentSize, o.NormBlockSize, o.NormNumParity, o.NormNumAutoparity = 200, 8, 3, 2
	_, list := sent(t, &o)
	data, parity := 0, 0
	for _, m := range list {
		if f := m.FTI; f.SegmentSize != 200 || f.NumData != 8 || f.NumParity != 3 {
			t.Fatalf("segments of %d, blocks of %d and %d", f.SegmentSize, f.NumData, f.NumParity)
		}
		if len(m.Payload) > streamHeader+200 {
			t.Errorf("a segment of %d bytes", len(m.Payload))
		}
		if m.Symbol >= 8 {
			parity++
		} else {
			data++
		}
	}
	if data < 90 || parity != data/8*2 {
		t.Errorf("%d segments of data, %d of parity", data, parity)
	}
}

// The number of parity segments covers what is sent unasked, and both fit into what
// a block can have.
func TestParityOptions(t *testing.T) {
	for _, tt := range []struct{ block, parity, auto, wantParity, wantAuto int }{
		{16, 4, 0, 4, 0}, {16, 1, 3, 3, 3}, {250, 9, 0, 5, 0}, {250, 9, 9, 5, 5}, {255, 4, 0, 0, 0},
	} {
		o := option.Defaults(1)
		o.NormBlockSize, o.NormNumParity, o.NormNumAutoparity = tt.block, tt.parity, tt.auto
		if c := sourceSettings(&o); c.NumData != tt.block || c.NumParity != tt.wantParity || c.Auto != tt.wantAuto {
			t.Errorf("%+v: %d, %d and %d", tt, c.NumData, c.NumParity, c.Auto)
		}
	}
}

// NORM_BUFFER_SIZE is what a late receiver can still get.
func TestBufferOption(t *testing.T) {
	for _, tt := range []struct{ kilobytes, least, most int }{{2048, 100, 100}, {16, 50, 90}} {
		o := option.Defaults(1)
		o.NormSegmentSize, o.NormBufferSize = 100, tt.kilobytes
		n, _ := sent(t, &o)
		n.run(10 * time.Second)
		n.join(large)
		n.write(message(100, 180))
		n.run(30 * time.Second)
		if got := numbers(t, n.receiver.out, 180); len(got) < tt.least || len(got) > tt.most+1 {
			t.Errorf("%d KB: got %d", tt.kilobytes, len(got))
		}
		if c := receiverSettings(&o); c.Buffer != tt.kilobytes<<10 {
			t.Errorf("%d KB: the receiver's are %d bytes", tt.kilobytes, c.Buffer)
		}
	}
}

// NORM_MODE fixed sends at RATE; the others begin with no rate of their own, and
// those with ECN mark their packets.
func TestModeOption(t *testing.T) {
	for mode, want := range []struct {
		rate float64
		tos  int
	}{{50_000, 0}, {0, 0}, {0, 0}, {0, 1}, {0, 1}} {
		o := option.Defaults(1)
		o.NormMode, o.Rate = mode, 400
		if c := sourceSettings(&o); c.Rate != want.rate || tos(&o) != want.tos {
			t.Errorf("mode %d: rate %v, type of service %d", mode, c.Rate, tos(&o))
		}
	}
}

// NORM_UNICAST_NACK sends NACKs to the sender alone.
func TestUnicastOption(t *testing.T) {
	for _, unicast := range []bool{false, true} {
		o := option.Defaults(2)
		o.NormUnicastNACK = unicast
		n := newNetworkOf(sourceSettings(&o), receiverSettings(&o))
		from, nacks := netip.MustParseAddrPort("192.0.2.1:7"), 0
		n.from = from
		carry := n.receiver.emit
		n.receiver.emit = func(b []byte, to multicast.Target) {
			var m Message
			if m.Parse(b) == nil && m.Type == Nack {
				nacks++
				if (to.Host == from) != unicast {
					t.Errorf("%v: a NACK to %v", unicast, to)
				}
			}
			carry(b, to)
		}
		n.drop = func(m *Message) bool { return m.Type == Data && m.Symbol == 3 && m.Flags&flagRepair == 0 }
		for i := range 100 {
			n.write(message(i, 1400))
		}
		n.run(5 * time.Second)
		if nacks == 0 {
			t.Error("no NACK was sent")
		}
	}
}
