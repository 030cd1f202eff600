package wire

import (
	"errors"
	"strings"
	"testing"
)

// The key and its digest are the example of RFC 6455, section 1.3.
const (
	wsTestKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	wsTestAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

var wsOurs = []string{"ZWS2.0/NULL", "ZWS2.0"}

const wsRequest = "GET /x HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: " + wsTestKey + "\r\nSec-WebSocket-Protocol: ZWS2.0/NULL,ZWS2.0\r\nSec-WebSocket-Version: 13\r\n\r\n"

const wsResponse = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Accept: " + wsTestAccept + "\r\nSec-WebSocket-Protocol: ZWS2.0\r\n\r\n"

func TestWSUpgrade(t *testing.T) {
	if got := string(AppendWSRequest(nil, "h", "/x", wsTestKey, wsOurs)); got != wsRequest {
		t.Errorf("request: %q", got)
	}
	if got := string(AppendWSResponse(nil, wsTestKey, "ZWS2.0")); got != wsResponse {
		t.Errorf("response: %q", got)
	}
	for _, end := range []string{"", "\x82\x01\x00"} {
		if n, ok, err := WSHead([]byte(wsRequest + end)); n != len(wsRequest) || !ok || err != nil {
			t.Errorf("head with %q behind it: %d, %v, %v", end, n, ok, err)
		}
	}
	for n := range wsRequest {
		if _, ok, err := WSHead([]byte(wsRequest[:n])); ok || err != nil {
			t.Fatalf("part of a head: %v, %v", ok, err)
		}
	}
	if _, ok, err := WSHead(make([]byte, WSHeadMax)); ok || err == nil {
		t.Errorf("endless head: %v, %v", ok, err)
	}
}

func TestParseWSRequest(t *testing.T) {
	edit := strings.NewReplacer
	for _, test := range []struct {
		name     string
		edit     *strings.Replacer
		protocol string // empty: refused
	}{
		{"as libzmq", edit(), "ZWS2.0/NULL"},
		{"as a browser", edit("Connection: Upgrade", "connection: keep-alive, upgrade", "websocket\r", "WebSocket\r"), "ZWS2.0/NULL"},
		{"the peer's order", edit("ZWS2.0/NULL,ZWS2.0", "x, ZWS2.0 , ZWS2.0/NULL"), "ZWS2.0"},
		{"two headers", edit("ZWS2.0/NULL,ZWS2.0", "x\r\nSec-WebSocket-Protocol:ZWS2.0"), "ZWS2.0"},
		{"no version", edit("Sec-WebSocket-Version: 13\r\n", ""), "ZWS2.0/NULL"},
		{"other version", edit("Version: 13", "Version: 8"), ""},
		{"other protocol", edit("ZWS2.0/NULL,ZWS2.0", "ZWS2.0/PLAIN"), ""},
		{"no protocol", edit("Sec-WebSocket-Protocol: ZWS2.0/NULL,ZWS2.0\r\n", ""), ""},
		{"no key", edit(wsTestKey, ""), ""},
		{"no upgrade", edit("Upgrade: websocket\r\n", ""), ""},
		{"no connection", edit("Connection: Upgrade\r\n", ""), ""},
		{"POST", edit("GET", "POST"), ""},
		{"HTTP/1.0", edit("HTTP/1.1", "HTTP/1.0"), ""},
		{"no path", edit("/x", ""), ""},
		{"no colon", edit("Host: h", "Host h"), ""},
		{"line feed", edit("Host: h", "Host: h\nX: y"), ""},
		{"long value", edit("Host: h", "Host: "+strings.Repeat("h", WSValueMax+1)), ""},
	} {
		key, protocol, err := ParseWSRequest([]byte(test.edit.Replace(wsRequest)), wsOurs)
		checkWS(t, test.name, test.protocol, protocol, err)
		if err == nil && key != wsTestKey {
			t.Errorf("%s: key %q", test.name, key)
		}
	}
}

func TestParseWSResponse(t *testing.T) {
	edit := strings.NewReplacer
	for _, test := range []struct {
		name     string
		edit     *strings.Replacer
		protocol string // empty: refused
	}{
		{"as libzmq", edit(), "ZWS2.0"},
		{"other reason", edit("Switching Protocols", "OK"), "ZWS2.0"},
		{"no reason", edit(" Switching Protocols", ""), "ZWS2.0"},
		{"other status", edit("101 Switching Protocols", "404 Not Found"), ""},
		{"no HTTP", edit("HTTP/1.1 ", ""), ""},
		{"wrong digest", edit(wsTestAccept, wsTestKey), ""},
		{"no digest", edit("Sec-WebSocket-Accept", "X"), ""},
		{"other protocol", edit("ZWS2.0", "ZWS2.0/CURVE"), ""},
		{"no protocol", edit("Sec-WebSocket-Protocol: ZWS2.0\r\n", ""), ""},
		{"no upgrade", edit("Upgrade: websocket\r\n", ""), ""},
	} {
		protocol, err := ParseWSResponse([]byte(test.edit.Replace(wsResponse)), wsTestKey, wsOurs)
		checkWS(t, test.name, test.protocol, protocol, err)
	}
}

// checkWS compares what was chosen; nothing wanted is a violation.
func checkWS(t *testing.T, name, want, got string, err error) {
	t.Helper()
	var violation *ProtocolError
	switch {
	case want == "" && !errors.As(err, &violation):
		t.Errorf("%s: %q, %v", name, got, err)
	case want != "" && (err != nil || got != want):
		t.Errorf("%s: %q, %v, want %q", name, got, err, want)
	}
}

func FuzzWSUpgrade(f *testing.F) {
	f.Add([]byte(wsRequest))
	f.Add([]byte(wsResponse))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, ok, err := WSHead(b)
		if !ok || err != nil {
			return
		}
		if key, protocol, err := ParseWSRequest(b[:n], wsOurs); err == nil && (key == "" || protocol == "") {
			t.Errorf("request chose key %q, protocol %q", key, protocol)
		}
		if protocol, err := ParseWSResponse(b[:n], wsTestKey, wsOurs); err == nil && protocol == "" {
			t.Error("response chose nothing")
		}
	})
}
