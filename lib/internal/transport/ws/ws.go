// Package ws is the schemes ws:// and wss://: ZMTP's frames over WebSocket (ZWS
// 2.0, RFC 45), as the draft builds of libzmq 4.3.5 have them. wss is the same
// behind TLS.
//
//	bind     ws://HOST:PORT[/PATH]        HOST and PORT as in tcp://
//	connect  ws://[SRC;]HOST:PORT[/PATH]
//
//	Listen, Accept, Dial  those of tcp
//	Upgrade               TLS handshake (wss), then that of HTTP
//
// The path is "/" if there is none. A server does not look at the path that a
// client asks for, nor at where the page comes from that a browser shows: who may
// connect is for the security mechanism to say.
package ws

import (
	"context"
	"crypto/tls"
	"net"
	"strings"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
	"ztools/lib/internal/transport/tcp"
)

// Transport is the scheme ws, or wss.
type Transport struct{ Secure bool }

var _ transport.Transport = Transport{}

func (t Transport) scheme() string {
	if t.Secure {
		return "wss"
	}
	return "ws"
}

// split cuts the text at its first slash. The path may have every character of
// ASCII that is no space and no control character.
func split(rest string) (address, path string, err error) {
	address, path, _ = strings.Cut(rest, "/")
	for _, c := range []byte(path) {
		if c <= ' ' || c >= 0x7F {
			return "", "", errno.EINVAL
		}
	}
	return address, "/" + path, nil
}

// protocols are the sub-protocols for a value of ZMQ_MECHANISM, in the order in
// which a client offers them. A socket with a ZAP domain does not speak the one
// without a mechanism, which nobody would be asked about.
func protocols(o *option.Options) ([]string, error) {
	names := [...]string{"NULL", "PLAIN", "CURVE"}
	if o.Raw || o.Mechanism < 0 || o.Mechanism >= len(names) {
		return nil, errno.ENOCOMPATPROTO
	}
	list := []string{prefix + names[o.Mechanism]}
	if o.Mechanism == 0 && o.ZAPDomain == "" {
		list = append(list, bare)
	}
	return list, nil
}

// Listen binds as tcp does. errno.ENOCOMPATPROTO is for a mechanism that ZWS has
// no sub-protocol for, and for sockets without ZMTP (STREAM); errno.EINVAL for a
// wss without WSS_CERT_PEM and WSS_KEY_PEM.
func (t Transport) Listen(rest string, o *option.Options) (transport.Listener, error) {
	address, path, err := split(rest)
	if err != nil {
		return nil, err
	}
	l := &listener{terms: terms{scheme: t.scheme(), path: path}}
	if l.protocols, err = protocols(o); err != nil {
		return nil, err
	}
	if t.Secure {
		if l.tls, err = serverTLS(o); err != nil {
			return nil, err
		}
	}
	if l.Listener, err = (tcp.Transport{}).Listen(address, o); err != nil {
		return nil, err
	}
	return l, nil
}

// Check refuses what tcp refuses, and otherwise as Listen does. Unlike libzmq it
// does not look the host up, which Dial does at each attempt.
func (t Transport) Check(rest string, o *option.Options) error {
	_, err := t.terms(rest, o)
	return err
}

// terms are those of a client.
func (t Transport) terms(rest string, o *option.Options) (*terms, error) {
	address, path, err := split(rest)
	if err != nil {
		return nil, err
	}
	if err := (tcp.Transport{}).Check(address, o); err != nil {
		return nil, err
	}
	c := &terms{scheme: t.scheme(), path: path, client: true}
	c.host = address[strings.LastIndexByte(address, ';')+1:]
	if c.protocols, err = protocols(o); err != nil {
		return nil, err
	}
	if t.Secure {
		c.tls, err = clientTLS(o)
	}
	return c, err
}

// Dial connects as tcp does. The handshake is left to Upgrade.
func (t Transport) Dial(ctx context.Context, rest string, o *option.Options) (net.Conn, error) {
	c, err := t.terms(rest, o)
	if err != nil {
		return nil, err
	}
	address, _, _ := strings.Cut(rest, "/")
	raw, err := (tcp.Transport{}).Dial(ctx, address, o)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: raw, terms: c}, nil
}

// Aliases is none: an endpoint is unbound as LAST_ENDPOINT has it, and
// disconnected as it was connected.
func (Transport) Aliases(string, *option.Options) []string { return nil }

// listener is a bound endpoint.
type listener struct {
	transport.Listener
	terms
}

// terms are what one side brings into a handshake. They do not change.
type terms struct {
	scheme, path string
	host         string // as the client asks for it
	client       bool
	protocols    []string
	tls          *tls.Config // nil for ws
}

// Endpoint is the bound address with the scheme and the path.
func (l *listener) Endpoint() string {
	_, address, _ := strings.Cut(l.Listener.Endpoint(), "://")
	return l.scheme + "://" + address + l.path
}

// Accept is that of tcp. The handshake is left to Upgrade.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, terms: &l.terms}, nil
}
