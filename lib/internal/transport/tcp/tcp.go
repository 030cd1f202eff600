// Package tcp is the scheme tcp:// (zmq_tcp(7)).
//
//	bind     tcp://HOST:PORT        HOST "*", an interface, a literal or a name
//	                                PORT 1 to 65535, "*" or "0" for any free one
//	connect  tcp://[SRC;]HOST:PORT  HOST a literal or a name
//	                                SRC  HOST:PORT as in bind, but no DNS name
//
//	Listen  parse -> resolve -> socket, options, bind -> listen(BACKLOG)
//	Accept  accept -> filters -> options
//	Dial    parse -> resolve -> socket, options, SRC, connect -> options
//	        or the same to SOCKS_PROXY, which then connects to HOST
//
// ZMQ_IPV6=1 makes sockets that speak IPv6 and IPv4; addresses of IPv4 are
// then printed in IPv6 form, as libzmq does. Where the system has no IPv6 the
// socket is one of IPv4.
package tcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
)

// Transport is the scheme tcp.
type Transport struct{}

var _ transport.Transport = Transport{}

// Check refuses what can never be an address to connect to, with
// errno.EINVAL. Unknown hosts, interfaces and port 0 pass: they fail, and are
// tried again, at each Dial.
func (Transport) Check(rest string, _ *option.Options) error {
	_, err := parseConnect(rest)
	return err
}

// Aliases is the address after resolving it as a remote and then as a local
// one, so that tcp://localhost:5555 finds tcp://127.0.0.1:5555. Wildcards name
// no endpoint.
func (Transport) Aliases(rest string, o *option.Options) []string {
	t, err := parseConnect(rest)
	if err != nil {
		return nil
	}
	var aliases []string
	for _, r := range []Resolver{ConnectHosts, BindHosts} {
		addrs, err := r.Resolve(context.Background(), t.host, o.IPv6)
		if err != nil {
			break
		}
		aliases = append(aliases, "tcp://"+netip.AddrPortFrom(addrs[0], t.port).String())
	}
	return aliases
}

// Dial connects to the first address of the host that answers; libzmq tries
// only the first one there is. CONNECT_TIMEOUT bounds the whole attempt, name
// lookup and proxy included. The connection is a *net.TCPConn with TCP_NODELAY
// on. A connection of a socket with itself, which TCP allows, is a failure.
func (Transport) Dial(ctx context.Context, rest string, o *option.Options) (net.Conn, error) {
	t, err := parseConnect(rest)
	if err != nil {
		return nil, err
	}
	if o.ConnectTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(o.ConnectTimeout)*time.Millisecond)
		defer cancel()
	}
	if o.SocksProxy != "" {
		return dialProxy(ctx, t, o)
	}
	c, err := dial(ctx, t, o)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// dial connects to one host, falling back to IPv4.
func dial(ctx context.Context, t target, o *option.Options) (*net.TCPConn, error) {
	return openEither(o.IPv6, func(ipv6 bool) (*net.TCPConn, error) {
		return dialFamily(ctx, t, ipv6, o)
	})
}

// openEither opens a socket, and again without IPv6 where the system has none.
func openEither[T any](ipv6 bool, open func(ipv6 bool) (T, error)) (T, error) {
	s, err := open(ipv6)
	if ipv6 && errors.Is(err, errno.EAFNOSUPPORT) {
		return open(false)
	}
	return s, err
}

// dialFamily resolves the host and tries its addresses in turn.
func dialFamily(ctx context.Context, t target, ipv6 bool, o *option.Options) (*net.TCPConn, error) {
	var reuse func(uintptr) error
	d := net.Dialer{KeepAlive: -1, ControlContext: func(ctx context.Context, _, address string, c syscall.RawConn) error {
		err := Prepare(c, o, reuse)
		if err == nil {
			err = unpaceTo(c, address)
		}
		if err == nil {
			err = c.Control(func(fd uintptr) { transport.Opened(ctx, fd) })
		}
		return err
	}}
	if t.source != nil {
		reuse = ShareAddress
		from, err := SourceHosts.Resolve(ctx, t.source.host, ipv6)
		if err != nil {
			return nil, err
		}
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from[0], t.source.port))
	}
	addrs, err := ConnectHosts.Resolve(ctx, t.host, ipv6)
	if err != nil {
		return nil, transport.Wrap(err)
	}
	for _, a := range addrs {
		var c *net.TCPConn
		if c, err = dialAddr(ctx, &d, netip.AddrPortFrom(a, t.port), ipv6, o); err == nil {
			return c, nil
		}
	}
	return nil, err
}

// dialAddr makes and tunes one connection.
func dialAddr(ctx context.Context, d *net.Dialer, to netip.AddrPort, ipv6 bool, o *option.Options) (*net.TCPConn, error) {
	conn, err := d.DialContext(ctx, network("tcp", ipv6), to.String())
	if err != nil {
		return nil, transport.Wrap(err)
	}
	c := conn.(*net.TCPConn)
	if err = tune(c, dialed, o); err == nil && c.LocalAddr().String() == c.RemoteAddr().String() {
		err = fmt.Errorf("%s: connected to itself: %w", to, errno.EADDRINUSE)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}
