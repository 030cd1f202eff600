package multicast

import (
	"net"

	"golang.org/x/sys/unix"
)

// systemOptions: without the first a socket would also get the groups that
// others on the host have joined.
var systemOptions = []struct{ level, name, value int }{
	{unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0},
}

// askMarks asks for the type of service of each packet.
func (l *Link) askMarks() {
	c, ok := l.PacketConn.(*net.UDPConn)
	if !ok {
		return
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) {
		if unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_RECVTOS, 1) == nil {
			l.marks = make([]byte, unix.CmsgSpace(4))
		}
	})
}

// marked reads the answer: in the type of service the two lowest bits are set.
func marked(oob []byte) bool {
	if len(oob) == 0 {
		return false
	}
	h, data, _, err := unix.ParseOneSocketControlMessage(oob)
	return err == nil && h.Level == unix.IPPROTO_IP && h.Type == unix.IP_TOS && len(data) > 0 && data[0]&3 == 3
}
