//go:build !linux

package vsock

import (
	"context"
	"net"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
)

// Listen is errno.EPROTONOSUPPORT.
func (Transport) Listen(string, *option.Options) (transport.Listener, error) {
	return nil, errno.EPROTONOSUPPORT
}

// Check is errno.EPROTONOSUPPORT.
func (Transport) Check(string, *option.Options) error { return errno.EPROTONOSUPPORT }

// Dial is errno.EPROTONOSUPPORT.
func (Transport) Dial(context.Context, string, *option.Options) (net.Conn, error) {
	return nil, errno.EPROTONOSUPPORT
}
