//go:build darwin || freebsd

package tcp

import (
	"golang.org/x/sys/unix"

	"ztools/lib/internal/errno"
)

// systemSockopts are the options that not every system has. PRIORITY,
// BUSY_POLL and TCP_MAXRT have no effect here.
var systemSockopts = []sockopt{
	{opened | accepted, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, tos, true},
}

// bindToDevice exists on Linux.
func bindToDevice(uintptr, string) error { return errno.ENOTSUP }
