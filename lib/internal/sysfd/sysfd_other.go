//go:build !unix

package sysfd

import "ztools/lib/internal/errno"

// descriptor does not exist here: what select of such a system can wait for
// are sockets only.
type descriptor struct{}

func open() (descriptor, error) { return descriptor{}, errno.ENOTSUP }

func (descriptor) wait() int { return -1 }
func (descriptor) raise()    {}
func (descriptor) lower()    {}
func (descriptor) close()    {}
