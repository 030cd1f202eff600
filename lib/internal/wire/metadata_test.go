package wire_test

import (
	"bytes"
	"errors"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/wire"
	"ztools/lib/internal/ztest"
)

func TestMetadata(t *testing.T) {
	b := wire.AppendProperty(nil, wire.PropSocketType, "SUB")
	b = wire.AppendProperty(b, "X", []byte(nil))
	if want := ztest.Bytes("0b 'Socket-Type' 00000003 'SUB' 01 'X' 00000000"); !bytes.Equal(b, want) {
		t.Fatalf("got %x, want %x", b, want)
	}
	for n := 1; n < len(b); n++ {
		if n == 19 { // the first property alone
			continue
		}
		if err := walk(b[:n]); !errors.Is(err, errno.EPROTO) {
			t.Errorf("%x: %v", b[:n], err)
		}
	}
	for _, bad := range []string{"00", "00 00000000", "01", "01 'X' 000000", "01 'X' 00000001", "01 'X' 80000000", "01 'X' ffffffff 00"} {
		if err := walk(ztest.Bytes(bad)); !errors.Is(err, errno.EPROTO) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if err := walk(b); err != nil {
		t.Error(err)
	}
}

// walk reads all properties.
func walk(b []byte) (err error) {
	for len(b) > 0 && err == nil {
		_, _, b, err = wire.ConsumeProperty(b)
	}
	return err
}

func FuzzConsumeProperty(f *testing.F) {
	for _, seed := range []string{"00", "0b 'Socket-Type' 00000003 'SUB'", "01 'X' 00000000 01 'Y' 00000001 00", "01 'X' ffffffff"} {
		f.Add(ztest.Bytes(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 {
			return
		}
		name, value, rest, err := wire.ConsumeProperty(b)
		if err != nil {
			return
		}
		again := append(wire.AppendProperty(nil, string(name), value), rest...)
		if len(name) == 0 || !bytes.Equal(again, b) {
			t.Fatalf("%x became %x", b, again)
		}
	})
}
