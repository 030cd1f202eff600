package pgm

import (
	"context"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/net/ipv4"

	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
)

// A link is a socket for the packets of one endpoint: raw IP for pgm, UDP with
// the endpoint's port at both ends for epgm. A source's has the interface's own
// address, so that it gets what is for it alone, NAKs; a receiver's has none and
// has joined the groups.
type link struct {
	net.PacketConn
	p     *ipv4.PacketConn
	raw   bool
	own   netip.Addr // the interface's
	group netip.Addr // to which is sent
	port  uint16
	hops  int

	groups []netip.Addr // joined
	oob    []byte       // where packets tell their group; nil if there is only one
}

// Protocol is PGM's number in IP.
const Protocol = 113

// expedited is the type of service of all packets: DSCP EF, as libzmq has it.
const expedited = 0x2e << 2

// overhead are the bytes of the headers in front of a packet.
func overhead(raw bool) int {
	if raw {
		return 20
	}
	return 28
}

// openLink opens the socket; with join for a receiver.
func openLink(a *address, raw, join bool, o *option.Options) (*link, error) {
	iface, own, err := a.findInterface()
	if err != nil {
		return nil, err
	}
	l := &link{raw: raw, own: own, group: a.send, port: a.port, hops: o.MulticastHops}
	host := own
	if join {
		host = netip.IPv4Unspecified()
	}
	if err := l.listen(host, o); err != nil {
		return nil, err
	}
	l.p = ipv4.NewPacketConn(l.PacketConn)
	if err := l.prepare(iface, o); err != nil {
		l.Close()
		return nil, transport.Wrap(err)
	}
	if join {
		if err := l.join(iface, a.groups); err != nil {
			l.Close()
			return nil, transport.Wrap(err)
		}
	}
	return l, nil
}

func (l *link) listen(host netip.Addr, o *option.Options) (err error) {
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error { return prepareSocket(c, o) }}
	if l.raw {
		l.PacketConn, err = config.ListenPacket(context.Background(), "ip4:113", host.String())
	} else {
		l.PacketConn, err = config.ListenPacket(context.Background(), "udp4", netip.AddrPortFrom(host, l.port).String())
	}
	return transport.Wrap(err)
}

// prepare sets what all packets have. Some systems do not let the type of
// service be set.
func (l *link) prepare(iface *net.Interface, o *option.Options) error {
	if err := l.p.SetMulticastInterface(iface); err != nil {
		return err
	}
	if err := l.p.SetMulticastTTL(o.MulticastHops); err != nil {
		return err
	}
	if err := l.p.SetMulticastLoopback(o.MulticastLoop); err != nil {
		return err
	}
	l.p.SetTOS(expedited)
	return nil
}

func (l *link) join(iface *net.Interface, groups []netip.Addr) error {
	for _, g := range groups {
		if err := l.p.JoinGroup(iface, &net.UDPAddr{IP: g.AsSlice()}); err != nil {
			return err
		}
	}
	l.groups = groups
	if len(groups) > 1 {
		l.oob = ipv4.NewControlMessage(ipv4.FlagDst)
		return l.p.SetControlMessage(ipv4.FlagDst, true)
	}
	return nil
}

// read waits for a packet. It tells where it came from and to which group.
func (l *link) read(b []byte) (packet []byte, from, group netip.Addr, err error) {
	var n int
	group = l.group
	if len(l.groups) > 0 {
		group = l.groups[0]
	}
	switch c := l.PacketConn.(type) {
	case *net.UDPConn:
		if l.oob == nil {
			var src netip.AddrPort
			n, src, err = c.ReadFromUDPAddrPort(b)
			return b[:n], src.Addr().Unmap(), group, err
		}
		n, group, src, err := l.readControl(b)
		return b[:n], src, group, err
	default:
		if l.oob != nil {
			n, group, src, err := l.readControl(b)
			return b[:n], src, group, err
		}
		n, src, err := c.ReadFrom(b)
		if err != nil {
			return nil, from, group, err
		}
		from, _ = netip.AddrFromSlice(src.(*net.IPAddr).IP.To4())
		return b[:n], from, group, nil
	}
}

// readControl reads a packet together with the group that it was sent to.
func (l *link) readControl(b []byte) (n int, group, from netip.Addr, err error) {
	n, cm, src, err := l.p.ReadFrom(b)
	if err != nil {
		return 0, group, from, err
	}
	group = l.groups[0]
	if cm != nil {
		group, _ = netip.AddrFromSlice(cm.Dst.To4())
	}
	switch src := src.(type) {
	case *net.UDPAddr:
		from = src.AddrPort().Addr().Unmap()
	case *net.IPAddr:
		from, _ = netip.AddrFromSlice(src.IP.To4())
	}
	return n, group, from, nil
}

// write sends a packet. What the network does not take is lost, as packets are:
// receivers ask again.
func (l *link) write(b []byte, to target) {
	host := l.group
	if to.unicast.IsValid() {
		host = to.unicast
	}
	if to.near && l.hops != 1 {
		l.p.SetMulticastTTL(1)
		defer l.p.SetMulticastTTL(l.hops)
	}
	if c, ok := l.PacketConn.(*net.UDPConn); ok {
		c.WriteToUDPAddrPort(b, netip.AddrPortFrom(host, l.port))
		return
	}
	l.WriteTo(b, &net.IPAddr{IP: host.AsSlice()})
}
