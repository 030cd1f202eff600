// Package udp is the scheme udp:// (zmq_udp(7)): RADIO sends to DISH, and DGRAM to
// whom it likes, a packet for each message. Nothing is acknowledged: what the
// network or a full queue drops is lost.
//
//	bind     udp://[IFACE;]HOST:PORT  DISH, DGRAM; HOST "*", an interface, a
//	                                  literal or a name, PORT also "*" or "0"
//	connect  udp://[IFACE;]HOST:PORT  RADIO; HOST a literal or a name
//
// IFACE is an interface's name or address, or "*", and only goes with a multicast
// group as HOST. A bind to a group joins it.
//
//	RADIO, DISH  packet: length of the group (1 byte), group, body
//	DGRAM        packet: body; the message has the peer's address in front of it
//
// A packet has at most 8192 bytes, as in libzmq: longer messages are dropped on
// either side.
package udp

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
	"ztools/lib/internal/transport/tcp"
)

// The numbers of the socket types, as in zmq.h.
const (
	radio = 14
	dish  = 15
	dgram = 18
)

// packetMax is the longest packet, in bytes.
const packetMax = 8192

// Medium is the scheme udp.
type Medium struct{}

var _ transport.Medium = Medium{}

// Aliases is none: what was given to Open is the name.
func (Medium) Aliases(string, *option.Options) []string { return nil }

// Open joins. RADIO can only connect, DISH and DGRAM can only bind, other types
// neither: errno.ENOCOMPATPROTO. Errors of the text are errno.EINVAL, of hosts
// and interfaces that do not exist EINVAL and ENODEV, as in libzmq.
func (Medium) Open(rest string, bind bool, o *option.Options) (transport.Carrier, error) {
	binders := []int{dish, dgram}
	if bind != slices.Contains(binders, o.Type) || !bind && o.Type != radio {
		return nil, errno.ENOCOMPATPROTO
	}
	a, err := parse(rest, bind, o.IPv6)
	if err != nil {
		return nil, err
	}
	return open(a, bind, o)
}

// address is an endpoint.
type address struct {
	text   string
	target netip.AddrPort // to send to, or a group to join
	local  netip.Addr     // of the interface; unspecified: any
	iface  *net.Interface // nil: as the system has it
}

// multicast reports whether the target is a group.
func (a *address) multicast() bool { return a.target.Addr().IsMulticast() }

// parse reads the text behind udp:// and looks names up.
func parse(rest string, bind, ipv6 bool) (*address, error) {
	a := &address{text: rest}
	text := rest
	at := strings.LastIndexByte(rest, ';')
	if at >= 0 {
		text = rest[at+1:]
	}
	if err := a.findTarget(text, bind, ipv6); err != nil {
		return nil, err
	}
	if at >= 0 {
		return a, a.findInterface(rest[:at], ipv6)
	}
	a.local = unspecified(a.target.Addr())
	if bind && !a.multicast() {
		a.local = a.target.Addr()
	}
	return a, nil
}

// findTarget reads HOST:PORT.
func (a *address) findTarget(text string, bind, ipv6 bool) error {
	host, port, err := tcp.SplitHostPort(text, bind)
	if err != nil {
		return err
	}
	if port == 0 && !bind {
		return errno.EINVAL
	}
	hosts := tcp.ConnectHosts
	if bind {
		hosts = tcp.BindHosts
	}
	addrs, err := hosts.Resolve(context.Background(), host, ipv6)
	if err != nil {
		return err
	}
	a.target = netip.AddrPortFrom(addrs[0].Unmap(), port)
	return nil
}

// findInterface reads IFACE. IPv6 knows an interface by its name only.
func (a *address) findInterface(text string, ipv6 bool) error {
	addrs, err := tcp.SourceHosts.Resolve(context.Background(), text, ipv6)
	if err != nil {
		return err
	}
	a.local = addrs[0].Unmap()
	if a.local.IsUnspecified() {
		a.local = unspecified(a.target.Addr())
	}
	switch {
	case !a.multicast() || a.local.IsMulticast() || a.local.Is4() != a.target.Addr().Is4():
		return errno.EINVAL
	case text == "*":
		return nil
	case a.local.Is4():
		a.iface = interfaceOf(a.local)
	default:
		a.iface, _ = net.InterfaceByName(text)
	}
	if a.iface == nil {
		return errno.ENODEV
	}
	return nil
}

// unspecified is any address of the same family.
func unspecified(a netip.Addr) netip.Addr {
	if a.Is4() {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

// interfaceOf finds the interface with an address; nil if there is none.
func interfaceOf(own netip.Addr) *net.Interface {
	list, _ := net.Interfaces()
	for i := range list {
		nets, _ := list[i].Addrs()
		for _, n := range nets {
			if p, err := netip.ParsePrefix(n.String()); err == nil && p.Addr() == own {
				return &list[i]
			}
		}
	}
	return nil
}
