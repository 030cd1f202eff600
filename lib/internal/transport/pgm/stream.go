package pgm

import (
	"encoding/binary"
	"errors"

	"ztools/lib/internal/msg"
	"ztools/lib/internal/wire"
)

// Messages travel as libzmq's pgm_sender.cpp packs them: frames in ZMTP 1.0
// framing are a stream of bytes, cut into packets. In front of each packet's
// part stands where in it, counted from behind these two bytes, the first
// message begins, or noOffset; there a receiver can begin to understand.

// noOffset says that no message begins in a packet.
const noOffset = 0xffff

// offsetLen is the length of that number.
const offsetLen = 2

// headerMax is the longest header of a frame in either framing.
const headerMax = 10

// A packer cuts messages into packets.
type packer struct {
	next func() []byte              // a new packet's payload, empty
	send func(payload []byte) error // the payload is done

	payload []byte // under way; nil: none
	inside  bool   // a message has begun and not ended
}

// Pack packs whole messages, and sends all of them.
func (p *packer) Pack(frames wire.Walk, next func() []byte, send func([]byte) error) error {
	p.next, p.send = next, send
	for {
		flags, body, ok := frames.Next()
		if !ok {
			return p.flush()
		}
		if !p.inside {
			if err := p.mark(); err != nil {
				return err
			}
		}
		var header [headerMax]byte
		if err := p.put(wire.AppendHeaderV1(header[:0], flags, len(body))); err != nil {
			return err
		}
		if err := p.put(body); err != nil {
			return err
		}
		p.inside = flags&msg.More != 0
	}
}

// mark notes that a message begins at this place.
func (p *packer) mark() error {
	if err := p.room(); err != nil {
		return err
	}
	p.note()
	return nil
}

func (p *packer) note() {
	if binary.BigEndian.Uint16(p.payload) == noOffset {
		binary.BigEndian.PutUint16(p.payload, uint16(len(p.payload)-offsetLen))
	}
}

// room makes sure that a byte fits.
func (p *packer) room() error {
	if p.payload != nil && len(p.payload) == cap(p.payload) {
		if err := p.flush(); err != nil {
			return err
		}
	}
	if p.payload == nil {
		p.payload = binary.BigEndian.AppendUint16(p.next(), noOffset)
	}
	return nil
}

func (p *packer) put(b []byte) error {
	for len(b) > 0 {
		if err := p.room(); err != nil {
			return err
		}
		n := min(len(b), cap(p.payload)-len(p.payload))
		p.payload = append(p.payload, b[:n]...)
		b = b[n:]
	}
	return nil
}

// flush sends the packet under way. Where it ends with a message, a receiver
// can begin at its end.
func (p *packer) flush() error {
	if p.payload == nil {
		return nil
	}
	if !p.inside {
		p.note()
	}
	payload := p.payload
	p.payload = nil
	return p.send(payload)
}

// errStream says that a session's data makes no sense.
var errStream = errors.New("pgm: malformed message")

// An unpacker puts a session's messages together again.
type unpacker struct {
	limit   int64  // of a frame's body, in bytes; negative: none
	joined  bool   // knows where messages begin
	partial []byte // the message under way, in ZMTP 2.0 framing
	header  []byte // of the next frame, as far as it is here; ZMTP 1.0
	left    uint64 // bytes of the frame that are still to come
	more    bool   // of the frame under way
}

// open reports whether a message is under way.
func (u *unpacker) open() bool { return len(u.partial) > 0 || len(u.header) > 0 }

// lost drops the message under way; the next packets are skipped up to the
// beginning of a message.
func (u *unpacker) lost() {
	*u = unpacker{limit: u.limit}
}

// add takes in the next packet's data and appends the messages that are whole
// now to out, in ZMTP 2.0 framing. After an error lost is to be called.
func (u *unpacker) add(out, data []byte) ([]byte, error) {
	if len(data) < offsetLen {
		return out, errStream
	}
	offset := int(binary.BigEndian.Uint16(data))
	data = data[offsetLen:]
	if !u.joined {
		if offset == noOffset {
			return out, nil
		}
		if offset > len(data) {
			return out, errStream
		}
		data, u.joined = data[offset:], true
	}
	for len(data) > 0 {
		if n := min(u.left, uint64(len(data))); n > 0 {
			u.partial = append(u.partial, data[:n]...)
			u.left -= n
			data = data[n:]
		} else {
			var err error
			if data, err = u.begin(data); err != nil {
				return out, err
			}
		}
		if u.left == 0 && len(u.header) == 0 && !u.more {
			out = append(out, u.partial...)
			u.shrink()
		}
	}
	return out, nil
}

// keep is how much memory an unpacker keeps between messages, in bytes.
const keep = 64 << 10

func (u *unpacker) shrink() {
	if u.partial = u.partial[:0]; cap(u.partial) > keep {
		u.partial = nil
	}
}

// begin reads the header of the next frame and appends its counterpart.
func (u *unpacker) begin(data []byte) ([]byte, error) {
	n := min(headerMax-len(u.header), len(data))
	had := len(u.header)
	u.header = append(u.header, data[:n]...)
	h, ok, err := wire.ConsumeHeader(wire.V1, u.header)
	if err != nil {
		return nil, err
	}
	if !ok {
		return data[n:], nil
	}
	if err := h.Limit(u.limit); err != nil {
		return nil, err
	}
	u.header = u.header[:0]
	u.left, u.more = h.Size, h.Flags&msg.More != 0
	u.partial = msg.AppendHeader(u.partial, h.Flags, int(h.Size))
	return data[h.Len-had:], nil
}

// maxAPDU is the largest piece of application data that may come in fragments,
// in bytes.
const maxAPDU = 1<<16 - 1

// An assembly puts the fragments of one APDU together, which come in order.
type assembly struct {
	first  uint32
	length uint32
	data   []byte
}

// open reports whether an APDU is under way.
func (a *assembly) open() bool { return len(a.data) > 0 }

func (a *assembly) reset() { *a = assembly{} }

// add takes in the next fragment; whole is the APDU when that was its last.
// After an error reset is to be called.
func (a *assembly) add(sqn uint32, data []byte, f Fragment) (whole []byte, err error) {
	if f.First == sqn {
		*a = assembly{first: sqn, length: f.Length, data: a.data[:0]}
	}
	if f.First != a.first || f.Length != a.length || int(f.Offset) != len(a.data) ||
		f.Length > maxAPDU || len(data) == 0 || len(data) > int(f.Length)-len(a.data) {
		return nil, errStream
	}
	if a.data = append(a.data, data...); len(a.data) < int(f.Length) {
		return nil, nil
	}
	whole, a.data = a.data, nil
	return whole, nil
}
