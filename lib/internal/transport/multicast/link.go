package multicast

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"syscall"

	"golang.org/x/net/ipv4"

	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
)

// Config is what a Link is made from.
type Config struct {
	Interface string       // name, address or network; empty: where Group is
	Group     netip.Addr   // to which is sent; may be one host
	Join      []netip.Addr // groups from which is received
	Port      uint16
	Raw       int  // number of a protocol over IP; 0: UDP
	Bound     bool // gets only what is sent to the interface's own address
	AnyPort   bool // its own port is the system's choice
	TOS       int
	ECN       bool // Marked works, where the system tells
	Options   *option.Options
}

// A Link is a socket for packets to and from a group.
type Link struct {
	net.PacketConn
	p     *ipv4.PacketConn
	own   netip.Addr // the interface's
	group netip.Addr // to which is sent
	port  uint16
	hops  int

	joined []netip.Addr
	oob    bool // packets tell their group: there are several

	marks  []byte // for what the system tells of a packet; nil: is not asked
	marked bool   // the packet that was read last
}

// A Target says where a packet goes.
type Target struct {
	Host netip.AddrPort // valid: to this host alone; port 0 is the link's
	Near bool           // to the group, but only within the subnet
}

// Open opens a link. Errors wrap an errno.Errno.
func Open(c Config) (*Link, error) {
	var iface *net.Interface
	own, err := routed(c.Group)
	if c.Group.IsMulticast() {
		iface, own, err = findInterface(c.Interface, c.Group)
	}
	if err != nil {
		return nil, err
	}
	l := &Link{own: own, group: c.Group, port: c.Port, hops: c.Options.MulticastHops}
	host := netip.IPv4Unspecified()
	if c.Bound {
		host = own
	}
	if err := l.listen(host, &c); err != nil {
		return nil, transport.Wrap(err)
	}
	l.p = ipv4.NewPacketConn(l.PacketConn)
	if err := l.prepare(iface, &c); err != nil {
		l.Close()
		return nil, transport.Wrap(err)
	}
	return l, nil
}

func (l *Link) listen(host netip.Addr, c *Config) (err error) {
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error { return prepareSocket(raw, c.Options) }}
	port := l.port
	if c.AnyPort {
		port = 0
	}
	network, address := "udp4", netip.AddrPortFrom(host, port).String()
	if c.Raw > 0 {
		network, address = "ip4:"+strconv.Itoa(c.Raw), host.String()
	}
	l.PacketConn, err = config.ListenPacket(context.Background(), network, address)
	return err
}

// prepare sets what all packets have, and joins if there is an interface to join
// on. Some systems do not let the type of service be set.
func (l *Link) prepare(iface *net.Interface, c *Config) error {
	if c.TOS != 0 {
		l.p.SetTOS(c.TOS)
	}
	if c.ECN {
		l.askMarks()
	}
	if iface == nil {
		return nil
	}
	if err := l.p.SetMulticastInterface(iface); err != nil {
		return err
	}
	if err := l.p.SetMulticastTTL(c.Options.MulticastHops); err != nil {
		return err
	}
	if err := l.p.SetMulticastLoopback(c.Options.MulticastLoop); err != nil {
		return err
	}
	for _, g := range c.Join {
		if err := l.p.JoinGroup(iface, &net.UDPAddr{IP: g.AsSlice()}); err != nil {
			return err
		}
	}
	if l.joined = c.Join; len(c.Join) > 1 {
		l.oob = true
		return l.p.SetControlMessage(ipv4.FlagDst, true)
	}
	return nil
}

// Own is the interface's own address.
func (l *Link) Own() netip.Addr { return l.own }

// Read waits for a packet. It tells where it came from and to which group, as far
// as groups were joined. The packet is a part of b.
func (l *Link) Read(b []byte) (packet []byte, from netip.AddrPort, group netip.Addr, err error) {
	if len(l.joined) > 0 {
		group = l.joined[0]
	}
	if l.oob {
		return l.readControl(b)
	}
	c, ok := l.PacketConn.(*net.UDPConn)
	switch {
	case ok && l.marks != nil:
		n, oob, _, src, err := c.ReadMsgUDPAddrPort(b, l.marks)
		l.marked = marked(l.marks[:oob])
		return b[:n], unmap(src), group, err
	case ok:
		n, src, err := c.ReadFromUDPAddrPort(b)
		return b[:n], unmap(src), group, err
	}
	n, src, err := l.ReadFrom(b)
	return b[:n], addrPort(src), group, err
}

// Marked reports whether a router that is congested has marked the packet that was
// read last (ECN).
func (l *Link) Marked() bool { return l.marked }

// readControl reads a packet together with the group that it was sent to.
func (l *Link) readControl(b []byte) (packet []byte, from netip.AddrPort, group netip.Addr, err error) {
	n, cm, src, err := l.p.ReadFrom(b)
	if cm != nil {
		group, _ = netip.AddrFromSlice(cm.Dst.To4())
	}
	return b[:n], addrPort(src), group, err
}

func unmap(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

// addrPort is the address of package net in the other form; raw IP has no port.
func addrPort(a net.Addr) netip.AddrPort {
	switch a := a.(type) {
	case *net.UDPAddr:
		return unmap(a.AddrPort())
	case *net.IPAddr:
		ip, _ := netip.AddrFromSlice(a.IP)
		return netip.AddrPortFrom(ip.Unmap(), 0)
	}
	return netip.AddrPort{}
}

// Write sends a packet. What the network does not take is lost, as packets are:
// receivers ask again.
func (l *Link) Write(b []byte, to Target) {
	host := netip.AddrPortFrom(l.group, l.port)
	if to.Host.IsValid() {
		if host = to.Host; host.Port() == 0 {
			host = netip.AddrPortFrom(host.Addr(), l.port)
		}
	}
	if to.Near && l.hops != 1 {
		l.p.SetMulticastTTL(1)
		defer l.p.SetMulticastTTL(l.hops)
	}
	if c, ok := l.PacketConn.(*net.UDPConn); ok {
		c.WriteToUDPAddrPort(b, host)
		return
	}
	l.WriteTo(b, &net.IPAddr{IP: host.Addr().AsSlice()})
}
