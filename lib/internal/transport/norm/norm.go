// Package norm is NACK-Oriented Reliable Multicast (RFC 5740) as libzmq uses it
// through NRL's library: one stream per sender, over UDP.
//
//	PUB, XPUB   frames → packer → source   → group
//	                NACKs, ACKs → source → repairs and parity from its window
//	SUB, XSUB   group → receiver → sender → unpacker → frames
//	                    receiver → NACKs, ACKs
//
// source and receiver are state machines without a clock and without a network;
// package multicast brings them together with both:
//
//	message.go   messages as bytes
//	source.go    the stream, its window, repairs; pacer.go: how fast it may go
//	receiver.go  all senders; sender.go: one's stream; meter.go: what gets lost
//	fec.go       Reed-Solomon parity
//	stream.go    messages cut into segments and put together again
//	address.go   endpoints
package norm

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	mrand "math/rand/v2"
	"net/netip"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
	"ztools/lib/internal/transport/multicast"
)

// Medium is norm.
type Medium struct{}

// Aliases implements transport.Scheme: there are none.
func (Medium) Aliases(string, *option.Options) []string { return nil }

// Open implements transport.Medium. Bind and connect are the same. A text that is
// no endpoint, and an interface that is not there, are EINVAL.
func (Medium) Open(rest string, _ bool, o *option.Options) (transport.Carrier, error) {
	send, ok := roles[o.Type]
	if !ok {
		return nil, errno.ENOCOMPATPROTO
	}
	a, err := parseAddress(rest)
	if err != nil {
		return nil, err
	}
	l, err := multicast.Open(link(&a, send, o))
	if err != nil {
		return nil, err
	}
	if a.node == 0 {
		a.node = nodeID(l.Own())
	}
	if send {
		return publish(l, "norm://"+rest, a.node, o), nil
	}
	return subscribe(l, "norm://"+rest, &a, o), nil
}

// roles says which socket types send, by their numbers in zmq.h; the others do
// not fit.
var roles = map[int]bool{1: true, 9: true, 2: false, 10: false} // PUB XPUB, SUB XSUB

// overhead are the bytes of the headers in front of a message; maxMessage is the
// longest that UDP carries.
const (
	overhead   = 28
	maxMessage = 1<<16 - 1 - overhead
)

// link is the socket for an endpoint. Both sides receive from the group, since
// feedback goes there too. A sender to one host is answered at its own port.
func link(a *address, send bool, o *option.Options) multicast.Config {
	c := multicast.Config{Interface: a.iface, Group: a.host, Port: a.port, TOS: tos(o), ECN: !send && notified(o), Options: o}
	if a.host.IsMulticast() {
		c.Join = []netip.Addr{a.host}
	} else {
		c.AnyPort = send
	}
	return c
}

// Values of NORM_MODE (zmq_setsockopt(3)).
const (
	modeFixed   = 0
	modeCCL     = 2
	modeCCE     = 3
	modeECNOnly = 4
)

// notified reports whether routers notify of congestion, by ECN.
func notified(o *option.Options) bool { return o.NormMode == modeCCE || o.NormMode == modeECNOnly }

// tos is the type of service. Where congestion is notified, the packets must say that
// they understand that.
func tos(o *option.Options) int {
	if !notified(o) {
		return o.TOS
	}
	switch o.TOS % 4 {
	case 0:
		return o.TOS + 1
	case 3:
		return o.TOS - 1
	}
	return o.TOS
}

func publish(l *multicast.Link, endpoint string, node uint32, o *option.Options) transport.Carrier {
	c := sourceSettings(o)
	c.Node, c.Instance, c.Overhead, c.Emit = node, newInstance(), overhead, l.Write
	s := newSource(c)
	s.open(0)
	return multicast.NewPublisher(l, endpoint, maxMessage, s, &packer{})
}

// sourceSettings is what the options ask of a source.
func sourceSettings(o *option.Options) sourceConfig {
	c := sourceConfig{
		Segment: min(o.NormSegmentSize, maxMessage-64), Buffer: o.NormBufferSize << 10,
		NumParity: max(o.NormNumParity, o.NormNumAutoparity), Auto: o.NormNumAutoparity,
	}
	c.NumData = max(o.NormBlockSize, 1)
	c.NumParity = min(c.NumParity, 255-c.NumData)
	c.Auto = min(c.Auto, c.NumParity)
	if o.NormMode == modeFixed {
		c.Rate = float64(o.Rate) * 1000 / 8
	}
	return c
}

func subscribe(l *multicast.Link, endpoint string, a *address, o *option.Options) transport.Carrier {
	var s *multicast.Subscriber
	c := receiverSettings(o)
	c.Direct = c.Direct || !a.host.IsMulticast()
	c.Report = func(node uint32) { s.Lost(&LossError{node}) }
	c.Node, c.Emit, c.Random, c.Marked = a.node, l.Write, mrand.Float64, l.Marked
	s = multicast.NewSubscriber(l, endpoint, maxMessage, newReceiver(c))
	return s
}

// receiverSettings is what the options ask of a receiver.
func receiverSettings(o *option.Options) receiverConfig {
	return receiverConfig{Buffer: o.NormBufferSize << 10, Limit: o.MaxMsgSize, Direct: o.NormUnicastNACK, Mode: o.NormMode}
}

// A LossError says that data of a sender was lost for good. It is
// errno.ECONNRESET.
type LossError struct{ Node uint32 }

// Error names the sender.
func (e *LossError) Error() string { return fmt.Sprintf("data lost from node %d", e.Node) }

// Unwrap is the number.
func (e *LossError) Unwrap() error { return errno.ECONNRESET }

// nodeID is how NRL's library names a host.
func nodeID(own netip.Addr) uint32 {
	b := own.As4()
	return binary.BigEndian.Uint32(b[:])
}

// newInstance makes up a number for a sender's life.
func newInstance() uint16 {
	var b [2]byte
	rand.Read(b[:])
	return binary.BigEndian.Uint16(b[:])
}
