package tcp

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"ztools/lib/internal/errno"
)

// A Resolver turns the host of an endpoint into addresses:
//
//  1. a zone behind "%" is cut off: an interface's name or number
//  2. "*" is the unspecified address
//  3. a literal stands for itself
//  4. a name is that of an interface of this machine
//  5. or it is looked up in the DNS
//
// The three below differ in the steps that they allow. Other schemes of IP use
// them too.
type Resolver struct {
	local  bool        // steps 2 and 4
	lookup bool        // step 5
	failed errno.Errno // the error when nothing is found
}

var (
	// BindHosts are those to bind to; ENODEV if there is none.
	BindHosts = Resolver{local: true, lookup: true, failed: errno.ENODEV}
	// SourceHosts are those to come from; ENODEV if there is none.
	SourceHosts = Resolver{local: true, failed: errno.ENODEV}
	// ConnectHosts are those to connect to; EINVAL if there is none.
	ConnectHosts = Resolver{lookup: true, failed: errno.EINVAL}
)

// Resolve returns at least one address, or an error. Without ipv6
// (ZMQ_IPV6=0) all are IPv4; with it IPv6 addresses come first and IPv4
// addresses are written in IPv6 form (::ffff:a.b.c.d), as in libzmq.
func (r Resolver) Resolve(ctx context.Context, host string, ipv6 bool) ([]netip.Addr, error) {
	host, zone, err := cutZone(host)
	if err != nil {
		return nil, err
	}
	found, err := r.find(ctx, host, ipv6)
	if err != nil {
		return nil, err
	}
	addrs := ofFamily(found, ipv6)
	if len(addrs) == 0 {
		return nil, fmt.Errorf("host %q: %w", host, r.failed)
	}
	if zone != "" {
		for i, a := range addrs {
			addrs[i] = a.WithZone(zone) // IPv4 addresses have no zones and stay
		}
	}
	return addrs, nil
}

// find makes the steps 2 to 5.
func (r Resolver) find(ctx context.Context, host string, ipv6 bool) ([]netip.Addr, error) {
	if r.local && host == "*" {
		if ipv6 {
			return []netip.Addr{netip.IPv6Unspecified()}, nil
		}
		return []netip.Addr{netip.IPv4Unspecified()}, nil
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip}, nil
	}
	if r.local {
		if addrs := interfaceAddrs(host); len(ofFamily(addrs, ipv6)) > 0 {
			return addrs, nil
		}
	}
	if !r.lookup || host == "" {
		return nil, nil
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, network("ip", ipv6), host)
	if err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", r.failed, err)
	}
	for i, a := range addrs {
		addrs[i] = a.Unmap() // package net may return either form
	}
	return addrs, nil
}

// ofFamily keeps the addresses that a socket with this setting of ZMQ_IPV6
// can use, in the form and order that Resolve promises.
func ofFamily(found []netip.Addr, ipv6 bool) []netip.Addr {
	var six, four []netip.Addr
	for _, a := range found {
		switch {
		case !ipv6 && a.Is4():
			four = append(four, a)
		case ipv6 && a.Is4():
			four = append(four, netip.AddrFrom16(a.As16()))
		case ipv6:
			six = append(six, a)
		}
	}
	return slices.Concat(six, four)
}

// cutZone cuts host at the last "%". The zone begins with a letter if it is
// an interface's name, which must exist; else it is a number above 0.
func cutZone(host string) (rest, zone string, err error) {
	rest, zone, found := cutLast(host, "%")
	if !found {
		return host, "", nil
	}
	if zone != "" && letter(zone[0]) {
		_, err = net.InterfaceByName(zone)
	} else {
		var n uint64
		n, err = strconv.ParseUint(zone, 10, 31)
		zone = strconv.FormatUint(n, 10)
	}
	if err != nil || zone == "0" {
		return "", "", fmt.Errorf("zone in %q: %w", host, errno.EINVAL)
	}
	return rest, zone, nil
}

// interfaceAddrs lists the addresses of the interface called name; none if
// there is no such interface. Link-local addresses carry it as their zone.
func interfaceAddrs(name string) []netip.Addr {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return nil
	}
	nets, err := i.Addrs()
	if err != nil {
		return nil
	}
	var addrs []netip.Addr
	for _, n := range nets {
		p, err := netip.ParsePrefix(n.String())
		if err != nil {
			continue
		}
		a := p.Addr()
		if a.Is6() && a.IsLinkLocalUnicast() {
			a = a.WithZone(name)
		}
		addrs = append(addrs, a)
	}
	return addrs
}

// network is package net's name for addresses or sockets of the family that
// ZMQ_IPV6 allows: "tcp4" or "tcp", for instance.
func network(base string, ipv6 bool) string {
	if ipv6 {
		return base
	}
	return base + "4"
}
