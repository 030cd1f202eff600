package udp

import "ztools/lib/internal/transport/tcp"

// sharePort lets several sockets of a host be bound to the port of a group.
func sharePort(fd uintptr) error { return tcp.ShareAddress(fd) }
