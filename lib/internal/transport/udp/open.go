package udp

import (
	"context"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
	"ztools/lib/internal/transport/tcp"
)

// open makes the socket: bound for DISH and DGRAM, for RADIO with a port that the
// system chooses. A RADIO is not connected either, as in libzmq: each packet takes
// the route that there is when it is sent, from the interface that was given.
func open(a *address, bind bool, o *option.Options) (transport.Carrier, error) {
	var c *net.UDPConn
	var err error
	if bind {
		c, err = listen(a, o)
	} else {
		c, err = socket(a, o)
	}
	if err != nil {
		return nil, transport.Wrap(err)
	}
	if a.multicast() {
		if err := tune(c, a, bind, o); err != nil {
			c.Close()
			return nil, transport.Wrap(err)
		}
	}
	return newCarrier(c, a, o)
}

// listen binds. A group is bound to at all addresses, and several sockets of a
// host may hear the same one.
func listen(a *address, o *option.Options) (*net.UDPConn, error) {
	at := netip.AddrPortFrom(a.local, a.target.Port())
	if a.multicast() {
		at = netip.AddrPortFrom(unspecified(a.local), a.target.Port())
	}
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return tcp.Prepare(c, o, func(fd uintptr) error {
			if a.multicast() {
				return sharePort(fd)
			}
			return tcp.ShareAddress(fd)
		})
	}}
	c, err := config.ListenPacket(context.Background(), network(at.Addr()), at.String())
	if err != nil {
		return nil, err
	}
	return c.(*net.UDPConn), nil
}

// socket is one to send with.
func socket(a *address, o *option.Options) (*net.UDPConn, error) {
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error { return tcp.Prepare(c, o, nil) }}
	at := netip.AddrPortFrom(unspecified(a.target.Addr()), 0)
	family := "udp4"
	if at.Addr().Is6() {
		family = "udp6"
	}
	c, err := config.ListenPacket(context.Background(), family, at.String())
	if err != nil {
		return nil, err
	}
	return c.(*net.UDPConn), nil
}

// network is the one of package net for a family. An unspecified address of IPv6
// hears both.
func network(a netip.Addr) string {
	switch {
	case a.Is4():
		return "udp4"
	case a.IsUnspecified():
		return "udp"
	}
	return "udp6"
}

// multicaster is what the packages ipv4 and ipv6 have in common.
type multicaster interface {
	SetMulticastInterface(*net.Interface) error
	SetMulticastLoopback(bool) error
	JoinGroup(*net.Interface, net.Addr) error
}

// tune sets the options of multicast and joins the group.
func tune(c *net.UDPConn, a *address, join bool, o *option.Options) error {
	var m multicaster
	var err error
	if a.target.Addr().Is4() {
		p := ipv4.NewPacketConn(c)
		m, err = p, p.SetMulticastTTL(o.MulticastHops)
	} else {
		p := ipv6.NewPacketConn(c)
		m, err = p, p.SetMulticastHopLimit(o.MulticastHops)
	}
	if err != nil {
		return err
	}
	if err := m.SetMulticastLoopback(o.MulticastLoop); err != nil {
		return err
	}
	if a.iface != nil {
		if err := m.SetMulticastInterface(a.iface); err != nil {
			return err
		}
	}
	if join {
		return m.JoinGroup(a.iface, net.UDPAddrFromAddrPort(a.target))
	}
	return nil
}
