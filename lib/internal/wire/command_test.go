package wire_test

import (
	"bytes"
	"errors"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/wire"
)

func TestCommand(t *testing.T) {
	tests := []struct{ got, want []byte }{
		{wire.AppendCommand(nil, wire.Subscribe, "a"), []byte("\x09SUBSCRIBEa")},
		{wire.AppendCommand(nil, wire.Cancel, ""), []byte("\x06CANCEL")},
		{wire.AppendCommand(nil, wire.Join, []byte("g")), []byte("\x04JOINg")},
		{wire.AppendCommand(nil, wire.Leave, "g"), []byte("\x05LEAVEg")},
		{wire.AppendCommand([]byte("-"), wire.Pong, "ctx"), []byte("-\x04PONGctx")},
		{wire.AppendPing(nil, 0x1234, []byte("ctx")), []byte("\x04PING\x12\x34ctx")},
		{wire.AppendPing(nil, 0, nil), []byte("\x04PING\x00\x00")},
		{wire.AppendError(nil, "400"), []byte("\x05ERROR\x03400")},
		{wire.AppendCommand(nil, wire.Ready, ""), []byte("\x05READY")},
		{wire.AppendCommand(nil, wire.Hello, ""), []byte("\x05HELLO")},
		{wire.AppendCommand(nil, wire.Welcome, ""), []byte("\x07WELCOME")},
		{wire.AppendCommand(nil, wire.Initiate, ""), []byte("\x08INITIATE")},
		{wire.AppendCommand(nil, wire.Message, ""), []byte("\x07MESSAGE")},
	}
	for _, test := range tests {
		if !bytes.Equal(test.got, test.want) {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestParseCommand(t *testing.T) {
	tests := []struct {
		body, name, data string
		ok               bool
	}{
		{"\x05READYx", "READY", "x", true},
		{"\x04PING", "PING", "", true},
		{"\x01\x00", "\x00", "", true},
		{"", "", "", false},
		{"\x00", "", "", false},
		{"\x00x", "", "", false},
		{"\x05", "", "", false},
		{"\x05READ", "", "", false},
		{"\xff", "", "", false},
	}
	for _, test := range tests {
		name, data, err := wire.ParseCommand([]byte(test.body))
		if string(name) != test.name || string(data) != test.data || (err == nil) != test.ok {
			t.Errorf("%q: got %q, %q, %v", test.body, name, data, err)
		}
		if err != nil && !errors.Is(err, errno.EPROTO) {
			t.Errorf("%q: %v", test.body, err)
		}
	}
}

func TestParsePing(t *testing.T) {
	tests := []struct {
		data    string
		ttl     uint16
		context string
		ok      bool
	}{
		{"\x00\x00", 0, "", true},
		{"\x02\x90", 656, "", true},
		{"\xff\xffctx", 65535, "ctx", true},
		{"\x00\x010123456789abcdef", 1, "0123456789abcdef", true},
		{"\x00\x010123456789abcdefg", 1, "0123456789abcdef", true},
		{"", 0, "", false},
		{"\x00", 0, "", false},
	}
	for _, test := range tests {
		ttl, context, err := wire.ParsePing([]byte(test.data))
		if ttl != test.ttl || string(context) != test.context || (err == nil) != test.ok {
			t.Errorf("%q: got %d, %q, %v", test.data, ttl, context, err)
		}
	}
}

func TestParseError(t *testing.T) {
	tests := []struct {
		data, reason string
		ok           bool
	}{
		{"\x03400", "400", true},
		{"\x00", "", true},
		{"\x02400", "40", true},
		{"", "", false},
		{"\x04400", "", false},
		{"\xff", "", false},
	}
	for _, test := range tests {
		reason, err := wire.ParseError([]byte(test.data))
		if reason != test.reason || (err == nil) != test.ok {
			t.Errorf("%q: got %q, %v", test.data, reason, err)
		}
	}
}

func FuzzParseCommand(f *testing.F) {
	for _, seed := range []string{"", "\x00", "\x05READY", "\x09SUBSCRIBEtopic", "\x05ERROR\x03400", "\x04PING\x00\x01ctx", "\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		name, data, err := wire.ParseCommand(body)
		if err != nil {
			return
		}
		if again := wire.AppendCommand(nil, string(name), data); !bytes.Equal(again, body) {
			t.Fatalf("%x became %x", body, again)
		}
		if reason, err := wire.ParseError(data); err == nil && len(reason) >= len(data) {
			t.Fatalf("%x has the reason %q", data, reason)
		}
	})
}

func FuzzParsePing(f *testing.F) {
	for _, seed := range []string{"", "\x00", "\x00\x01", "\x00\x01ctx", "\xff\xff0123456789abcdefg"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ttl, context, err := wire.ParsePing(data)
		if err != nil {
			return
		}
		again := wire.AppendPing(nil, ttl, context)[len("\x04PING"):]
		if len(context) > wire.PingContextMax || !bytes.HasPrefix(data, again) {
			t.Fatalf("%x became %x", data, again)
		}
	})
}
