//go:build !unix

package sysfd

import "ztools/lib/internal/errno"

// Poll is not to be had on this system.
func Poll([]FD, int) (int, error) { return 0, errno.ENOTSUP }
