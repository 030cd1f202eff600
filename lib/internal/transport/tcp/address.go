package tcp

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"ztools/lib/internal/errno"
)

// hostPort is one HOST:PORT as written. The port follows the last colon.
type hostPort struct {
	host string // without brackets
	port uint16 // 0: "0" or "*"
}

// target is what zmq_connect takes: [SRC;]HOST:PORT.
type target struct {
	hostPort
	source *hostPort // nil: the system picks the local address
}

// parseBind reads the text behind tcp:// for zmq_bind: HOST:PORT, where the
// port may be "*" or "0" for one that the system picks.
func parseBind(text string) (hostPort, error) {
	return parseHostPort(text, true)
}

// parseConnect reads the text behind tcp:// for zmq_connect. Like libzmq it
// refuses at once a text with other characters than an address has, and lets
// unknown hosts and port 0 pass: they fail at each attempt.
//
// Unlike libzmq it also refuses a source address without a port, which could
// never connect.
func parseConnect(text string) (target, error) {
	if !plausible(text) {
		return target{}, syntaxError(text)
	}
	source, rest, found := cutLast(text, ";")
	if !found {
		hp, err := parseHostPort(text, false)
		return target{hostPort: hp}, err
	}
	from, err := parseHostPort(source, true)
	if err != nil {
		return target{}, err
	}
	hp, err := parseHostPort(rest, false)
	return target{hp, &from}, err
}

// parseHostPort cuts at the last colon. The port is "0" or 1 to 65535 in
// digits, or "*" where wildcard says so. libzmq takes the port from atoi(3)
// cut to 16 bits, so that 65537 is 1 and 80abc is 80; here both are EINVAL.
func parseHostPort(text string, wildcard bool) (hostPort, error) {
	host, digits, found := cutLast(text, ":")
	if !found {
		return hostPort{}, syntaxError(text)
	}
	host = unbracket(host)
	if digits == "0" || digits == "*" && wildcard {
		return hostPort{host, 0}, nil
	}
	port, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || port == 0 {
		return hostPort{}, syntaxError(text)
	}
	return hostPort{host, uint16(port)}, nil
}

// SplitHostPort is parseHostPort for other schemes of IP; port 0 is a wildcard.
func SplitHostPort(text string, wildcard bool) (host string, port uint16, err error) {
	hp, err := parseHostPort(text, wildcard)
	return hp.host, hp.port, err
}

// plausible is the check of characters that zmq_connect makes.
func plausible(text string) bool {
	for i := range len(text) {
		c := text[i]
		if !alphanumeric(c) && !strings.ContainsRune("[:", rune(c)) &&
			(i == 0 || !strings.ContainsRune(".-%;]_*", rune(c))) {
			return false
		}
	}
	return text != ""
}

// parseFilter reads a ZMQ_TCP_ACCEPT_FILTER: an address with an optional
// "/bits". An IPv4 filter counts its bits in the IPv4 address whether or not
// IPV6 is on; with IPV6 libzmq counts them in the mapped address, where
// 127.0.0.1/8 lets every IPv4 peer pass.
func parseFilter(text string) (netip.Prefix, error) {
	address, digits, found := strings.Cut(text, "/")
	ip, err := netip.ParseAddr(unbracket(address))
	if err != nil || ip.Zone() != "" {
		return netip.Prefix{}, syntaxError(text)
	}
	bits := ip.BitLen()
	if found {
		n, err := strconv.ParseUint(digits, 10, 8)
		if err != nil {
			return netip.Prefix{}, syntaxError(text)
		}
		bits = int(n)
	}
	if ip.Is4In6() && bits >= 96 {
		ip, bits = ip.Unmap(), bits-96
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}, syntaxError(text)
	}
	return prefix, nil
}

// cutLast cuts text at the last sep.
func cutLast(text, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(text, sep); i >= 0 {
		return text[:i], text[i+len(sep):], true
	}
	return "", text, false
}

// unbracket takes [ and ] away where both are there.
func unbracket(host string) string {
	if len(host) >= 2 && host[0] == '[' && host[len(host)-1] == ']' {
		return host[1 : len(host)-1]
	}
	return host
}

func alphanumeric(c byte) bool { return letter(c) || '0' <= c && c <= '9' }

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// syntaxError is errno.EINVAL with the text that caused it.
func syntaxError(text string) error {
	return fmt.Errorf("%q: %w", text, errno.EINVAL)
}
