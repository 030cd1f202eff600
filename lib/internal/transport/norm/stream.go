package norm

import (
	"errors"

	"ztools/lib/internal/msg"
	"ztools/lib/internal/wire"
)

// Messages travel as in libzmq's norm_engine.cpp: each frame in ZMTP 2.0 framing
// with one byte in front, first for the first frame of a message and later for the
// others. The bytes are a stream, cut into segments; each tells its place in the
// stream and where in it the first message begins.

const (
	first = 0x00
	later = 0xff
)

// A segment is the vector that is coded: length, start, offset and data.
type segment []byte

func (s segment) length() int    { return int(be.Uint16(s)) }
func (s segment) start() int     { return int(be.Uint16(s[2:])) } // of a message, plus 1; 0: none
func (s segment) offset() uint32 { return be.Uint32(s[4:]) }

// data is what the segment carries; ok is false if it is not whole.
func (s segment) data() (b []byte, ok bool) {
	if len(s) < streamHeader || s.length() > len(s)-streamHeader || s.start() > s.length() {
		return nil, false
	}
	return s[streamHeader : streamHeader+s.length()], true
}

// A packer cuts messages into segments.
type packer struct {
	next func() []byte // memory for a segment, of its full size
	send func([]byte) error

	seg    segment // under way; nil: none
	at     int     // where in seg the next byte goes
	start  int
	offset uint32 // of the next segment
	inside bool   // a message has begun and not ended
}

// Pack packs whole messages, and sends all of them.
func (p *packer) Pack(frames wire.Walk, next func() []byte, send func([]byte) error) error {
	p.next, p.send = next, send
	for {
		flags, body, ok := frames.Next()
		if !ok {
			return p.flush()
		}
		var header [1 + msg.HeaderMax]byte
		if header[0] = first; p.inside {
			header[0] = later
		}
		h := msg.AppendHeader(header[:1], flags&msg.Wire, len(body))
		if err := p.put(h, !p.inside); err != nil {
			return err
		}
		if err := p.put(body, false); err != nil {
			return err
		}
		p.inside = flags&msg.More != 0
	}
}

// put appends bytes; begin says that a message begins with them.
func (p *packer) put(b []byte, begin bool) error {
	for len(b) > 0 {
		if p.seg == nil {
			p.seg, p.at, p.start = p.next(), streamHeader, 0
		}
		if begin && p.start == 0 {
			p.start = p.at - streamHeader + 1
		}
		begin = false
		n := copy(p.seg[p.at:], b)
		p.at += n
		if b = b[n:]; p.at == len(p.seg) {
			if err := p.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush sends the segment under way.
func (p *packer) flush() error {
	if p.seg == nil {
		return nil
	}
	s := p.seg[:p.at]
	be.PutUint16(s, uint16(p.at-streamHeader))
	be.PutUint16(s[2:], uint16(p.start))
	be.PutUint32(s[4:], p.offset)
	p.offset += uint32(p.at - streamHeader)
	p.seg = nil
	return p.send(s)
}

// errStream says that a stream makes no sense.
var errStream = errors.New("norm: malformed message")

// An unpacker puts a stream's messages together again.
type unpacker struct {
	limit   int64 // of a frame's body, in bytes; negative: none
	joined  bool  // knows where messages begin
	broken  bool  // did so, and something was lost since anybody asked
	offset  uint32
	partial []byte // the message under way, in ZMTP 2.0 framing
	header  []byte // of the next frame, with its first byte, as far as it is here
	left    uint64 // bytes of the frame that are still to come
	more    bool   // of the frame under way
}

// open reports whether a message is under way.
func (u *unpacker) open() bool { return len(u.partial) > 0 || len(u.header) > 0 }

// lost drops the message under way; bytes are skipped up to the beginning of one.
func (u *unpacker) lost() { *u = unpacker{limit: u.limit, broken: u.broken || u.joined} }

// add takes in the next segment and appends the messages that are whole now to
// out, in ZMTP 2.0 framing. After an error lost is to be called.
func (u *unpacker) add(out []byte, s segment) ([]byte, error) {
	b, ok := s.data()
	if !ok || u.joined && s.offset() != u.offset {
		return out, errStream
	}
	if !u.joined {
		if s.start() == 0 || b[s.start()-1] != first {
			return out, nil
		}
		u.joined = true
		b = b[s.start()-1:]
	}
	u.offset = s.offset() + uint32(s.length())
	for len(b) > 0 {
		if n := min(u.left, uint64(len(b))); n > 0 {
			u.partial = append(u.partial, b[:n]...)
			u.left -= n
			b = b[n:]
		} else {
			var err error
			if b, err = u.begin(b); err != nil {
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

// begin reads the header of the next frame.
func (u *unpacker) begin(b []byte) ([]byte, error) {
	had := len(u.header)
	u.header = append(u.header, b[:min(1+msg.HeaderMax-had, len(b))]...)
	if want := byte(first); u.header[0] != want && !u.more || u.header[0] != later && u.more {
		return nil, errStream
	}
	h, ok, err := wire.ConsumeHeader(wire.V2, u.header[1:])
	if err != nil {
		return nil, err
	}
	if !ok {
		return b[len(u.header)-had:], nil
	}
	if err := h.Limit(u.limit); err != nil {
		return nil, err
	}
	if h.Flags&msg.Command != 0 {
		return nil, errStream
	}
	u.header = u.header[:0]
	u.left, u.more = h.Size, h.Flags&msg.More != 0
	u.partial = msg.AppendHeader(u.partial, h.Flags, int(h.Size))
	return b[1+h.Len-had:], nil
}
