package udp

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
	"ztools/lib/internal/wire"
)

// carrier moves messages over a socket:
//
//	Read         receive packets, as many as are there -> decode -> frames
//	WriteFrames  encode -> runs of packets of one length to one peer -> send each
//
// The system takes a run, and gives one, in one call where it can (batch_linux.go).
type carrier struct {
	*net.UDPConn
	typ      int // of the socket
	endpoint string
	target   netip.AddrPort // of RADIO
	over     chan struct{}  // closed by Close
	close    sync.Once

	in  inbound  // owned by Read
	out outbound // owned by WriteFrames
}

func newCarrier(c *net.UDPConn, a *address, o *option.Options) (transport.Carrier, error) {
	u := &carrier{UDPConn: c, typ: o.Type, endpoint: "udp://" + a.text, target: a.target, over: make(chan struct{})}
	if o.Type != radio {
		port := c.LocalAddr().(*net.UDPAddr).AddrPort().Port()
		u.endpoint = "udp://" + withPort(a.text, port)
	}
	if err := u.prepare(); err != nil {
		c.Close()
		return nil, transport.Wrap(err)
	}
	return u, nil
}

// Endpoint is the text given, with the port that the system chose.
func (c *carrier) Endpoint() string { return c.endpoint }

// Close ends Read and WriteFrames.
func (c *carrier) Close() error {
	c.close.Do(func() { close(c.over) })
	return c.UDPConn.Close()
}

// inbound is the state of the way in.
type inbound struct {
	frames []byte // decoded and not yet read
	memory []byte // holds frames
	receiver
}

// atOnce is about how many bytes of frames are decoded before they are read.
const atOnce = 64 << 10

// Read waits for packets. A RADIO receives none.
func (c *carrier) Read(p []byte) (int, error) {
	if c.typ == radio {
		<-c.over
		return 0, net.ErrClosed
	}
	in := &c.in
	for len(in.frames) == 0 {
		in.frames = in.memory[:0]
		for wait := true; len(in.frames) < atOnce; wait = len(in.frames) == 0 {
			run, err := c.receive(wait)
			if err != nil && !passing(err) {
				return 0, err
			}
			if len(run.bytes) == 0 && run.size == 0 {
				break
			}
			in.frames = c.decode(in.frames, run)
		}
		in.memory = in.frames
	}
	n := copy(p, in.frames)
	in.frames = in.frames[n:]
	return n, nil
}

// passing reports whether an error is only news of a packet that did not arrive.
func passing(err error) bool {
	no := transport.Errno(err)
	return no == errno.ECONNREFUSED || no == errno.ECONNRESET
}

// run is packets of the same length, of which the last may be shorter, from or to
// one peer.
type run struct {
	bytes []byte
	size  int // of each packet
	count int // only of what is sent
	peer  netip.AddrPort
}

// decode appends the messages of packets that came. Those that are malformed are
// dropped.
func (c *carrier) decode(dst []byte, r run) []byte {
	for first := true; first || len(r.bytes) > 0; first = false {
		n := min(r.size, len(r.bytes))
		if c.typ == dgram {
			dst = decodeDatagram(dst, r.bytes[:n], r.peer)
		} else {
			dst = decodeGroup(dst, r.bytes[:n])
		}
		r.bytes = r.bytes[n:]
	}
	return dst
}

// decodeGroup appends a message to DISH: the group and the body.
func decodeGroup(dst, packet []byte) []byte {
	if len(packet) == 0 || len(packet) > packetMax || len(packet) < 1+int(packet[0]) {
		return dst
	}
	body := 1 + int(packet[0])
	dst = wire.AppendFrameV2(dst, msg.More, packet[1:body])
	return wire.AppendFrameV2(dst, 0, packet[body:])
}

// decodeDatagram appends a message to DGRAM: the address as text, with a zero
// byte behind it as in libzmq, and the body.
func decodeDatagram(dst, packet []byte, from netip.AddrPort) []byte {
	if len(packet) > packetMax {
		return dst
	}
	peer := netip.AddrPortFrom(from.Addr().Unmap(), from.Port()).String()
	dst = msg.AppendHeader(dst, msg.More, len(peer)+1)
	dst = append(append(dst, peer...), 0)
	return wire.AppendFrameV2(dst, 0, packet)
}

// outbound is the state of the way out.
type outbound struct {
	run
	sender
}

// runMax is the longest run that the system takes, in bytes and in packets.
const (
	runMax   = 65000
	runCount = 64
)

// WriteFrames sends messages of two frames. A DISH has none to send.
func (c *carrier) WriteFrames(bufs [][]byte) (n int, err error) {
	for _, b := range bufs {
		n += len(b)
	}
	if c.typ == dish {
		return n, nil
	}
	w := wire.NewWalk(bufs)
	for {
		_, head, ok := w.Next()
		if !ok {
			break
		}
		_, body, _ := w.Next()
		if c.typ == dgram {
			err = c.addDatagram(head, body)
		} else {
			err = c.addGroup(head, body)
		}
		if err != nil {
			return 0, err
		}
	}
	return n, c.flush()
}

// addGroup adds a message of RADIO to the run.
func (c *carrier) addGroup(group, body []byte) error {
	if err := c.begin(1+len(group)+len(body), c.target); err != nil || len(group) > 255 {
		return err
	}
	if 1+len(group)+len(body) <= packetMax {
		o := &c.out
		o.bytes = append(o.bytes, byte(len(group)))
		o.bytes = append(append(o.bytes, group...), body...)
		o.count++
	}
	return nil
}

// addDatagram adds a message of DGRAM. What has no address of a peer is dropped,
// as in libzmq.
func (c *carrier) addDatagram(address, body []byte) error {
	peer, err := netip.ParseAddrPort(strings.TrimSuffix(string(address), "\x00"))
	if err != nil || peer.Port() == 0 || len(body) > packetMax {
		return nil
	}
	if err := c.begin(len(body), peer); err != nil {
		return err
	}
	c.out.bytes = append(c.out.bytes, body...)
	c.out.count++
	return nil
}

// begin sends the run unless a packet of size bytes to that peer can be added.
func (c *carrier) begin(size int, peer netip.AddrPort) error {
	o := &c.out
	if o.count > 0 && (size != o.size || size == 0 || peer != o.peer || len(o.bytes)+size > runMax || o.count == runCount) {
		if err := c.flush(); err != nil {
			return err
		}
	}
	o.size, o.peer = size, peer
	return nil
}

// flush sends the run. Packets that the network refuses are lost.
func (c *carrier) flush() error {
	o := &c.out
	var err error
	if o.count > 0 {
		err = c.send(&o.run)
	}
	o.bytes, o.count = o.bytes[:0], 0
	if errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// sendEach sends the packets of a run one by one.
func (c *carrier) sendEach(r *run) (err error) {
	for i, b := 0, r.bytes; i < r.count; i++ {
		err = c.sendOne(b[:r.size], r.peer)
		if passing(err) { // that was about an earlier packet
			err = c.sendOne(b[:r.size], r.peer)
		}
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		b = b[r.size:]
	}
	return nil
}

func (c *carrier) sendOne(packet []byte, peer netip.AddrPort) error {
	_, err := c.WriteToUDPAddrPort(packet, peer)
	return err
}

// withPort is the text with the last port replaced.
func withPort(text string, port uint16) string {
	return text[:strings.LastIndexByte(text, ':')+1] + strconv.Itoa(int(port))
}
