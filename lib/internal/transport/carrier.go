package transport

import (
	"net"

	"ztools/lib/internal/option"
	"ztools/lib/internal/wire"
)

// Framed is a connection that frames messages in its own way. The engine sees
// frames of ZMTP 2.0 form only (RFC 15: flags, size, body), which is also how they
// stand in a pipe:
//
//	pipe ── WriteFrames ──► Framed ──► packets of its own form ──► peer
//	pipe ◄── Read ───────── Framed ◄── packets of its own form ◄── peer
//
// One goroutine reads and one writes. Close ends both.
type Framed interface {
	// Read of net.Conn fills p with frames, cut anywhere; a message begins only
	// when all of it will come. io.EOF and other errors are final.
	net.Conn

	// WriteFrames writes whole messages. Their frames are cut into bufs only
	// between two frames or between a header and its body (wire.Walk reads
	// them); nothing of them may be kept. It returns how many bytes of bufs
	// belong to messages that were passed on whole. An error is final.
	WriteFrames(bufs [][]byte) (int, error)
}

// Medium is a scheme without connections and handshakes: bind and connect both
// join what is there (udp, pgm, epgm, norm).
type Medium interface {
	Scheme

	// Open joins at once; it may look up a host name. o.Type is the type of the
	// socket: errno.ENOCOMPATPROTO if it cannot bind, or connect, here. The
	// options are read and not kept. Errors wrap an errno.Errno.
	Open(rest string, bind bool, o *option.Options) (Carrier, error)
}

// Carrier is a socket's place on a Medium. What the network drops is dropped:
// only Close ends it. A carrier that never receives blocks in Read until then,
// and one that never sends takes all frames and drops them.
//
// When a closed socket has sent what it had queued, CloseWrite is called if the
// carrier has it; if that succeeds, Read goes on for a moment.
type Carrier interface {
	Framed

	// Endpoint is what ZMQ_LAST_ENDPOINT has.
	Endpoint() string
}

// Upgrader is a connection with a handshake of its own in place of ZMTP's greeting
// (ws). It is read and written as any other.
type Upgrader interface {
	net.Conn

	// Upgrade makes that handshake; a deadline ends it. Errors are those of the
	// connection and *wire.ProtocolError.
	Upgrade() (Upgraded, error)
}

// Upgraded is what the two sides agreed on.
type Upgraded struct {
	Version wire.Version // whose rules hold for the frames
	Framing wire.Framing // of what the peer sends
	// Mechanism says that the commands of a security mechanism follow; otherwise
	// each side sends its routing id in a frame.
	Mechanism bool
	Rest      []byte // what was received behind the handshake
}

// A Reporter is a Carrier that knows when messages were lost for good, since
// nobody could send them again.
type Reporter interface {
	// Report says who is told, before the first Read; tell is called by Read. The
	// error wraps errno.ECONNRESET.
	Report(tell func(error))
}
