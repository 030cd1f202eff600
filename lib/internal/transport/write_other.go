//go:build !linux

package transport

import "net"

// Write is the connection's own: a SIGPIPE from a socket is nothing to Go, and only
// on Linux there are programs of C around it.
func Write(c net.Conn, b []byte) (int, error) { return c.Write(b) }
