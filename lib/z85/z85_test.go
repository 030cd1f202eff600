package z85_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"ztools/lib/z85"
)

// vectors are the test case of RFC 32, the test keys of RFC 26 and the ends of
// the range.
var vectors = []struct {
	name string
	raw  []byte
	text string
}{
	{"nothing", nil, ""},
	{"RFC 32", []byte{0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b}, "HelloWorld"},
	{"RFC 32, key of a client", []byte{
		0xbb, 0x88, 0x47, 0x1d, 0x65, 0xe2, 0x65, 0x9b, 0x30, 0xc5, 0x5a, 0x53, 0x21, 0xce, 0xbb, 0x5a,
		0xab, 0x2b, 0x70, 0xa3, 0x98, 0x64, 0x5c, 0x26, 0xdc, 0xa2, 0xb2, 0xfc, 0xb4, 0x3f, 0xc5, 0x18,
	}, "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"},
	{"lowest", make([]byte, 4), "00000"},
	{"highest", bytes.Repeat([]byte{0xff}, 4), "%nSc0"},
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		if text, err := z85.Encode(v.raw); err != nil || text != v.text {
			t.Errorf("%s: encoded %q, %v", v.name, text, err)
		}
		if raw, err := z85.Decode(v.text); err != nil || !bytes.Equal(raw, v.raw) {
			t.Errorf("%s: decoded %x, %v", v.name, raw, err)
		}
	}
}

func TestLengths(t *testing.T) {
	if z85.EncodedLen(32) != 40 || z85.DecodedLen(40) != 32 {
		t.Errorf("32 bytes are %d characters, 40 characters are %d bytes", z85.EncodedLen(32), z85.DecodedLen(40))
	}
}

func TestBadInput(t *testing.T) {
	for n := 1; n < 4; n++ {
		if _, err := z85.Encode(make([]byte, n)); !errors.Is(err, z85.ErrLength) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	for text, want := range map[string]error{
		"0000":             z85.ErrLength,
		"000000":           z85.ErrLength,
		"0000 ":            z85.ErrDigit,
		"0000\"":           z85.ErrDigit,
		"0000\x00":         z85.ErrDigit,
		"0000\xff":         z85.ErrDigit,
		"%nSc1":            z85.ErrRange,
		"#####":            z85.ErrRange,
		"00000" + "#####":  z85.ErrRange,
		"HelloWorld" + "~": z85.ErrLength,
	} {
		if raw, err := z85.Decode(text); !errors.Is(err, want) || raw != nil {
			t.Errorf("%q: %x, %v, want %v", text, raw, err, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.text)
	}
	f.Add("%nSc1")
	f.Add(strings.Repeat("#", 40))
	f.Fuzz(func(t *testing.T, text string) {
		raw, err := z85.Decode(text)
		if err != nil {
			return
		}
		if again, err := z85.Encode(raw); err != nil || again != text {
			t.Fatalf("%q decoded to %x, which encodes to %q, %v", text, raw, again, err)
		}
	})
}

func FuzzEncode(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		text, err := z85.Encode(raw)
		if err != nil {
			return
		}
		if again, err := z85.Decode(text); err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("%x encoded to %q, which decodes to %x, %v", raw, text, again, err)
		}
	})
}
