package ws

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"strings"
	"syscall"

	"ztools/lib/internal/transport"
	"ztools/lib/internal/wire"
)

// The names of sub-protocols.
const (
	bare   = "ZWS2.0"
	prefix = bare + "/"
)

// conn is a connection whose peer is to speak WebSocket.
type conn struct {
	net.Conn // the TCP connection or, when Upgrade has begun with it, TLS above it
	*terms
}

var _ transport.Upgrader = &conn{}

// Upgrade is the client's or the server's side of the handshake (RFC 6455,
// section 4). A server tells a client that it refuses.
func (c *conn) Upgrade() (u transport.Upgraded, err error) {
	if c.tls != nil {
		if err := c.secure(); err != nil {
			return u, err
		}
	}
	var protocol string
	if c.client {
		u.Framing = wire.WS
		protocol, u.Rest, err = c.ask()
	} else {
		u.Framing = wire.WSMasked
		protocol, u.Rest, err = c.answer()
	}
	if err != nil {
		return u, err
	}
	u.Mechanism = protocol != bare
	u.Version = wire.ZMTP30 // subscriptions are messages: libzmq loses commands that CURVE has sealed
	return u, nil
}

// secure makes the handshake of TLS.
func (c *conn) secure() error {
	upper := tls.Server
	if c.client {
		upper = tls.Client
	}
	t := upper(transport.Quiet{Conn: c.Conn}, c.tls)
	if err := t.Handshake(); err != nil {
		return err
	}
	c.Conn = t
	return nil
}

// ask is the client's side.
func (c *conn) ask() (protocol string, rest []byte, err error) {
	var random [16]byte
	rand.Read(random[:])
	key := base64.StdEncoding.EncodeToString(random[:])
	if _, err := transport.Write(c, wire.AppendWSRequest(nil, c.host, c.path, key, c.protocols)); err != nil {
		return "", nil, err
	}
	head, rest, err := c.head()
	if err != nil {
		return "", nil, err
	}
	protocol, err = wire.ParseWSResponse(head, key, c.protocols)
	return protocol, rest, err
}

// answer is the server's side.
func (c *conn) answer() (protocol string, rest []byte, err error) {
	head, rest, err := c.head()
	var key string
	if err == nil {
		key, protocol, err = wire.ParseWSRequest(head, c.protocols)
	}
	var violation *wire.ProtocolError
	if errors.As(err, &violation) {
		transport.Write(c, []byte(wire.WSRefusal)) // whether or not the peer takes it
	}
	if err != nil {
		return "", nil, err
	}
	_, err = transport.Write(c, wire.AppendWSResponse(nil, key, protocol))
	return protocol, rest, err
}

// firstRead is how much memory a peer gets for its head at first.
const firstRead = 1024

// head reads the peer's head and what came with it.
func (c *conn) head() (head, rest []byte, err error) {
	b := make([]byte, 0, firstRead)
	for {
		if n, ok, err := wire.WSHead(b); ok || err != nil {
			return b[:n:n], b[n:], err
		}
		if len(b) == cap(b) {
			b = append(make([]byte, 0, 2*cap(b)), b...)
		}
		n, err := c.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if n == 0 {
			return nil, nil, err
		}
	}
}

// SyscallConn gives the descriptor, where it carries the frames as they are.
func (c *conn) SyscallConn() (syscall.RawConn, error) {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		return tcp.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

// CloseWrite tells the peer that nothing more will come.
func (c *conn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Close ends both directions at once. The farewell of TLS, for which its own Close
// would wait, is left to CloseWrite.
func (c *conn) Close() error {
	if t, ok := c.Conn.(*tls.Conn); ok {
		return t.NetConn().Close()
	}
	return c.Conn.Close()
}

// LocalAddr is this side's address.
func (c *conn) LocalAddr() net.Addr { return addr{c.Conn.LocalAddr(), c.scheme} }

// RemoteAddr is the peer's address.
func (c *conn) RemoteAddr() net.Addr { return addr{c.Conn.RemoteAddr(), c.scheme} }

// PeerAddress is the numeric IP address of the peer.
func (c *conn) PeerAddress() string { return transport.PeerAddress(c.Conn) }

// addr is an address of TCP under another scheme.
type addr struct {
	net.Addr
	scheme string
}

// Endpoint is the address as monitor events have it.
func (a addr) Endpoint() string {
	_, address, _ := strings.Cut(transport.Endpoint(a.Addr), "://")
	return a.scheme + "://" + address
}
