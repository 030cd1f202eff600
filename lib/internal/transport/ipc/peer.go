package ipc

import (
	"fmt"
	"net"
	"slices"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
)

// Conn is a connection that knows who its peer is.
type Conn struct {
	*net.UnixConn
	peer  credentials
	known error // nil, or why peer is empty
}

// sendBuffer is how many bytes the kernel may hold for the reader of a
// connection, as far as the system's own limit goes. Its default of 208 KiB puts
// both sides to sleep some seven times for each MiB: BenchmarkThroughput/ipc/1048576
// (lib/zmq).
const sendBuffer = 1 << 20

// newConn asks the system for the peer while it is surely there.
func newConn(c *net.UnixConn) *Conn {
	c.SetWriteBuffer(sendBuffer) // if not, the default serves too
	raw, err := c.SyscallConn()
	if err != nil {
		return &Conn{UnixConn: c, known: transport.Wrap(err)}
	}
	var peer credentials
	var known error
	err = raw.Control(func(fd uintptr) { peer, known = peerOf(int(fd)) })
	if err != nil {
		known = err
	}
	return &Conn{c, peer, transport.Wrap(known)}
}

// PeerAddress is the Peer-Address property as libzmq has it:
// "localhost:UID:GID:PID" on Linux, "localhost:UID:GID:" where the system does
// not tell the process, and "localhost" where it tells nothing.
func (c *Conn) PeerAddress() string {
	switch {
	case c.known != nil:
		return "localhost"
	case c.peer.pid == 0:
		return fmt.Sprintf("localhost:%d:%d:", c.peer.uid, c.peer.gid)
	}
	return fmt.Sprintf("localhost:%d:%d:%d", c.peer.uid, c.peer.gid, c.peer.pid)
}

// A filter holds the options IPC_FILTER_UID, GID and PID.
type filter struct{ uids, gids, pids []int }

func newFilter(o *option.Options) filter {
	return filter{slices.Clone(o.IPCFilterUID), slices.Clone(o.IPCFilterGID), slices.Clone(o.IPCFilterPID)}
}

// admit lets a peer in when there are no filters or when its user, one of its
// groups or its process is in them; otherwise the error is errno.EACCES. A
// peer that the system does not tell is not let in.
func (f filter) admit(c *Conn) error {
	if len(f.uids)+len(f.gids)+len(f.pids) == 0 {
		return nil
	}
	if c.known != nil {
		return fmt.Errorf("unknown peer: %w", c.known)
	}
	process := c.peer.pid != 0 && slices.Contains(f.pids, c.peer.pid)
	if process || slices.Contains(f.uids, c.peer.uid) || f.hasGroup(c.peer) {
		return nil
	}
	return fmt.Errorf("%s matches no filter: %w", c.PeerAddress(), errno.EACCES)
}

// hasGroup looks the peer's groups up only if there are filters for them.
func (f filter) hasGroup(peer credentials) bool {
	return len(f.gids) > 0 && slices.ContainsFunc(peer.groups(), func(gid int) bool {
		return slices.Contains(f.gids, gid)
	})
}
