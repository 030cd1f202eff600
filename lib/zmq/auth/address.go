package auth

import (
	"net/netip"
	"strings"

	"ztools/lib/zmq"
)

// addresses are networks and, for transports without IP addresses, texts.
type addresses []address

type address struct {
	network netip.Prefix // invalid if text is meant
	text    string
}

// add reads addresses; none is added if one is not valid.
func (l *addresses) add(texts []string) error {
	var more addresses
	for _, text := range texts {
		if text == "" {
			return &zmq.Error{Op: "address", Err: zmq.EINVAL}
		}
		more = append(more, parseAddress(text))
	}
	*l = append(*l, more...)
	return nil
}

// parseAddress reads an IP address, a network or any text.
func parseAddress(text string) address {
	if ip, err := netip.ParseAddr(text); err == nil {
		ip = ip.Unmap()
		return address{network: netip.PrefixFrom(ip, ip.BitLen())}
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return address{text: text}
	}
	return address{network: network.Masked()}
}

// has tells whether a peer's address is one of those. An IPv4 address counts as
// such if it comes as IPv6.
func (l addresses) has(peer string) bool {
	ip, err := netip.ParseAddr(peer)
	ip = ip.Unmap().WithZone("")
	for _, a := range l {
		if err == nil && a.network.IsValid() && a.network.Contains(ip) || err != nil && a.begins(peer) {
			return true
		}
	}
	return false
}

// begins tells whether a peer's text is that of a, or that with more behind a
// colon, as that of a peer over ipc, localhost:UID:GID:PID: nobody knows the last
// number before.
func (a address) begins(peer string) bool {
	rest, ok := strings.CutPrefix(peer, a.text)
	return ok && !a.network.IsValid() && (rest == "" || rest[0] == ':')
}
