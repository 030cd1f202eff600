package multicast

import (
	"fmt"
	"net"
	"net/netip"

	"ztools/lib/internal/errno"
)

// findInterface finds an interface by its name, address or network, and its own
// IPv4 address there; without a text it is the one that a packet to group takes.
// One that does not exist, is down or cannot do multicast is EINVAL.
func findInterface(text string, group netip.Addr) (*net.Interface, netip.Addr, error) {
	list, err := net.Interfaces()
	if err != nil {
		return nil, netip.Addr{}, err
	}
	match, err := matcher(text, group)
	if err != nil {
		return nil, netip.Addr{}, err
	}
	const able = net.FlagUp | net.FlagMulticast
	for i := range list {
		if list[i].Flags&able != able {
			continue
		}
		nets, err := list[i].Addrs()
		if err != nil {
			continue
		}
		for _, n := range nets {
			p, err := netip.ParsePrefix(n.String())
			if err == nil && p.Addr().Is4() && match(list[i].Name, p.Addr()) {
				return &list[i], p.Addr(), nil
			}
		}
	}
	return nil, netip.Addr{}, fmt.Errorf("interface %q: %w", text, errno.EINVAL)
}

// matcher tells the interface that is meant.
func matcher(text string, group netip.Addr) (func(name string, own netip.Addr) bool, error) {
	if text == "" {
		own, err := routed(group)
		return func(_ string, other netip.Addr) bool { return own == other }, err
	}
	if own, err := netip.ParseAddr(text); err == nil {
		return func(_ string, other netip.Addr) bool { return own == other }, nil
	}
	if network, err := netip.ParsePrefix(text); err == nil {
		return func(_ string, other netip.Addr) bool { return network.Contains(other) }, nil
	}
	return func(name string, _ netip.Addr) bool { return name == text }, nil
}

// routed is the own address of the interface that a packet to group takes.
// Nothing is sent.
func routed(group netip.Addr) (netip.Addr, error) {
	c, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(group, 9)))
	if err != nil {
		return netip.Addr{}, fmt.Errorf("no route to %v: %w: %w", group, errno.EINVAL, err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Addr(), nil
}
