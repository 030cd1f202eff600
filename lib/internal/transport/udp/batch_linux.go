package udp

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Linux takes a run of packets in one call and carries it through its stack as one
// (UDP_SEGMENT, udp(7)), and gives packets that came as a run as one (UDP_GRO).

// onlyJoined keeps a socket from the groups that others on the host have joined
// (IP_MULTICAST_ALL, ip(7)).
func onlyJoined(fd uintptr) error {
	err := unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0)
	if err == unix.ENOPROTOOPT { // a socket of IPv6
		return nil
	}
	return err
}

// receiver is what a call of recvmsg(2) fills.
type receiver struct {
	raw    syscall.RawConn
	bytes  []byte
	oob    []byte
	ready  func(fd uintptr) bool
	wait   bool
	got    run
	failed error
}

// sender is what a call of sendmsg(2) takes.
type sender struct {
	raw    syscall.RawConn
	oob    []byte        // the length of a run's packets
	to     unix.Sockaddr // of RADIO
	ready  func(fd uintptr) bool
	what   *run
	most   int // longest packet that may go in a run
	failed error
}

func (c *carrier) prepare() error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	c.in.raw, c.in.ready = raw, c.receiveReady
	c.out.raw, c.out.ready, c.out.most = raw, c.sendReady, packetMax
	c.out.oob = make([]byte, unix.CmsgSpace(2))
	h := (*unix.Cmsghdr)(unsafe.Pointer(&c.out.oob[0]))
	h.Level, h.Type = unix.SOL_UDP, unix.UDP_SEGMENT
	h.SetLen(unix.CmsgLen(2))
	if c.typ == radio {
		c.out.to = c.sockaddr(c.target)
		return nil
	}
	c.in.bytes = make([]byte, 1<<16)
	c.in.oob = make([]byte, unix.CmsgSpace(4))
	return raw.Control(func(fd uintptr) {
		unix.SetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_GRO, 1) // older kernels give packets one by one
	})
}

// receive receives what is there; with wait it waits for that.
func (c *carrier) receive(wait bool) (run, error) {
	in := &c.in
	in.wait, in.got, in.failed = wait, run{}, nil
	if err := in.raw.Read(in.ready); err != nil {
		return run{}, err
	}
	return in.got, in.failed
}

// receiveReady is one attempt; false asks to wait.
func (c *carrier) receiveReady(fd uintptr) bool {
	in := &c.in
	n, oobn, _, from, err := unix.Recvmsg(int(fd), in.bytes, in.oob, 0)
	switch err {
	case nil:
		in.got = run{bytes: in.bytes[:n], size: max(n, 1)}
		if c.typ == dgram {
			in.got.peer = addrPort(from)
		}
		if size := segment(in.oob[:oobn]); size > 0 {
			in.got.size = size
		}
	case unix.EAGAIN, unix.EINTR:
		return !in.wait
	default:
		in.failed = err
	}
	return true
}

// segment is the length of each packet of a run; 0 if there is only one.
func segment(oob []byte) int {
	if len(oob) == 0 {
		return 0
	}
	h, data, _, err := unix.ParseOneSocketControlMessage(oob)
	if err != nil || h.Level != unix.SOL_UDP || h.Type != unix.UDP_GRO || len(data) < 4 {
		return 0
	}
	return int(int32(binary.NativeEndian.Uint32(data)))
}

// send sends a run in one call, or packet by packet where that does not work:
// packets that are longer than the route allows, or a device that cannot.
func (c *carrier) send(r *run) error {
	o := &c.out
	if r.count == 1 || r.size > o.most {
		return c.sendEach(r)
	}
	binary.NativeEndian.PutUint16(o.oob[unix.CmsgLen(0):], uint16(r.size))
	o.what, o.failed = r, nil
	if err := o.raw.Write(o.ready); err != nil {
		return err
	}
	if passing(o.failed) { // that was about an earlier packet
		if err := o.raw.Write(o.ready); err != nil {
			return err
		}
	}
	if o.failed == nil {
		return nil
	}
	if refusesRuns(o.failed) {
		o.most = r.size - 1
	}
	return c.sendEach(r)
}

// refusesRuns reports whether an error says that such a run can never be sent: its
// packets are longer than the route allows (EINVAL, EMSGSIZE), or the device cannot
// make checksums (EIO).
func refusesRuns(err error) bool {
	return err == unix.EINVAL || err == unix.EMSGSIZE || err == unix.EIO
}

// sendReady is one attempt; false asks to wait.
func (c *carrier) sendReady(fd uintptr) bool {
	o := &c.out
	to := o.to
	if to == nil {
		to = c.sockaddr(o.what.peer)
	}
	_, o.failed = unix.SendmsgN(int(fd), o.what.bytes, o.oob, to, 0)
	return o.failed != unix.EAGAIN && o.failed != unix.EINTR
}

// sockaddr is a peer's address as the socket's family has it.
func (c *carrier) sockaddr(peer netip.AddrPort) unix.Sockaddr {
	own := c.LocalAddr().(interface{ AddrPort() netip.AddrPort }).AddrPort().Addr()
	a := peer.Addr().Unmap()
	if a.Is4() && own.Is4() {
		return &unix.SockaddrInet4{Port: int(peer.Port()), Addr: a.As4()}
	}
	return &unix.SockaddrInet6{Port: int(peer.Port()), Addr: a.As16(), ZoneId: zoneID(a.Zone())}
}

// zoneID is the number of a zone, which has an interface's name or number.
func zoneID(zone string) uint32 {
	if i, err := net.InterfaceByName(zone); err == nil {
		return uint32(i.Index)
	}
	n, _ := strconv.ParseUint(zone, 10, 32)
	return uint32(n)
}

func addrPort(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr), uint16(sa.Port))
	}
	return netip.AddrPort{}
}
