package norm

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"ztools/lib/internal/errno"
)

// address is an endpoint as zmq_norm(7) has it:
//
//	[ID,][INTERFACE;]HOST:PORT
//
// ID is this end's node id, INTERFACE one's name, address or network, HOST a group
// or one host. IPv4 only.
type address struct {
	node  uint32 // 0: by the interface's address
	iface string
	host  netip.Addr
	port  uint16
}

// anyNode is NORM_NODE_ANY.
const anyNode = 1<<32 - 1

func parseAddress(text string) (a address, err error) {
	bad := fmt.Errorf("%q: %w", text, errno.EINVAL)
	id, rest, found := strings.Cut(text, ",")
	if !found {
		id, rest = "0", text
	}
	node, err := strconv.ParseUint(id, 10, 32)
	if err != nil {
		return a, bad
	}
	if node != anyNode {
		a.node = uint32(node)
	}
	if iface, host, found := strings.Cut(rest, ";"); found {
		a.iface, rest = iface, host
	}
	colon := strings.LastIndexByte(rest, ':')
	if colon < 0 {
		return a, bad
	}
	port, err := strconv.ParseUint(rest[colon+1:], 10, 16)
	if err != nil || port == 0 {
		return a, bad
	}
	a.port = uint16(port)
	if a.host, err = netip.ParseAddr(rest[:colon]); err != nil || !a.host.Is4() || a.host.IsUnspecified() {
		return a, bad
	}
	return a, nil
}
