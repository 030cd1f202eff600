package pgm

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"ztools/lib/internal/errno"
)

// address is an endpoint as zmq_pgm(7) and OpenPGM's network text have it:
//
//	[INTERFACE;]GROUP[,GROUP...][;SENDGROUP]:PORT
//
// The interface is one's name, address or network (10.0.0.0/8); without it, it
// is the one that a packet to the group would take. What is sent goes to
// SENDGROUP, or to the first group. An interface alone stands for defaultGroup
// there. IPv4 only.
type address struct {
	iface  string
	groups []netip.Addr // at least one
	send   netip.Addr
	port   uint16
}

// defaultGroup is OpenPGM's.
var defaultGroup = netip.AddrFrom4([4]byte{239, 192, 0, 1})

// maxText is the longest address without the port that libzmq takes, in bytes.
const maxText = 254

func parseAddress(text string) (a address, err error) {
	bad := fmt.Errorf("%q: %w", text, errno.EINVAL)
	colon := strings.LastIndexByte(text, ':')
	if colon < 0 || colon > maxText {
		return a, bad
	}
	port, err := strconv.ParseUint(text[colon+1:], 10, 16)
	if err != nil || port == 0 {
		return a, bad
	}
	a.port = uint16(port)
	parts := strings.Split(text[:colon], ";")
	if _, err := parseGroups(parts[0]); err == nil {
		parts = append([]string{""}, parts...)
	}
	if len(parts) > 3 || strings.Contains(parts[0], ",") || text[:colon] == "" {
		return a, bad
	}
	a.iface = parts[0]
	a.groups = []netip.Addr{defaultGroup}
	if len(parts) > 1 {
		if a.groups, err = parseGroups(parts[1]); err != nil {
			return a, bad
		}
	}
	a.send = a.groups[0]
	if len(parts) > 2 {
		if a.send, err = parseGroup(parts[2]); err != nil {
			return a, bad
		}
	}
	return a, nil
}

func parseGroups(text string) (list []netip.Addr, err error) {
	for one := range strings.SplitSeq(text, ",") {
		group, err := parseGroup(one)
		if err != nil {
			return nil, err
		}
		list = append(list, group)
	}
	return list, nil
}

func parseGroup(text string) (netip.Addr, error) {
	group, err := netip.ParseAddr(text)
	if err != nil || !group.Is4() || !group.IsMulticast() {
		return group, errno.EINVAL
	}
	return group, nil
}

// findInterface finds the interface of an address and its own IPv4 address
// there. One that does not exist, is down or cannot do multicast is EINVAL.
func (a *address) findInterface() (*net.Interface, netip.Addr, error) {
	list, err := net.Interfaces()
	if err != nil {
		return nil, netip.Addr{}, err
	}
	match, err := a.matcher()
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
	return nil, netip.Addr{}, fmt.Errorf("interface %q: %w", a.iface, errno.EINVAL)
}

// matcher tells the interface that is meant.
func (a *address) matcher() (func(name string, own netip.Addr) bool, error) {
	if a.iface == "" {
		own, err := routed(a.send)
		return func(_ string, other netip.Addr) bool { return own == other }, err
	}
	if own, err := netip.ParseAddr(a.iface); err == nil {
		return func(_ string, other netip.Addr) bool { return own == other }, nil
	}
	if network, err := netip.ParsePrefix(a.iface); err == nil {
		return func(_ string, other netip.Addr) bool { return network.Contains(other) }, nil
	}
	return func(name string, _ netip.Addr) bool { return name == a.iface }, nil
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
