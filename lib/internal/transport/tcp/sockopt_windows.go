package tcp

import (
	"errors"
	"net"
	"unsafe"

	"golang.org/x/sys/windows"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
)

const (
	soExclusiveAddrUse  = ^windows.SO_REUSEADDR // winsock2.h
	tcpMaxRT            = 5                     // ws2ipdef.h, in seconds
	sioLoopbackFastPath = 0x98000010            // mstcpip.h
)

// systemSockopts are the options that not every system has. PRIORITY and
// BUSY_POLL have no effect here.
var systemSockopts = []sockopt{
	{accepted | dialed, windows.IPPROTO_TCP, tcpMaxRT, maxRT, false},
}

func maxRT(o *option.Options) (int, bool) { return o.TCPMaxRT / 1000, o.TCPMaxRT > 0 }

func setInt(fd uintptr, level, name, n int) error {
	return windows.SetsockoptInt(windows.Handle(fd), level, name, n)
}

// ShareAddress lets a socket bind to an address that connections of this
// machine use.
func ShareAddress(fd uintptr) error {
	return setInt(fd, windows.SOL_SOCKET, windows.SO_REUSEADDR, 1)
}

// ownAddress keeps other sockets, even those that ask to share, away from a
// listener's address.
func ownAddress(fd uintptr) error {
	return setInt(fd, windows.SOL_SOCKET, soExclusiveAddrUse, 1)
}

// loopbackFastpath sets ZMQ_LOOPBACK_FASTPATH. Windows before 8 has none.
func loopbackFastpath(fd uintptr) error {
	on, returned := uint32(1), uint32(0)
	err := windows.WSAIoctl(windows.Handle(fd), sioLoopbackFastPath,
		(*byte)(unsafe.Pointer(&on)), uint32(unsafe.Sizeof(on)), nil, 0, &returned, nil, 0)
	if errors.Is(err, windows.WSAEOPNOTSUPP) {
		return nil
	}
	return err
}

// bindToDevice exists on Linux.
func bindToDevice(uintptr, string) error { return errno.ENOTSUP }

// restoreKeepalive has nothing to do: listeners are never inherited here.
func restoreKeepalive(*net.TCPConn, *net.TCPListener) error { return nil }
