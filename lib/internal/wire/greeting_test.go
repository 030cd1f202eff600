package wire_test

import (
	"bytes"
	"errors"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/wire"
	"ztools/lib/internal/ztest"
)

func TestGreeting(t *testing.T) {
	tests := []struct {
		major byte
		want  string
	}{
		{0, "ff 00*7 04 7f 03 05"},
		{1, "ff 00*7 04 7f 03 05"},
		{2, "ff 00*7 04 7f 03 01 'CURVE' 00*47"},
		{3, "ff 00*7 04 7f 03 01 'CURVE' 00*47"},
		{9, "ff 00*7 04 7f 03 01 'CURVE' 00*47"},
	}
	for _, test := range tests {
		got := wire.AppendRest(wire.AppendMajor(wire.AppendSignature(nil, 3)), test.major, 5, "CURVE")
		if want := ztest.Bytes(test.want); !bytes.Equal(got, want) {
			t.Errorf("to major version %d: %x, want %x", test.major, got, want)
		}
	}
}

// TestConsumeVersion cuts each greeting short at every length. From the length
// need on the version is known, and not before.
func TestConsumeVersion(t *testing.T) {
	tests := []struct {
		bytes string
		need  int
		want  wire.Version
	}{
		{"01 00", 1, wire.Unversioned},
		{"00", 1, wire.Unversioned},
		{"fe 00", 1, wire.Unversioned},
		{"ff 00*7 04 00 'abc'", 10, wire.Unversioned},
		{"ff 00*7 04 7e 03", 10, wire.Unversioned},
		{"ff 00*7 01 7f 00 05", 11, wire.ZMTP10},
		{"ff 00*7 01 7f 01 05", 11, wire.ZMTP20},
		{"ff 00*7 01 01 01 05", 11, wire.ZMTP20},
		{"ff 00*7 01 7f 02 00", 11, wire.ZMTP31},
		{"ff 00*7 01 7f 03 00 'NULL'", 12, wire.ZMTP30},
		{"ff 00*7 01 7f 03 01 'NULL'", 12, wire.ZMTP31},
		{"ff 00*7 01 7f 03 ff 'NULL'", 12, wire.ZMTP31},
		{"ff 00*7 01 7f 04 00", 11, wire.ZMTP31},
		{"ff 00*7 01 7f ff 00", 11, wire.ZMTP31},
	}
	for _, test := range tests {
		b := ztest.Bytes(test.bytes)
		for n := range len(b) + 1 {
			v, ok := wire.ConsumeVersion(b[:n])
			if ok != (n >= test.need) || ok && v != test.want {
				t.Errorf("%x: got %v, %v, want %v from %d bytes on", b[:n], v, ok, test.want, test.need)
			}
		}
	}
}

func TestCheckMechanism(t *testing.T) {
	for mechanism, same := range map[string]bool{
		"NULL": true, "null": false, "NULL\x00x": false, "NUL": false, "": false, "NULLNULLNULLNULLNULL": false,
	} {
		err := wire.CheckMechanism(ztest.Greeting(mechanism), "NULL")
		if (err == nil) != same {
			t.Errorf("%q: %v", mechanism, err)
		}
		if !same && (!errors.Is(err, errno.EPROTO) || err.(*wire.ProtocolError).Code != wire.MechanismMismatch) {
			t.Errorf("%q: %v", mechanism, err)
		}
	}
}

func FuzzConsumeVersion(f *testing.F) {
	f.Add(ztest.Greeting("NULL"))
	f.Add([]byte("\x01\x00"))
	f.Add(ztest.Bytes("ff 00*7 01 7f 01 05"))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, ok := wire.ConsumeVersion(b)
		for n := range b { // what is known stays known
			short, known := wire.ConsumeVersion(b[:n])
			if known && (!ok || short != v) {
				t.Fatalf("%x is %v, %x is %v", b[:n], short, b, v)
			}
		}
		if ok && v.Framing() != wire.V1 && v.Framing() != wire.V2 {
			t.Fatalf("version %v has no framing", v)
		}
	})
}
