package wire

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"ztools/lib/internal/msg"
)

func TestWSHeader(t *testing.T) {
	tests := []struct {
		h     WSHeader
		bytes string
	}{
		{WSHeader{Op: WSBinary, Size: 1}, "\x82\x01"},
		{WSHeader{Op: WSBinary, Size: 125}, "\x82\x7d"},
		{WSHeader{Op: WSBinary, Size: 126}, "\x82\x7e\x00\x7e"},
		{WSHeader{Op: WSBinary, Size: 65535}, "\x82\x7e\xff\xff"},
		{WSHeader{Op: WSBinary, Size: 65536}, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"},
		{WSHeader{Op: WSBinary, Size: 5, Masked: true, Mask: 0x01020304}, "\x82\x85\x01\x02\x03\x04"},
		{WSHeader{Op: WSBinary, Size: 1 << 40, Masked: true, Mask: 0xfffefdfc}, "\x82\xff\x00\x00\x01\x00\x00\x00\x00\x00\xff\xfe\xfd\xfc"},
		{WSHeader{Op: WSClose, Size: 2}, "\x88\x02"},
		{WSHeader{Op: WSPing}, "\x89\x00"},
		{WSHeader{Op: WSPong, Size: 125, Masked: true}, "\x8a\xfd\x00\x00\x00\x00"},
	}
	for _, test := range tests {
		b := AppendWSHeader(nil, test.h)
		if string(b) != test.bytes {
			t.Errorf("%v: got %x", test.h, b)
		}
		for n := range b {
			if _, ok, err := ConsumeWSHeader(b[:n], test.h.Masked); ok || err != nil {
				t.Errorf("%x: %v, %v", b[:n], ok, err)
			}
		}
		want := test.h
		want.Len = len(b)
		got, ok, err := ConsumeWSHeader(append(b, 0xAA), test.h.Masked)
		if got != want || !ok || err != nil {
			t.Errorf("%x: got %v, %v, %v", b, got, ok, err)
		}
	}
}

var wsRefused = []struct {
	name, bytes string
	masked      bool
}{
	{"fragment", "\x02\x01", false},
	{"continuation", "\x80\x01", false},
	{"text", "\x81\x01", false},
	{"reserved bit", "\xc2\x01", false},
	{"unknown opcode", "\x83\x01", false},
	{"no mask", "\x82\x01", true},
	{"mask", "\x82\x81", false},
	{"no flags", "\x82\x00", false},
	{"no flags, long", "\x82\x7e\x00\x00", false},
	{"long ping", "\x89\x7e", false},
	{"long close", "\x88\xff", true},
	{"size of 64 bits", "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", false},
}

func TestWSHeaderRefuses(t *testing.T) {
	for _, test := range wsRefused {
		var violation *ProtocolError
		if h, ok, err := ConsumeWSHeader([]byte(test.bytes), test.masked); ok || !errors.As(err, &violation) {
			t.Errorf("%s: got %v, %v, %v", test.name, h, ok, err)
		}
	}
}

func TestWSFrame(t *testing.T) {
	const mask = 0xA1B2C3D4
	for _, framing := range []Framing{WS, WSMasked} {
		masked := framing == WSMasked
		for _, flags := range []msg.Flags{0, msg.More, msg.Command} {
			for _, size := range []int{0, 1, 124, 125, 300, 70000} {
				body := bytes.Repeat([]byte("x"), size)
				b := AppendFrameWS(nil, flags, body, masked, mask)
				for n := range min(len(b), WSHeaderMax) {
					if h, ok, err := ConsumeHeader(framing, b[:n]); err != nil || ok && h.Len > n {
						t.Fatalf("%d bytes of %d: %v, %v, %v", n, len(b), h, ok, err)
					}
				}
				h, ok, err := ConsumeHeader(framing, b)
				if !ok || err != nil || h.Flags != flags || int(h.Size) != size || h.Len+size != len(b) || h.Op != WSBinary {
					t.Fatalf("%v of %d: %v, %v, %v", flags, size, h, ok, err)
				}
				if h.Unmask(b[h.Len:]); !bytes.Equal(b[h.Len:], body) {
					t.Errorf("body of %d is %.20x", size, b[h.Len:])
				}
			}
		}
		b := AppendControlWS(nil, WSPing, []byte("context"), masked, mask)
		h, ok, err := ConsumeHeader(framing, b)
		if !ok || err != nil || h.Op != WSPing {
			t.Fatalf("ping: %v, %v, %v", h, ok, err)
		}
		if h.Unmask(b[h.Len:]); string(b[h.Len:]) != "context" {
			t.Errorf("ping of %q", b[h.Len:])
		}
	}
	if _, ok, err := ConsumeHeader(WS, []byte("\x82\x01\x03")); ok || err == nil {
		t.Errorf("command with more: %v, %v", ok, err)
	}
}

func TestWSMask(t *testing.T) {
	const mask = 0xA1B2C3D4
	plain := []byte(strings.Repeat("The quick brown fox.", 5))
	want := make([]byte, len(plain))
	for i, b := range plain {
		want[i] = b ^ byte(uint32(mask)>>(24-i%4*8))
	}
	for at := range 9 {
		for end := at; end <= len(plain); end++ {
			got := bytes.Clone(plain[at:end])
			if WSMask(got, got, mask, at); !bytes.Equal(got, want[at:end]) {
				t.Fatalf("bytes %d to %d: got %x", at, end, got)
			}
		}
	}
}

func FuzzWSHeader(f *testing.F) {
	f.Add([]byte("\x82\xfe\x01\x00\x01\x02\x03\x04"), true)
	for _, test := range wsRefused {
		f.Add([]byte(test.bytes), test.masked)
	}
	f.Fuzz(func(t *testing.T, b []byte, masked bool) {
		h, ok, err := ConsumeWSHeader(b, masked)
		if ok && err != nil || ok && (h.Len > len(b) || h.Len > WSHeaderMax) {
			t.Fatalf("%x: %v, %v, %v", b, h, ok, err)
		}
		if !ok {
			return
		}
		again, ok, err := ConsumeWSHeader(AppendWSHeader(nil, h), masked)
		h.Len = again.Len // sizes may be written longer than needed
		if again != h || !ok || err != nil {
			t.Fatalf("%v became %v, %v, %v", h, again, ok, err)
		}
	})
}
