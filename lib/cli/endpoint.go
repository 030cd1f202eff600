package cli

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"ztools/lib/zmq"
)

// Endpoint is one endpoint of the command line and the side to take there.
type Endpoint struct {
	Addr string // as libzmq writes it, for example tcp://*:5555
	Bind bool
}

// String is the address behind its sign, @ or >.
func (e Endpoint) String() string {
	if e.Bind {
		return "@" + e.Addr
	}
	return ">" + e.Addr
}

// Wildcard tells whether the system chooses the address, so that only the
// bound socket knows it.
func (e Endpoint) Wildcard() bool {
	scheme, rest, _ := strings.Cut(e.Addr, "://")
	switch scheme {
	case "ipc":
		return e.Bind && rest == "*"
	case "tipc":
		return e.Bind && rest == "<*>"
	case "ws", "wss":
		rest, _, _ = strings.Cut(rest, "/")
	case "vsock", "vmci":
		if strings.HasSuffix(rest, ":0") {
			return false // a port like others
		}
		return e.Bind && (strings.HasSuffix(rest, ":*") || strings.HasSuffix(rest, ":-1"))
	}
	return e.Bind && (strings.HasSuffix(rest, ":*") || strings.HasSuffix(rest, ":0"))
}

// Clashes tells whether two endpoints cannot be bound at the same time: they are
// the same, or of one port one is at all addresses. Multicast may be joined twice.
func (e Endpoint) Clashes(other Endpoint) bool {
	scheme, addr, _ := strings.Cut(e.Addr, "://")
	if !e.Bind || !other.Bind || e.Wildcard() || other.Wildcard() || slices.Contains([]string{"udp", "pgm", "epgm", "norm"}, scheme) {
		return false
	}
	if e.Addr == other.Addr {
		return true
	}
	otherScheme, otherAddr, _ := strings.Cut(other.Addr, "://")
	host, port := cutPort(addr)
	otherHost, otherPort := cutPort(otherAddr)
	return scheme == "tcp" && otherScheme == "tcp" && port == otherPort && (allHosts[host] || allHosts[otherHost])
}

// allHosts are the hosts that stand for all addresses of the machine.
var allHosts = map[string]bool{"*": true, "0.0.0.0": true, "[::]": true}

// cutPort cuts an address of tcp at its last colon.
func cutPort(addr string) (host, port string) {
	colon := strings.LastIndexByte(addr, ':')
	return addr[:max(colon, 0)], addr[colon+1:]
}

// transports are the transports that an endpoint may name, with a hint for
// those that make no sense in a program of its own.
var transports = map[string]string{
	"tcp": "", "ipc": "", "ws": "", "wss": "", "udp": "", "tipc": "", "vsock": "", "vmci": "", "pgm": "", "epgm": "", "norm": "",
	"inproc": "inproc stays inside one process: use ipc:// or tcp://",
}

// binds are the types that usually bind (CZMQ's table); all others connect.
var binds = map[zmq.Type]bool{
	zmq.Pull: true, zmq.Rep: true, zmq.Pub: true, zmq.XPub: true, zmq.XSub: true, zmq.Router: true,
	zmq.Stream: true, zmq.Server: true, zmq.Radio: true, zmq.Gather: true, zmq.Dgram: true,
}

// UsuallyBinds tells which side a bare endpoint means for a socket type.
func UsuallyBinds(t zmq.Type) bool { return binds[t] }

// ParseEndpoint reads an endpoint. A leading @ binds and > connects; without a
// sign it is bind. tcp://:5555 means tcp://*:5555. Errors are usage errors.
func ParseEndpoint(text string, bind bool) (Endpoint, error) {
	addr := text
	switch {
	case strings.HasPrefix(addr, "@"):
		addr, bind = addr[1:], true
	case strings.HasPrefix(addr, ">"):
		addr, bind = addr[1:], false
	}
	scheme, rest, ok := strings.Cut(addr, "://")
	if !ok {
		return Endpoint{}, Usagef("an endpoint looks like tcp://localhost:5555 or ipc:///tmp/feed", "endpoint %q has no transport", text)
	}
	hint, known := transports[scheme]
	if !known {
		return Endpoint{}, Usagef("the usual transports are tcp:// and ipc://", "endpoint %q has the unknown transport %q", text, scheme)
	}
	if hint != "" {
		return Endpoint{}, Usagef(hint, "endpoint %q cannot reach another program", text)
	}
	if rest == "" {
		return Endpoint{}, Usagef("", "endpoint %q has no address", text)
	}
	if scheme != "tcp" {
		return Endpoint{Addr: addr, Bind: bind}, nil
	}
	rest, err := checkTCP(text, rest, bind)
	return Endpoint{Addr: scheme + "://" + rest, Bind: bind}, err
}

// checkTCP checks host and port and completes an address without a host.
func checkTCP(text, addr string, bind bool) (string, error) {
	source, target := "", addr
	if at := strings.LastIndexByte(addr, ';'); at >= 0 {
		source, target = addr[:at+1], addr[at+1:]
	}
	colon := strings.LastIndexByte(target, ':')
	if colon < 0 {
		return "", Usagef("write "+text+":PORT", "endpoint %q has no port", text)
	}
	host, port := target[:colon], target[colon+1:]
	if !validPort(port, bind) {
		return "", Usagef("a port is a number from 1 to 65535; * lets a bind choose", "endpoint %q has a bad port %q", text, port)
	}
	if bind && host == "" {
		host = "*"
	}
	if !bind && (host == "" || host == "*") {
		return "", Usagef("name a host, tcp://localhost:"+port+", or bind with @tcp://:"+port, "endpoint %q names no host to connect to", text)
	}
	if strings.Contains(host, ":") && !strings.HasPrefix(host, "[") && net.ParseIP(host) == nil {
		return "", Usagef("put an IPv6 address into brackets: tcp://[::1]:5555", "endpoint %q has a bad host %q", text, host)
	}
	return source + host + ":" + port, nil
}

func validPort(port string, bind bool) bool {
	if port == "*" {
		return bind
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && (n > 0 || bind)
}
