//go:build unix && !linux

package multicast

import "golang.org/x/sys/unix"

// systemOptions: on BSD sharing a port takes SO_REUSEPORT.
var systemOptions = []struct{ level, name, value int }{
	{unix.SOL_SOCKET, unix.SO_REUSEPORT, 1},
}
