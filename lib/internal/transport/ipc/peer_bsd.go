//go:build darwin || freebsd

package ipc

import (
	"os"

	"golang.org/x/sys/unix"

	"ztools/lib/internal/errno"
)

// credentials are the user and main group that called connect(2) or
// listen(2) on the other end; the process is not known.
type credentials struct {
	uid, gid, pid int
	member        []int
}

// peerOf asks for the credentials of a connection's peer.
func peerOf(fd int) (credentials, error) {
	const solLocal = 0 // sys/un.h
	x, err := unix.GetsockoptXucred(fd, solLocal, unix.LOCAL_PEERCRED)
	if err != nil {
		return credentials{}, os.NewSyscallError("getsockopt", err)
	}
	n := min(int(x.Ngroups), len(x.Groups))
	if x.Version != 0 || n < 1 {
		return credentials{}, errno.ENOTSUP
	}
	c := credentials{uid: int(x.Uid), gid: int(x.Groups[0])}
	for _, gid := range x.Groups[:n] {
		c.member = append(c.member, int(gid))
	}
	return c, nil
}

// groups are the groups of the peer's process.
func (c credentials) groups() []int { return c.member }
