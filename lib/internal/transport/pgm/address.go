package pgm

import (
	"fmt"
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
