package tcp

import (
	"strings"

	"golang.org/x/sys/unix"
)

// unpaced is the control of congestion that every Linux has, and lets everybody
// choose unless it was told otherwise (net.ipv4.tcp_allowed_congestion_control).
const unpaced = "reno"

// unpace ends the pacing of a socket that is not connected. It returns the control
// that the socket had; "" if it stays as it is.
func unpace(fd uintptr) (had string) {
	had, err := unix.GetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION)
	if err != nil || !strings.HasPrefix(had, "bbr") || setCongestion(fd, unpaced) != nil {
		return ""
	}
	return had
}

func setCongestion(fd uintptr, control string) error {
	return unix.SetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION, control)
}
