package tcp

import (
	"net"
	"net/netip"
	"syscall"

	"ztools/lib/internal/transport"
)

// Where the system controls congestion by BBR, a sender waits for a timer before
// each packet, so as to fill the line and no queue in front of it. What stays on
// this machine passes no line, and then the timers take as long as the copying. So
// a connection within it has a control that sends at once (unpace). It must have it
// before it is made, since pacing that has begun does not end:
//
//	dialed    before connect(2), if the address is one of loopback
//	accepted  from its listener; if the peer is elsewhere it gets back what
//	          the system had chosen
//
// Of libzmq's options none says how congestion is controlled.

// unpaceTo unpaces a new socket that is to connect to an address.
func unpaceTo(c syscall.RawConn, address string) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !to.Addr().Unmap().IsLoopback() {
		return nil
	}
	return transport.Wrap(c.Control(func(fd uintptr) { unpace(fd) }))
}

// repace gives a connection the control that its listener had, unless it is within
// the machine. Where that is refused the connection is as good without.
func repace(c *net.TCPConn, control string) {
	if control != "" && !within(c) {
		onSocket(c, func(fd uintptr) error { return setCongestion(fd, control) })
	}
}

// within reports whether both ends of a connection are on this machine.
func within(c net.Conn) bool {
	from, to := ip(c.LocalAddr()), ip(c.RemoteAddr())
	return to.IsLoopback() || from == to
}

// ip is the address alone.
func ip(a net.Addr) netip.Addr { return a.(*net.TCPAddr).AddrPort().Addr().Unmap() }
