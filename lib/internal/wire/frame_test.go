package wire_test

import (
	"bytes"
	"errors"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/wire"
	"ztools/lib/internal/ztest"
)

// TestHeader has the bytes of each header as we send it; cut short at any
// length it asks for more.
func TestHeader(t *testing.T) {
	tests := []struct {
		framing wire.Framing
		flags   msg.Flags
		size    int
		bytes   string
	}{
		{wire.V1, 0, 0, "01 00"},
		{wire.V1, msg.More, 5, "06 01"},
		{wire.V1, 0, 253, "fe 00"},
		{wire.V1, 0, 254, "ff 00*6 00ff 00"},
		{wire.V1, msg.More, 1 << 32, "ff 00000001 00000001 01"},
		{wire.V2, 0, 0, "00 00"},
		{wire.V2, msg.More, 5, "01 05"},
		{wire.V2, msg.Command, 255, "04 ff"},
		{wire.V2, 0, 256, "02 00*6 0100"},
		{wire.V2, msg.Command, 256, "06 00*6 0100"},
		{wire.V2, msg.More, 1 << 32, "03 00000001 00000000"},
	}
	for _, test := range tests {
		want := ztest.Bytes(test.bytes)
		got := msg.AppendHeader(nil, test.flags, test.size)
		if test.framing == wire.V1 {
			got = wire.AppendHeaderV1(nil, test.flags, test.size)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%v: got %x, want %x", test, got, want)
		}
		for n := range want {
			if _, ok, err := wire.ConsumeHeader(test.framing, want[:n]); ok || err != nil {
				t.Errorf("%x: %v, %v", want[:n], ok, err)
			}
		}
		h, ok, err := wire.ConsumeHeader(test.framing, append(want, 0xAA))
		if !ok || err != nil || h != (wire.Header{Flags: test.flags, Size: uint64(test.size), Len: len(want)}) {
			t.Errorf("%x: got %+v, %v, %v", want, h, ok, err)
		}
	}
}

// TestForeignHeader are headers that we do not send.
func TestForeignHeader(t *testing.T) {
	tests := []struct {
		framing wire.Framing
		bytes   string
		want    wire.Header
		err     error
	}{
		{wire.V1, "ff 00*7 06 00", wire.Header{Size: 5, Len: 10}, nil},
		{wire.V1, "02 ff", wire.Header{Flags: msg.More, Size: 1, Len: 2}, nil},
		{wire.V1, "02 fe", wire.Header{Size: 1, Len: 2}, nil},
		{wire.V1, "00", wire.Header{}, errno.EPROTO},
		{wire.V1, "ff 00*8", wire.Header{}, errno.EPROTO},
		{wire.V1, "ff 80 00*7 00", wire.Header{Size: 1<<63 - 1, Len: 10}, nil},
		{wire.V1, "ff 80 00*6 01", wire.Header{}, errno.EMSGSIZE},
		{wire.V1, "ff*9", wire.Header{}, errno.EMSGSIZE},
		{wire.V2, "02 00*7 05", wire.Header{Size: 5, Len: 9}, nil},
		{wire.V2, "02 7f ff*7", wire.Header{Size: 1<<63 - 1, Len: 9}, nil},
		{wire.V2, "02 80 00*7", wire.Header{}, errno.EMSGSIZE},
		{wire.V2, "02 ff*8", wire.Header{}, errno.EMSGSIZE},
		{wire.V2, "05 00", wire.Header{}, errno.EPROTO},
		{wire.V2, "08 00", wire.Header{}, errno.EPROTO},
		{wire.V2, "40 00", wire.Header{}, errno.EPROTO},
		{wire.V2, "80 00", wire.Header{}, errno.EPROTO},
	}
	for _, test := range tests {
		h, ok, err := wire.ConsumeHeader(test.framing, ztest.Bytes(test.bytes))
		if h != test.want || ok != (test.err == nil) || !errors.Is(err, test.err) {
			t.Errorf("%s: got %+v, %v, %v, want %+v, %v", test.bytes, h, ok, err, test.want, test.err)
		}
	}
}

func TestLimit(t *testing.T) {
	tests := []struct {
		size  uint64
		limit int64
		ok    bool
	}{
		{1 << 62, -1, true}, {0, 0, true}, {1, 0, false}, {5, 5, true}, {6, 5, false}, {1<<63 - 1, 1<<63 - 1, true},
	}
	for _, test := range tests {
		err := wire.Header{Size: test.size}.Limit(test.limit)
		if (err == nil) != test.ok || !test.ok && !errors.Is(err, errno.EMSGSIZE) {
			t.Errorf("%d of %d: %v", test.size, test.limit, err)
		}
	}
}

func TestFrame(t *testing.T) {
	if got, want := wire.AppendFrameV1([]byte("-"), msg.More, []byte("ab")), []byte("-\x03\x01ab"); !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
	// Flags of our own never reach the wire.
	if got, want := wire.AppendFrameV2([]byte("-"), msg.More|msg.Identity, []byte("ab")), []byte("-\x01\x02ab"); !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
	topic := bytes.Repeat([]byte("t"), 255) // libzmq's old encoder forgets the long flag here
	got := wire.AppendFrameV2(nil, 0, append([]byte{1}, topic...))
	if want := append(ztest.Bytes("02 00*6 0100 01"), topic...); !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

func FuzzHeaderV1(f *testing.F) { fuzzHeader(f, wire.V1) }
func FuzzHeaderV2(f *testing.F) { fuzzHeader(f, wire.V2) }

// fuzzHeader checks that a header that was read is the one that would be sent
// for what it says, except that sizes may be longer than they have to be.
func fuzzHeader(f *testing.F, framing wire.Framing) {
	for _, seed := range []string{"", "00", "01 00", "06 01", "04 ff", "ff 00*6 00ff 00", "02 00*6 0100", "ff*9", "ff*10"} {
		f.Add(ztest.Bytes(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, ok, err := wire.ConsumeHeader(framing, b)
		if !ok || err != nil {
			if h != (wire.Header{}) || ok {
				t.Fatalf("%x: got %+v, %v with %v", b, h, ok, err)
			}
			return
		}
		again := msg.AppendHeader(nil, h.Flags, int(h.Size))
		if framing == wire.V1 {
			again = wire.AppendHeaderV1(nil, h.Flags, int(h.Size))
		}
		if h.Len > len(b) || h.Len < len(again) {
			t.Fatalf("%x: got %+v", b, h)
		}
		if h2, ok, err := wire.ConsumeHeader(framing, again); !ok || err != nil || h2.Size != h.Size || h2.Flags != h.Flags {
			t.Fatalf("%x: got %+v, and from %x %+v, %v", b, h, again, h2, err)
		}
	})
}
