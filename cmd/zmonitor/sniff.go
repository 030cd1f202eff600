package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"time"
)

// sniffTimeout is how long another protocol may take to show itself.
const sniffTimeout = time.Second

// protocols are known by the first bytes that their servers say.
var protocols = map[string]string{"HTTP/": "HTTP", "SSH-": "SSH", "220 ": "SMTP or FTP", "-ERR ": "the protocol of Redis"}

// sniff finds out what else is spoken at an endpoint where the handshake of ZMTP
// failed; empty if that is not known. It says hello as a client of TLS does, and
// then of HTTP: servers of other protocols answer in their own words.
func sniff(ctx context.Context, endpoint string) string {
	address, ok := strings.CutPrefix(endpoint, "tcp://")
	if !ok {
		return ""
	}
	for _, hello := range []func(context.Context, net.Conn) string{helloTLS, helloHTTP} {
		if name := ask(ctx, address, hello); name != "" {
			return name
		}
	}
	return ""
}

// ask says one hello.
func ask(ctx context.Context, address string, hello func(context.Context, net.Conn) string) string {
	ctx, cancel := context.WithTimeout(ctx, sniffTimeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return ""
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	return hello(ctx, conn)
}

func helloTLS(ctx context.Context, conn net.Conn) string {
	err := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}).HandshakeContext(ctx) // who it is does not matter
	var alert tls.AlertError
	var other tls.RecordHeaderError
	switch {
	case err == nil, errors.As(err, &alert):
		return "TLS"
	case errors.As(err, &other):
		return protocolOf(other.RecordHeader[:])
	}
	return ""
}

func helloHTTP(_ context.Context, conn net.Conn) string {
	if _, err := io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		return ""
	}
	var head [5]byte
	n, _ := io.ReadFull(conn, head[:]) // what is there is looked at
	return protocolOf(head[:n])
}

func protocolOf(head []byte) string {
	for prefix, name := range protocols {
		if strings.HasPrefix(string(head), prefix) {
			return name
		}
	}
	return ""
}
