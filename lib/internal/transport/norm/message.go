package norm

import (
	"encoding/binary"
	"errors"
	"math"
	"time"
)

// Type is the kind of a message (RFC 5740, section 4).
type Type uint8

// The messages. Info and REPORT are not used here.
const (
	Data Type = 2
	Cmd  Type = 3
	Nack Type = 4
	Ack  Type = 5
)

// Flavors of a Cmd (RFC 5740, section 4.2.3).
const (
	cmdFlush   = 1 // nothing more to send: has everything arrived?
	cmdEOT     = 2
	cmdSquelch = 3 // no repairs for what comes before
	cmdCC      = 4 // a probe for round-trip time and congestion
)

// Message is one message, taken apart. Which fields count depends on the type.
type Message struct {
	Type Type
	Seq  uint16
	From uint32 // node id

	// Data and Cmd.
	Instance  uint16
	GRTT      uint8 // quantized
	BackoffGS uint8 // backoff factor and group size

	Flavor uint8 // Cmd
	Flags  uint8 // Data

	// Data, and Cmd of flavor flush and squelch.
	Object uint16
	Block  uint32 // 24 bits
	Symbol uint8
	FTI    FTI // Data; without a SegmentSize there is none

	Payload []byte // Data; part of the message that was parsed

	// Cmd of flavor CC.
	Probe Stamp
	CCSeq uint16
	Rate  uint16 // quantized; 0 is none
	Nodes []ccNode

	// Nack and Ack; Instance too.
	Sender   uint32
	AckType  uint8
	Response Stamp
	Feedback feedback
	Requests []request
}

// Stamp is a sender's time, opaque to others.
type Stamp struct{ Sec, Usec uint32 }

// FTI says how an object is coded (EXT_FTI, RFC 5510 section 8.2).
type FTI struct {
	Size        uint64 // of a stream: its buffer in bytes
	SegmentSize uint16
	NumData     uint8
	NumParity   uint8
}

// ccNode tells a receiver what part it plays in congestion control.
type ccNode struct {
	Node  uint32
	Flags uint8
	RTT   uint8
	Rate  uint16
}

// feedback is a receiver's view of the path (EXT_CC, RFC 5740 section 4.3.1);
// Present says that it is there.
type feedback struct {
	Present bool
	Seq     uint16
	Flags   uint8
	RTT     uint8
	Loss    uint32 // NRL's library has 16 bits more than the RFC
	Rate    uint16
}

// request asks for repairs (RFC 5740 section 4.3.1): everything from first to
// last, which may be the same.
type request struct {
	Flags       uint8
	First, Last item
}

// item names a symbol, or its block, or its object.
type item struct {
	Object uint16
	Block  uint32
	Symbol uint8
}

// Flags and forms.
const (
	flagRepair   = 0x01
	flagExplicit = 0x02
	flagStream   = 0x20

	ccCLR   = 0x01
	ccRTT   = 0x04
	ccStart = 0x08

	wantSegment = 0x01
	wantBlock   = 0x02
	wantObject  = 0x08

	formItems  = 1
	formRanges = 2

	ackCC = 1
)

const (
	version      = 1
	fecID        = 5 // RFC 5510, 8 bits
	extFeedback  = 3
	extFTI       = 64
	extRate      = 128
	commonLen    = 8
	itemLen      = 8
	streamHeader = 8
	maxRequests  = 512
	maxNodes     = 64
)

// Errors of Parse. A message with any of them is dropped.
var (
	errShort = errors.New("norm: message is cut short")
	errType  = errors.New("norm: unsupported message")
)

var be = binary.BigEndian

// Parse takes a message apart. m.Payload becomes a part of b.
func (m *Message) Parse(b []byte) error {
	if len(b) < commonLen+8 {
		return errShort
	}
	*m = Message{Type: Type(b[0] & 0xf), Seq: be.Uint16(b[2:]), From: be.Uint32(b[4:]), Nodes: m.Nodes[:0], Requests: m.Requests[:0]}
	header := int(b[1]) * 4
	if b[0]>>4 != version {
		return errType
	}
	if header < commonLen+8 || header > len(b) {
		return errShort
	}
	body, rest := b[commonLen:header], b[header:]
	switch m.Type {
	case Data:
		return m.parseData(body, rest)
	case Cmd:
		return m.parseCmd(body, rest)
	case Nack, Ack:
		return m.parseAnswer(body, rest)
	}
	return errType
}

// parseSender reads what Data and Cmd begin with.
func (m *Message) parseSender(b []byte) {
	m.Instance, m.GRTT, m.BackoffGS = be.Uint16(b), b[2], b[3]
}

func (m *Message) parseData(b, rest []byte) error {
	m.parseSender(b)
	if len(b) < 12 {
		return errShort
	}
	m.Flags, m.Object = b[4], be.Uint16(b[6:])
	if b[5] != fecID {
		return errType
	}
	m.parseID(b[8:])
	m.Payload = rest
	return m.parseExtensions(b[12:])
}

// parseID reads a block and symbol number.
func (m *Message) parseID(b []byte) { m.Block, m.Symbol = be.Uint32(b)>>8, b[3] }

func (m *Message) parseCmd(b, rest []byte) error {
	m.parseSender(b)
	m.Flavor = b[4]
	switch m.Flavor {
	case cmdFlush, cmdSquelch:
		if len(b) < 12 {
			return errShort
		}
		if b[5] != fecID {
			return errType
		}
		m.Object = be.Uint16(b[6:])
		m.parseID(b[8:])
		return nil
	case cmdCC:
		if len(b) < 16 {
			return errShort
		}
		m.CCSeq, m.Probe = be.Uint16(b[6:]), Stamp{be.Uint32(b[8:]), be.Uint32(b[12:])}
		for ; len(rest) >= 8 && len(m.Nodes) < maxNodes; rest = rest[8:] {
			m.Nodes = append(m.Nodes, ccNode{be.Uint32(rest), rest[4], rest[5], be.Uint16(rest[6:])})
		}
		return m.parseExtensions(b[16:])
	}
	return nil
}

func (m *Message) parseAnswer(b, rest []byte) error {
	if len(b) < 16 {
		return errShort
	}
	m.Sender, m.Instance, m.AckType = be.Uint32(b), be.Uint16(b[4:]), b[6]
	m.Response = Stamp{be.Uint32(b[8:]), be.Uint32(b[12:])}
	if err := m.parseExtensions(b[16:]); err != nil || m.Type == Ack {
		return err
	}
	for len(rest) > 0 {
		if len(rest) < 4 || int(be.Uint16(rest[2:])) > len(rest)-4 {
			return errShort
		}
		n := int(be.Uint16(rest[2:]))
		m.parseRequest(rest[0], rest[1], rest[4:4+n])
		rest = rest[4+n:]
	}
	return nil
}

func (m *Message) parseRequest(form, flags byte, b []byte) {
	size := itemLen
	if form == formRanges {
		size = 2 * itemLen
	} else if form != formItems {
		return
	}
	for ; len(b) >= size && len(m.Requests) < maxRequests; b = b[size:] {
		r := request{flags, parseItem(b), parseItem(b[size-itemLen:])}
		if b[0] == fecID && b[size-itemLen] == fecID {
			m.Requests = append(m.Requests, r)
		}
	}
}

func parseItem(b []byte) item { return item{be.Uint16(b[2:]), be.Uint32(b[4:]) >> 8, b[7]} }

// parseExtensions reads header extensions; unknown ones are skipped.
func (m *Message) parseExtensions(b []byte) error {
	for len(b) > 0 {
		size := 4
		if b[0] < 128 {
			if len(b) < 2 || b[1] == 0 {
				return errShort
			}
			size = int(b[1]) * 4
		}
		if size > len(b) {
			return errShort
		}
		switch e := b[:size]; {
		case e[0] == extFTI && size >= 12:
			m.FTI = FTI{uint64(be.Uint16(e[2:]))<<32 | uint64(be.Uint32(e[4:])), be.Uint16(e[8:]), e[10], e[11]}
		case e[0] == extRate:
			m.Rate = be.Uint16(e[2:])
		case e[0] == extFeedback && size >= 12:
			m.Feedback = feedback{true, be.Uint16(e[2:]), e[4], e[5], uint32(be.Uint16(e[6:]))<<16 | uint32(be.Uint16(e[10:])), be.Uint16(e[8:])}
		}
		b = b[size:]
	}
	return nil
}

// Append appends the message as it goes on the wire.
func (m *Message) Append(b []byte) []byte {
	start := len(b)
	b = append(b, version<<4|byte(m.Type), 0)
	b = be.AppendUint16(b, m.Seq)
	b = be.AppendUint32(b, m.From)
	switch m.Type {
	case Data:
		b = m.appendSender(b, m.Flags)
		b = m.appendFTI(m.appendID(b))
	case Cmd:
		b = m.appendSender(b, m.Flavor)
		b = m.appendCmd(b)
	case Nack, Ack:
		b = be.AppendUint32(b, m.Sender)
		b = be.AppendUint16(b, m.Instance)
		b = append(b, m.AckType, 0)
		b = be.AppendUint32(b, m.Response.Sec)
		b = be.AppendUint32(b, m.Response.Usec)
		b = m.appendFeedback(b)
	}
	b[start+1] = byte((len(b) - start) / 4)
	for _, n := range m.Nodes {
		b = be.AppendUint32(b, n.Node)
		b = be.AppendUint16(append(b, n.Flags, n.RTT), n.Rate)
	}
	for _, r := range m.Requests {
		b = r.append(b)
	}
	return append(b, m.Payload...)
}

func (m *Message) appendSender(b []byte, kind byte) []byte {
	b = be.AppendUint16(b, m.Instance)
	return append(b, m.GRTT, m.BackoffGS, kind)
}

// appendID appends which symbol it is about, with the code.
func (m *Message) appendID(b []byte) []byte {
	b = be.AppendUint16(append(b, fecID), m.Object)
	return be.AppendUint32(b, m.Block<<8|uint32(m.Symbol))
}

func (m *Message) appendCmd(b []byte) []byte {
	switch m.Flavor {
	case cmdEOT:
		return append(b, 0, 0, 0)
	case cmdFlush, cmdSquelch:
		return m.appendID(b)
	}
	b = be.AppendUint16(append(b, 0), m.CCSeq)
	b = be.AppendUint32(b, m.Probe.Sec)
	b = be.AppendUint32(b, m.Probe.Usec)
	if m.Rate != 0 {
		b = be.AppendUint16(append(b, extRate, 0), m.Rate)
	}
	return b
}

func (m *Message) appendFTI(b []byte) []byte {
	if m.FTI.SegmentSize == 0 {
		return b
	}
	b = be.AppendUint16(append(b, extFTI, 3), uint16(m.FTI.Size>>32))
	b = be.AppendUint32(b, uint32(m.FTI.Size))
	b = be.AppendUint16(b, m.FTI.SegmentSize)
	return append(b, m.FTI.NumData, m.FTI.NumParity)
}

func (m *Message) appendFeedback(b []byte) []byte {
	f := m.Feedback
	if !f.Present {
		return b
	}
	b = be.AppendUint16(append(b, extFeedback, 3), f.Seq)
	b = be.AppendUint16(append(b, f.Flags, f.RTT), uint16(f.Loss>>16))
	b = be.AppendUint16(b, f.Rate)
	return be.AppendUint16(b, uint16(f.Loss))
}

// append appends a request as one of its own.
func (r request) append(b []byte) []byte {
	if r.First == r.Last {
		b = append(b, formItems, r.Flags, 0, itemLen)
		return r.First.append(b)
	}
	b = append(b, formRanges, r.Flags, 0, 2*itemLen)
	return r.Last.append(r.First.append(b))
}

func (i item) append(b []byte) []byte {
	b = be.AppendUint16(append(b, fecID, 0), i.Object)
	return be.AppendUint32(b, i.Block<<8|uint32(i.Symbol))
}

// Round-trip times are sent as a logarithm (RFC 5740 section 4.2), of a second
// at most a thousand and at least a millionth.
func quantizeRTT(d time.Duration) uint8 {
	rtt := min(max(d.Seconds(), 1e-6), 1000)
	if rtt < 3.3e-5 {
		return uint8(rtt/1e-6) - 1
	}
	return uint8(math.Ceil(255 - 13*math.Log(1000/rtt)))
}

func unquantizeRTT(q uint8) time.Duration {
	if q < 31 {
		return time.Duration(int(q)+1) * time.Microsecond
	}
	return time.Duration(1000 / math.Exp(float64(255-int(q))/13) * float64(time.Second))
}

// Rates are sent in bytes per second as a decimal floating-point number of 12
// and 4 bits (RFC 5740 section 4.2.3.4).
func quantizeRate(rate float64) uint16 {
	if rate < 1 {
		return 1 // which is none
	}
	exponent := math.Floor(math.Log10(rate))
	mantissa := min(rate/math.Pow(10, exponent)*4096/10+0.5, 4095)
	return uint16(mantissa)<<4 | uint16(min(exponent, 15))
}

func unquantizeRate(q uint16) float64 {
	return float64(q>>4) * 10 / 4096 * math.Pow(10, float64(q&15))
}
