package pgm

import (
	"encoding/binary"
	"errors"
	"net/netip"
)

// Type is the kind of a packet (RFC 3208, section 8).
type Type uint8

// The packets that sources and receivers exchange. POLL, POLR, N-NAK and ACK
// are for network elements and congestion control, which libzmq does not use.
const (
	SPM   Type = 0x00 // source path message: where the transmit window stands
	ODATA Type = 0x04 // original data
	RDATA Type = 0x05 // data sent again
	NAK   Type = 0x08 // what a receiver misses
	NCF   Type = 0x0a // the source's answer to a NAK, to all
	SPMR  Type = 0x0c // a receiver asks for an SPM
)

// A TSI names a transport session: one source for as long as it lives.
type TSI struct {
	GSI  [6]byte // global source id
	Port uint16  // the source's data-source port
}

// Packet is one packet, taken apart. Which fields count depends on the type.
type Packet struct {
	Type         Type
	Source, Dest uint16 // ports; towards the source they are swapped
	GSI          [6]byte

	Sqn         uint32     // SPM: its own number; ODATA, RDATA: the data's
	Trail, Lead uint32     // edges of the transmit window; Lead in an SPM only
	NLA         netip.Addr // SPM: where NAKs go to; NAK, NCF: the source
	Group       netip.Addr // NAK, NCF: the group the source sends to
	List        []uint32   // NAK, NCF: the sequence numbers, 1 to MaxList
	Fin         bool       // SPM: the session ends

	Fragment Fragment // ODATA, RDATA; without a Length the data is whole
	Data     []byte   // ODATA, RDATA: a part of the packet that was parsed
}

// Fragment says which part of a larger piece of application data (APDU) a
// packet carries (OPT_FRAGMENT, RFC 3208 section 9.2).
type Fragment struct {
	First  uint32 // sequence number of the first part
	Offset uint32 // of this part, in bytes
	Length uint32 // of the whole, in bytes; 0 is no fragment
}

// Sizes in bytes, and MaxList in numbers (RFC 3208 sections 8 and 9).
const (
	headerLen   = 16
	dataLen     = 8 // of ODATA and RDATA, behind the header
	MaxList     = 63
	maxOptions  = 16
	fragmentLen = 16
)

// Flags and options (RFC 3208 sections 8 and 9).
const (
	optPresent = 0x01
	optNetwork = 0x02
	optParity  = 0x80

	optLength   = 0x00
	optFragment = 0x01
	optNakList  = 0x02
	optFin      = 0x0e
	optEnd      = 0x80
)

// Address families of an NLA (RFC 1700).
const (
	afiIP4 = 1
	afiIP6 = 2
)

// Errors of Parse. A packet with any of them is dropped.
var (
	ErrShort    = errors.New("pgm: packet is cut short")
	ErrChecksum = errors.New("pgm: wrong checksum")
	ErrType     = errors.New("pgm: unsupported packet")
	ErrOptions  = errors.New("pgm: malformed options")
	ErrAddress  = errors.New("pgm: unknown address family")
)

// Parse takes a packet apart. It reuses p.List, and p.Data becomes a part of b.
// Parity packets are unsupported: libzmq neither sends nor asks for them.
func (p *Packet) Parse(b []byte) error {
	if len(b) < headerLen {
		return ErrShort
	}
	*p = Packet{
		Type:   Type(b[4]),
		Source: binary.BigEndian.Uint16(b),
		Dest:   binary.BigEndian.Uint16(b[2:]),
		GSI:    [6]byte(b[8:14]),
		List:   p.List[:0],
	}
	data := p.Type == ODATA || p.Type == RDATA
	if sum := binary.BigEndian.Uint16(b[6:]); sum == 0 && data || sum != 0 && checksum(b) != 0 {
		return ErrChecksum
	}
	if b[5]&optParity != 0 {
		return ErrType
	}
	rest, err := p.parseBody(b[headerLen:])
	if err == nil && b[5]&optPresent != 0 {
		rest, err = p.parseOptions(rest)
	}
	if err != nil || !data {
		return err
	}
	p.Data = rest
	if len(rest) != int(binary.BigEndian.Uint16(b[14:])) {
		return ErrShort
	}
	return nil
}

// parseBody reads what each type has behind the header; it returns the rest.
func (p *Packet) parseBody(b []byte) (rest []byte, err error) {
	switch p.Type {
	case SPMR:
		return b, nil
	case SPM:
		if len(b) < 12 {
			return nil, ErrShort
		}
		p.Sqn, p.Trail, p.Lead = binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
		p.NLA, b, err = consumeNLA(b[12:])
		return b, err
	case ODATA, RDATA:
		if len(b) < dataLen {
			return nil, ErrShort
		}
		p.Sqn, p.Trail = binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
		return b[dataLen:], nil
	case NAK, NCF:
		if len(b) < 4 {
			return nil, ErrShort
		}
		p.List = append(p.List, binary.BigEndian.Uint32(b))
		if p.NLA, b, err = consumeNLA(b[4:]); err != nil {
			return nil, err
		}
		p.Group, b, err = consumeNLA(b)
		return b, err
	}
	return nil, ErrType
}

// parseOptions reads OPT_LENGTH and what follows; it returns the rest. Unknown
// options are skipped.
func (p *Packet) parseOptions(b []byte) (rest []byte, err error) {
	if len(b) < 4 || b[0]&^optEnd != optLength || b[1] != 4 {
		return nil, ErrOptions
	}
	total := int(binary.BigEndian.Uint16(b[2:]))
	if total < 4 || total > len(b) {
		return nil, ErrOptions
	}
	rest, b = b[total:], b[4:total]
	for range maxOptions {
		if len(b) < 4 || b[1] < 4 || int(b[1]) > len(b) {
			return nil, ErrOptions
		}
		option := b[:b[1]]
		p.parseOption(option)
		if option[0]&optEnd != 0 {
			return rest, nil
		}
		b = b[len(option):]
	}
	return nil, ErrOptions
}

func (p *Packet) parseOption(b []byte) {
	switch b[0] &^ optEnd {
	case optFragment:
		if len(b) == fragmentLen {
			p.Fragment = Fragment{binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint32(b[12:])}
		}
	case optNakList:
		for b = b[4:]; len(b) >= 4 && len(p.List) > 0 && len(p.List) < MaxList; b = b[4:] {
			p.List = append(p.List, binary.BigEndian.Uint32(b))
		}
	case optFin:
		p.Fin = p.Type == SPM
	}
}

// consumeNLA reads a network-layer address with its family.
func consumeNLA(b []byte) (a netip.Addr, rest []byte, err error) {
	if len(b) < 8 {
		return a, nil, ErrShort
	}
	switch binary.BigEndian.Uint16(b) {
	case afiIP4:
		return netip.AddrFrom4([4]byte(b[4:8])), b[8:], nil
	case afiIP6:
		if len(b) < 20 {
			return a, nil, ErrShort
		}
		return netip.AddrFrom16([16]byte(b[4:20])), b[20:], nil
	}
	return a, nil, ErrAddress
}

func appendNLA(b []byte, a netip.Addr) []byte {
	afi := uint16(afiIP4)
	if a.Is6() {
		afi = afiIP6
	}
	b = binary.BigEndian.AppendUint16(b, afi)
	b = append(b, 0, 0)
	return append(b, a.AsSlice()...)
}

// Append appends the packet as it goes on the wire.
func (p *Packet) Append(b []byte) []byte {
	start := len(b)
	b = binary.BigEndian.AppendUint16(b, p.Source)
	b = binary.BigEndian.AppendUint16(b, p.Dest)
	b = append(b, byte(p.Type), 0, 0, 0)
	b = append(b, p.GSI[:]...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(p.Data)))
	switch p.Type {
	case SPM:
		b = binary.BigEndian.AppendUint32(b, p.Sqn)
		b = binary.BigEndian.AppendUint32(b, p.Trail)
		b = binary.BigEndian.AppendUint32(b, p.Lead)
		b = appendNLA(b, p.NLA)
	case ODATA, RDATA:
		b = binary.BigEndian.AppendUint32(b, p.Sqn)
		b = binary.BigEndian.AppendUint32(b, p.Trail)
	case NAK, NCF:
		b = binary.BigEndian.AppendUint32(b, p.List[0])
		b = appendNLA(b, p.NLA)
		b = appendNLA(b, p.Group)
	}
	options := len(b)
	if b = p.appendOptions(b); len(b) > options {
		b[start+5] |= optPresent
		if len(p.List) > 1 {
			b[start+5] |= optNetwork
		}
	}
	b = append(b, p.Data...)
	seal(b[start:])
	return b
}

// appendOptions appends the one option that the packet has, if it has one,
// behind its OPT_LENGTH.
func (p *Packet) appendOptions(b []byte) []byte {
	begin := func(kind byte, size int) {
		b = append(b, optLength, 4)
		b = binary.BigEndian.AppendUint16(b, uint16(4+size))
		b = append(b, kind|optEnd, byte(size), 0, 0)
	}
	switch {
	case p.Fin:
		begin(optFin, 4)
	case len(p.List) > 1:
		begin(optNakList, 4+4*(len(p.List)-1))
		for _, n := range p.List[1:] {
			b = binary.BigEndian.AppendUint32(b, n)
		}
	case p.Fragment.Length > 0:
		begin(optFragment, fragmentLen)
		b = binary.BigEndian.AppendUint32(b, p.Fragment.First)
		b = binary.BigEndian.AppendUint32(b, p.Fragment.Offset)
		b = binary.BigEndian.AppendUint32(b, p.Fragment.Length)
	}
	return b
}

// seal writes the checksum of a whole packet.
func seal(b []byte) {
	b[6], b[7] = 0, 0
	sum := checksum(b)
	if sum == 0 {
		sum = 0xffff // 0 stands for none
	}
	binary.BigEndian.PutUint16(b[6:], sum)
}

// checksum is the Internet checksum (RFC 1071): 0 over a packet that holds a
// right one.
func checksum(b []byte) uint16 {
	var sum uint64
	for ; len(b) >= 32; b = b[32:] {
		sum += uint64(binary.BigEndian.Uint32(b)) + uint64(binary.BigEndian.Uint32(b[4:])) +
			uint64(binary.BigEndian.Uint32(b[8:])) + uint64(binary.BigEndian.Uint32(b[12:])) +
			uint64(binary.BigEndian.Uint32(b[16:])) + uint64(binary.BigEndian.Uint32(b[20:])) +
			uint64(binary.BigEndian.Uint32(b[24:])) + uint64(binary.BigEndian.Uint32(b[28:]))
	}
	for ; len(b) >= 4; b = b[4:] {
		sum += uint64(binary.BigEndian.Uint32(b))
	}
	var tail [4]byte
	copy(tail[:], b)
	sum += uint64(binary.BigEndian.Uint32(tail[:]))
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
