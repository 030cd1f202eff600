package ipc

import "ztools/lib/internal/errno"

// credentials are not known on Windows.
type credentials struct{ uid, gid, pid int }

// peerOf fails with errno.ENOTSUP.
func peerOf(int) (credentials, error) { return credentials{}, errno.ENOTSUP }

// groups is empty.
func (c credentials) groups() []int { return nil }
