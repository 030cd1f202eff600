package msg

import (
	"bytes"
	"testing"
)

func TestHeader(t *testing.T) {
	tests := []struct {
		flags Flags
		size  int
		bytes string
	}{
		{0, 0, "\x00\x00"},
		{More, 255, "\x01\xff"},
		{Identity, 5, "\x40\x05"},
		{More, 256, "\x03\x00\x00\x00\x00\x00\x00\x01\x00"},
		{Command, 1 << 20, "\x06\x00\x00\x00\x00\x00\x10\x00\x00"},
	}
	for _, test := range tests {
		b := AppendHeader(nil, test.flags, test.size)
		if !bytes.Equal(b, []byte(test.bytes)) {
			t.Errorf("%v of %d: got %x", test.flags, test.size, b)
		}
		for n := range b {
			if _, _, got := ConsumeHeader(b[:n]); got != 0 {
				t.Errorf("%x: took %d bytes", b[:n], got)
			}
		}
		flags, size, n := ConsumeHeader(append(b, 0xAA))
		if flags&^Long != test.flags || size != uint64(test.size) || n != len(b) {
			t.Errorf("%x: got %v, %d, %d", b, flags, size, n)
		}
	}
}
