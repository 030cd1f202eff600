package transport

import "net"

// Quiet is a connection whose Write is the function of that name, for those who
// write by themselves to what is below them (TLS).
type Quiet struct{ net.Conn }

// Write implements net.Conn.
func (q Quiet) Write(b []byte) (int, error) { return Write(q.Conn, b) }
