package ipc

import (
	"os"
	"os/user"
	"strconv"

	"golang.org/x/sys/unix"
)

// credentials are the user, main group and process (0: not known) that
// called connect(2) or listen(2) on the other end.
type credentials struct{ uid, gid, pid int }

// peerOf asks for the credentials of a connection's peer.
func peerOf(fd int) (credentials, error) {
	c, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return credentials{}, os.NewSyscallError("getsockopt", err)
	}
	return credentials{int(c.Uid), int(c.Gid), int(c.Pid)}, nil
}

// groups are the peer's main group and those that the system's group file
// names its user in.
func (c credentials) groups() []int {
	groups := []int{c.gid}
	u, err := user.LookupId(strconv.Itoa(c.uid))
	if err != nil {
		return groups
	}
	ids, err := u.GroupIds()
	if err != nil {
		return groups
	}
	for _, id := range ids {
		if gid, err := strconv.Atoi(id); err == nil {
			groups = append(groups, gid)
		}
	}
	return groups
}
