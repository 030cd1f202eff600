package multicast

import "golang.org/x/sys/unix"

// systemOptions: without the first a socket would also get the groups that
// others on the host have joined.
var systemOptions = []struct{ level, name, value int }{
	{unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0},
}
