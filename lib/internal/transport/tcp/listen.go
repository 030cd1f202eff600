package tcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
)

// listener is a bound tcp endpoint.
type listener struct {
	tcp       *net.TCPListener
	release   func() error // closes the descriptor of ZMQ_USE_FD, or nil
	endpoint  string
	filters   []netip.Prefix
	opts      option.Options // for accepted connections
	inherited bool           // from ZMQ_USE_FD
	paced     string         // how congestion was controlled before unpace; "" if it still is
}

// Listen binds. The errors are errno.EINVAL for the text or a filter, ENODEV
// for a host that is not found, and those of bind(2). The host must have a
// local address; of several the first is taken.
//
// With ZMQ_USE_FD the text is checked and the descriptor, which must listen
// already, is used as it is; the listener then owns it. On Windows that is
// errno.ENOTSUP.
func (Transport) Listen(rest string, o *option.Options) (transport.Listener, error) {
	at, err := parseBind(rest)
	if err != nil {
		return nil, err
	}
	l := &listener{opts: *o}
	for _, text := range o.TCPAcceptFilters {
		filter, err := parseFilter(text)
		if err != nil {
			return nil, err
		}
		l.filters = append(l.filters, filter)
	}
	if o.UseFD >= 0 {
		err = l.inherit(o.UseFD)
	} else {
		l.tcp, err = openEither(o.IPv6, func(ipv6 bool) (*net.TCPListener, error) {
			return l.listenFamily(at, ipv6)
		})
	}
	if err != nil {
		return nil, err
	}
	l.endpoint = "tcp://" + bound(l.tcp.Addr(), o.IPv6).String()
	return l, nil
}

// listenFamily resolves the host, binds and listens.
func (l *listener) listenFamily(at hostPort, ipv6 bool) (*net.TCPListener, error) {
	addrs, err := BindHosts.Resolve(context.Background(), at.host, ipv6)
	if err != nil {
		return nil, err
	}
	a := addrs[0].Unmap()
	config := net.ListenConfig{KeepAlive: -1, Control: func(_, _ string, c syscall.RawConn) error {
		if err := Prepare(c, &l.opts, ownAddress); err != nil {
			return err
		}
		return c.Control(func(fd uintptr) { l.paced = unpace(fd) })
	}}
	config.SetMultipathTCP(false)
	// "tcp" with an IPv6 address accepts IPv4 too; with 0.0.0.0 it would
	// listen to IPv6.
	made, err := config.Listen(context.Background(), network("tcp", a.Is6()),
		netip.AddrPortFrom(a, at.port).String())
	if err != nil {
		return nil, transport.Wrap(err)
	}
	tcp := made.(*net.TCPListener)
	if err := transport.SetBacklog(tcp, l.opts.Backlog); err != nil {
		tcp.Close()
		return nil, err
	}
	return tcp, nil
}

// inherit takes over the descriptor of ZMQ_USE_FD.
func (l *listener) inherit(fd int) error {
	ln, release, err := transport.Inherit(fd)
	if err != nil {
		return err
	}
	tcp, ok := ln.(*net.TCPListener)
	if !ok {
		ln.Close()
		return fmt.Errorf("descriptor %d is no tcp socket: %w", fd, errno.EINVAL)
	}
	l.tcp, l.release, l.inherited = tcp, release, true
	return nil
}

// bound is a listener's address as libzmq prints it: with ZMQ_IPV6 the
// socket is always one of IPv6.
func bound(a net.Addr, ipv6 bool) netip.AddrPort {
	ap := a.(*net.TCPAddr).AddrPort()
	if ip := ap.Addr(); ipv6 && ip.Is4() {
		return netip.AddrPortFrom(netip.AddrFrom16(ip.As16()), ap.Port())
	}
	return ap
}

// Endpoint is the bound address in numbers.
func (l *listener) Endpoint() string { return l.endpoint }

// Accept returns a *net.TCPConn with TCP_NODELAY on. A peer that no filter
// lets in is a *transport.AcceptError with errno.EACCES.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.tcp.AcceptTCP()
	if err != nil {
		return nil, transport.AcceptFailed(err)
	}
	if err := l.admit(c); err != nil {
		c.Close()
		return nil, &transport.AcceptError{Err: err}
	}
	return c, nil
}

// admit filters and tunes an accepted connection.
func (l *listener) admit(c *net.TCPConn) error {
	peer := c.RemoteAddr().(*net.TCPAddr).AddrPort().Addr()
	if !allowed(peer, l.filters) {
		return fmt.Errorf("%s matches no accept filter: %w", peer, errno.EACCES)
	}
	if l.inherited {
		if err := restoreKeepalive(c, l.tcp); err != nil {
			return err
		}
	}
	repace(c, l.paced)
	return tune(c, accepted, &l.opts)
}

// allowed reports whether there are no filters or one of them has the peer.
func allowed(peer netip.Addr, filters []netip.Prefix) bool {
	peer = peer.WithZone("")
	for _, f := range filters {
		if f.Contains(peer) || f.Contains(peer.Unmap()) {
			return true
		}
	}
	return len(filters) == 0
}

// SyscallConn is the listening socket.
func (l *listener) SyscallConn() (syscall.RawConn, error) { return l.tcp.SyscallConn() }

// Close closes the listening socket.
func (l *listener) Close() error {
	err := transport.Wrap(l.tcp.Close())
	if l.release != nil {
		err = errors.Join(err, l.release())
	}
	return err
}
