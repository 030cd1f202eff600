package tcp

import (
	"golang.org/x/sys/unix"

	"ztools/lib/internal/option"
)

const tcpKeepIdle = unix.TCP_KEEPIDLE

// systemSockopts are the options that not every system has.
var systemSockopts = []sockopt{
	{opened | accepted, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, tos, true},
	{opened | accepted, unix.SOL_SOCKET, unix.SO_PRIORITY, priority, false},
	{opened, unix.SOL_SOCKET, unix.SO_BUSY_POLL, busyPoll, false},
	{accepted | dialed, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, maxRT, false},
}

func priority(o *option.Options) (int, bool) { return o.Priority, o.Priority != 0 }
func busyPoll(o *option.Options) (int, bool) { return o.BusyPoll, o.BusyPoll > 0 }
func maxRT(o *option.Options) (int, bool)    { return o.TCPMaxRT, o.TCPMaxRT > 0 }

func bindToDevice(fd uintptr, name string) error {
	return unix.BindToDevice(int(fd), name)
}
