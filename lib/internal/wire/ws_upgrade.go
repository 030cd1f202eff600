package wire

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// The opening handshake of ZWS 2.0 (RFC 6455, section 4, and RFC 45):
//
//	client  GET path, a random key, the sub-protocols that it can speak
//	server  101, a digest of the key, the sub-protocol that it has chosen

// WSHeadMax is the longest head of a request or response, in bytes, and
// WSValueMax the longest value of a header.
const (
	WSHeadMax  = 8192
	WSValueMax = 2048
)

const wsHeadEnd = "\r\n\r\n"

// WSHead is how long the head is that b begins with, its empty line included. ok
// is false if b holds only a part of it.
func WSHead(b []byte) (n int, ok bool, err error) {
	i := bytes.Index(b[:min(len(b), WSHeadMax)], []byte(wsHeadEnd))
	switch {
	case i >= 0:
		return i + len(wsHeadEnd), true, nil
	case len(b) >= WSHeadMax:
		return 0, false, Violation(WSUnspecified, "websocket handshake is too long")
	}
	return 0, false, nil
}

// AppendWSRequest appends the client's head. host, path and key are of ASCII
// without spaces and control characters.
func AppendWSRequest(dst []byte, host, path, key string, protocols []string) []byte {
	for _, s := range []string{
		"GET ", path, " HTTP/1.1\r\nHost: ", host,
		"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ", key,
		"\r\nSec-WebSocket-Protocol: ", strings.Join(protocols, ","),
		"\r\nSec-WebSocket-Version: 13", wsHeadEnd,
	} {
		dst = append(dst, s...)
	}
	return dst
}

// ParseWSRequest reads a client's head and returns its key and the first of its
// sub-protocols that is one of ours. The path is for nobody: libzmq serves the
// same socket at each.
func ParseWSRequest(head []byte, ours []string) (key, protocol string, err error) {
	first, header, err := parseWSHead(head)
	if err != nil {
		return "", "", err
	}
	words := strings.Split(first, " ")
	if len(words) != 3 || words[0] != "GET" || words[1] == "" || words[2] != "HTTP/1.1" || !header.upgrades() {
		return "", "", Violation(WSUnspecified, "peer asks for no websocket")
	}
	key = header.last("sec-websocket-key")
	if key == "" || !slices.Contains([]string{"", "13"}, header.last("sec-websocket-version")) {
		return "", "", Violation(WSUnspecified, "peer asks for another version of websocket")
	}
	for _, p := range header.list("sec-websocket-protocol") {
		if slices.Contains(ours, p) {
			return key, p, nil
		}
	}
	return "", "", Violation(WSUnspecified, "peer speaks no sub-protocol of this socket")
}

// AppendWSResponse appends the server's head.
func AppendWSResponse(dst []byte, key, protocol string) []byte {
	for _, s := range []string{
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ",
		wsAccept(key), "\r\nSec-WebSocket-Protocol: ", protocol, wsHeadEnd,
	} {
		dst = append(dst, s...)
	}
	return dst
}

// WSRefusal is the head that a server sends before it closes.
const WSRefusal = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0" + wsHeadEnd

// ParseWSResponse reads a server's head and returns the sub-protocol that it has
// chosen of ours. Unlike libzmq it also checks the digest of the key.
func ParseWSResponse(head []byte, key string, ours []string) (protocol string, err error) {
	first, header, err := parseWSHead(head)
	if err != nil {
		return "", err
	}
	status, found := strings.CutPrefix(first, "HTTP/1.1 ")
	if status, _, _ = strings.Cut(status, " "); !found || status != "101" {
		return "", Violation(WSUnspecified, "peer refuses websocket: "+strconv.Quote(first[:min(len(first), 64)]))
	}
	protocol = header.last("sec-websocket-protocol")
	switch {
	case !header.upgrades():
		return "", Violation(WSUnspecified, "peer grants no websocket")
	case header.last("sec-websocket-accept") != wsAccept(key):
		return "", Violation(WSUnspecified, "peer does not know the websocket key")
	case !slices.Contains(ours, protocol):
		return "", Violation(WSUnspecified, "peer has chosen no sub-protocol of this socket")
	}
	return protocol, nil
}

// wsAccept is the digest of a key.
func wsAccept(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// wsHeader is the lines of a head behind the first.
type wsHeader []struct{ name, value string }

// parseWSHead cuts a head into lines.
func parseWSHead(head []byte) (first string, h wsHeader, err error) {
	first, rest, _ := strings.Cut(string(head), "\r\n")
	for line := range strings.SplitSeq(strings.TrimSuffix(rest, wsHeadEnd[2:]), "\r\n") {
		name, value, found := strings.Cut(line, ":")
		value = strings.Trim(value, " \t")
		if line != "" && (!found || len(value) > WSValueMax || strings.ContainsAny(line, "\r\n")) {
			return "", nil, Violation(WSUnspecified, "malformed header in the websocket handshake")
		}
		h = append(h, struct{ name, value string }{strings.ToLower(name), value})
	}
	return first, h, nil
}

// upgrades reports whether the head asks for, or grants, a websocket.
func (h wsHeader) upgrades() bool {
	return strings.EqualFold(h.last("upgrade"), "websocket") &&
		slices.ContainsFunc(h.list("connection"), func(v string) bool { return strings.EqualFold(v, "upgrade") })
}

// last is the value of the last header of that name; empty if there is none.
func (h wsHeader) last(name string) (value string) {
	for _, line := range h {
		if line.name == name {
			value = line.value
		}
	}
	return value
}

// list is the elements of all headers of that name.
func (h wsHeader) list(name string) (elements []string) {
	for _, line := range h {
		if line.name == name {
			for e := range strings.SplitSeq(line.value, ",") {
				elements = append(elements, strings.Trim(e, " \t"))
			}
		}
	}
	return elements
}
