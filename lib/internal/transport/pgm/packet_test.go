package pgm

import (
	"bytes"
	"encoding/hex"
	"errors"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
)

// flow is what two libzmqs said to each other.
func flow(t testing.TB) (packets [][]byte, types []string) {
	t.Helper()
	text, err := os.ReadFile("testdata/flow.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) != 3 || fields[0] == "#" {
			continue
		}
		b, err := hex.DecodeString(fields[2])
		if err != nil {
			t.Fatal(err)
		}
		packets, types = append(packets, b), append(types, fields[1])
	}
	if len(packets) == 0 {
		t.Fatal("no packets in the flow")
	}
	return packets, types
}

var typeNames = map[Type]string{SPM: "SPM", ODATA: "ODATA", RDATA: "RDATA", NAK: "NAK", NCF: "NCF", SPMR: "SPMR"}

// What libzmq sent is understood, and comes out again as it was.
func TestPacketsOfLibzmq(t *testing.T) {
	packets, types := flow(t)
	for i, b := range packets {
		var p Packet
		if err := p.Parse(b); err != nil {
			t.Fatalf("packet %d, %x: %v", i, b, err)
		}
		if typeNames[p.Type] != types[i] {
			t.Errorf("packet %d is a %s, not %s", i, typeNames[p.Type], types[i])
		}
		if got := p.Append(nil); !bytes.Equal(got, b) {
			t.Errorf("packet %d:\ngot  %x\nwant %x", i, got, b)
		}
	}
}

func TestPackets(t *testing.T) {
	six := netip.MustParseAddr("fe80::1")
	for _, p := range []Packet{
		{Type: SPM, Sqn: 1, Trail: 2, Lead: 3, NLA: sourceAddr},
		{Type: SPM, Sqn: 1, Trail: 2, Lead: 3, NLA: six, Fin: true},
		{Type: ODATA, Sqn: 1 << 31, Trail: 5, Data: []byte("odd")},
		{Type: RDATA, Sqn: 7, Data: []byte{}},
		{Type: ODATA, Sqn: 9, Fragment: Fragment{8, 100, 200}, Data: []byte("part")},
		{Type: NAK, NLA: sourceAddr, Group: groupAddr, List: []uint32{1}},
		{Type: NCF, NLA: six, Group: six, List: []uint32{3, 1, 2}},
		{Type: SPMR},
	} {
		p.Source, p.Dest, p.GSI = 1, 2, [6]byte{1, 2, 3, 4, 5, 6}
		b := p.Append(nil)
		var got Packet
		if err := got.Parse(b); err != nil {
			t.Errorf("%+v: %v", p, err)
			continue
		}
		if len(got.List) == 0 {
			got.List = nil
		}
		if !reflect.DeepEqual(got, p) {
			t.Errorf("got  %+v\nwant %+v", got, p)
		}
		for n := range b {
			if err := new(Packet).Parse(b[:n]); err == nil {
				t.Errorf("%s cut to %d of %d bytes is understood", typeNames[p.Type], n, len(b))
			}
		}
		for i := range b {
			b[i] ^= 0x10
			if i != 6 && i != 7 && new(Packet).Parse(b) == nil {
				t.Errorf("%s with a wrong byte %d is understood", typeNames[p.Type], i)
			}
			b[i] ^= 0x10
		}
	}
}

func TestPacketErrors(t *testing.T) {
	data := Packet{Type: ODATA, Data: []byte("x")}
	nak := Packet{Type: NAK, NLA: sourceAddr, Group: groupAddr, List: []uint32{1, 2}}
	for _, tt := range []struct {
		name   string
		packet Packet
		spoil  func(b []byte)
		want   error
	}{
		{"another type", data, func(b []byte) { b[4] = 1 }, ErrType},
		{"parity", data, func(b []byte) { b[5] = optParity }, ErrType},
		{"length of data", data, func(b []byte) { b[15] = 9 }, ErrShort},
		{"no options", data, func(b []byte) { b[5] = optPresent }, ErrOptions},
		{"first option", nak, func(b []byte) { b[36] = 1 }, ErrOptions},
		{"length of options", nak, func(b []byte) { b[39] = 200 }, ErrOptions},
		{"length of an option", nak, func(b []byte) { b[41] = 0 }, ErrOptions},
		{"no last option", nak, func(b []byte) { b[40] &^= optEnd }, ErrOptions},
		{"address family", nak, func(b []byte) { b[21] = 9 }, ErrAddress},
	} {
		b := tt.packet.Append(nil)
		tt.spoil(b)
		seal(b)
		if err := new(Packet).Parse(b); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	b := data.Append(nil)
	b[6], b[7] = 0, 0
	if err := new(Packet).Parse(b); !errors.Is(err, ErrChecksum) {
		t.Errorf("data without a checksum: %v", err)
	}
}

func FuzzPacket(f *testing.F) {
	packets, _ := flow(f)
	for _, b := range packets {
		f.Add(b)
	}
	f.Add((&Packet{Type: NCF, NLA: sourceAddr, Group: groupAddr, List: []uint32{3, 1, 2}}).Append(nil))
	f.Add((&Packet{Type: ODATA, Fragment: Fragment{8, 100, 200}, Data: []byte("part")}).Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= headerLen {
			seal(b)
		}
		var p, again Packet
		if p.Parse(b) != nil {
			return
		}
		if err := again.Parse(p.Append(nil)); err != nil {
			t.Fatalf("%+v cannot be parsed again: %v", p, err)
		}
		if len(p.List) > MaxList || len(p.Data) > len(b) {
			t.Fatalf("%+v from %d bytes", p, len(b))
		}
	})
}
