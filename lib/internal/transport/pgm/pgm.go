// Package pgm is Pragmatic General Multicast (RFC 3208) as libzmq uses it
// through OpenPGM: the schemes pgm, over IP, and epgm, over UDP.
//
//	PUB, XPUB   frames → packer → source   → group
//	                     NAKs, SPMRs → source → repairs from its window
//	SUB, XSUB   group → receiver → window → unpacker → frames
//	                    receiver → NAKs, SPMRs
//
// source and receiver are state machines without a clock and without a network;
// package multicast brings them together with both:
//
//	packet.go    packets as bytes
//	source.go    the transmit window, repairs, SPMs; rate.go: its rate
//	receiver.go  all sessions of a group; window.go: one's receive window
//	stream.go    messages cut into packets and put together again
//	address.go   endpoints
package pgm

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	mrand "math/rand/v2"
	"time"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
	"ztools/lib/internal/transport/multicast"
)

// Medium is pgm, or epgm if UDP is set. Raw IP needs the right to do it: on
// Linux root or CAP_NET_RAW.
type Medium struct{ UDP bool }

// Aliases implements transport.Scheme: there are none.
func (Medium) Aliases(string, *option.Options) []string { return nil }

// Open implements transport.Medium. Bind and connect are the same. A text that
// is no endpoint, and an interface that is not there, are EINVAL.
func (m Medium) Open(rest string, _ bool, o *option.Options) (transport.Carrier, error) {
	send, ok := roles[o.Type]
	if !ok {
		return nil, errno.ENOCOMPATPROTO
	}
	a, err := parseAddress(rest)
	if err != nil {
		return nil, err
	}
	if o.MulticastMaxTPDU < minTPDU {
		return nil, errno.EINVAL
	}
	link := multicast.Config{Interface: a.iface, Group: a.send, Port: a.port, TOS: expedited, Options: o}
	endpoint := "epgm://" + rest
	if !m.UDP {
		link.Raw, endpoint = Protocol, "pgm://"+rest
	}
	if send {
		link.Bound = true // NAKs come to the interface's own address
		return m.publish(link, endpoint, o)
	}
	link.Join = a.groups
	return m.subscribe(link, endpoint, o)
}

func (m Medium) publish(c multicast.Config, endpoint string, o *option.Options) (transport.Carrier, error) {
	l, err := multicast.Open(c)
	if err != nil {
		return nil, err
	}
	s := newSource(sourceConfig{
		TSI: newTSI(c.Port), Port: c.Port, NLA: l.Own(), Group: c.Group,
		Overhead: m.overhead(), TPDU: tpdu(o), Rate: int64(o.Rate) * 1000 / 8, Window: windowSize(o),
		Emit: l.Write,
	})
	s.open(0)
	return multicast.NewPublisher(l, endpoint, tpdu(o), s, &packer{}), nil
}

func (m Medium) subscribe(c multicast.Config, endpoint string, o *option.Options) (transport.Carrier, error) {
	l, err := multicast.Open(c)
	if err != nil {
		return nil, err
	}
	var s *multicast.Subscriber
	r := newReceiver(receiverConfig{
		Port: c.Port, TPDU: tpdu(o), Window: windowSize(o), Limit: o.MaxMsgSize,
		Emit: l.Write, Random: random, Report: func(t TSI) { s.Lost(&LossError{t}) },
	})
	s = multicast.NewSubscriber(l, endpoint, tpdu(o), r)
	return s, nil
}

// A LossError says that data of a session was lost for good (RFC 3208 section
// 6.3). It is errno.ECONNRESET.
type LossError struct{ TSI TSI }

// Error names the session as OpenPGM does.
func (e *LossError) Error() string {
	g := e.TSI.GSI
	return fmt.Sprintf("data lost from %d.%d.%d.%d.%d.%d.%d", g[0], g[1], g[2], g[3], g[4], g[5], e.TSI.Port)
}

// Unwrap is the number.
func (e *LossError) Unwrap() error { return errno.ECONNRESET }

// overhead are the bytes of the headers in front of a packet.
func (m Medium) overhead() int {
	if m.UDP {
		return 28
	}
	return 20
}

// Protocol is PGM's number in IP, expedited the type of service of all packets:
// DSCP EF, as libzmq has it.
const (
	Protocol  = 113
	expedited = 0x2e << 2
)

// roles says which socket types send, by their numbers in zmq.h; the others do
// not fit.
var roles = map[int]bool{1: true, 9: true, 2: false, 10: false} // PUB XPUB, SUB XSUB

// minTPDU has room for headers and a little data, maxTPDU is what IP can carry.
const (
	minTPDU = 128
	maxTPDU = 1<<16 - 1
)

// tpdu is the largest packet with the headers of IP, in bytes.
func tpdu(o *option.Options) int { return min(o.MulticastMaxTPDU, maxTPDU) }

// windowSize is how many packets a window has (libzmq's compute_sqns): as many
// as the rate sends in RECOVERY_IVL.
func windowSize(o *option.Options) int {
	const most = 1 << 28 // sequence numbers must stay comparable
	perMs := int64(o.Rate) / 8
	return int(min(max(perMs*int64(o.RecoveryIvl)/int64(tpdu(o)), 1), most))
}

// newTSI makes up a name for a session.
func newTSI(port uint16) (t TSI) {
	var b [8]byte
	rand.Read(b[:])
	copy(t.GSI[:], b[:])
	for t.Port = binary.BigEndian.Uint16(b[6:]); t.Port == port; t.Port++ {
	}
	return t
}

// random is a moment from 0 to below d.
func random(d time.Duration) time.Duration { return time.Duration(mrand.Int64N(int64(d))) }
