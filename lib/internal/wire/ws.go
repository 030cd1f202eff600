package wire

import (
	"encoding/binary"
	"math"
	"math/bits"

	"ztools/lib/internal/msg"
)

// WebSocket frames (RFC 6455, section 5) as ZWS 2.0 uses them (RFC 45): each ZMTP
// frame is one binary message in one frame, whose payload is a byte of flags and
// the body.

// The bits of a payload's first byte. Others mean nothing.
const (
	wsMore    = 1 << 0
	wsCommand = 1 << 1
)

// WSOp is the opcode of a WebSocket frame.
type WSOp byte

// The opcodes that ZWS 2.0 knows.
const (
	WSBinary WSOp = 0x2
	WSClose  WSOp = 0x8
	WSPing   WSOp = 0x9
	WSPong   WSOp = 0xA
)

// WSHeaderMax is the longest header of a WebSocket frame, in bytes.
const WSHeaderMax = 14

// WSControlMax is the longest payload of CLOSE, PING and PONG, in bytes.
const WSControlMax = 125

const (
	wsFinal  = 0x80 // the only, or last, frame of its message
	wsMasked = 0x80 // beside the size
	wsSize16 = 126  // 2 bytes of size follow
	wsSize64 = 127  // 8 bytes of size follow
)

// WSHeader is what stands in front of a WebSocket frame's payload.
type WSHeader struct {
	Op     WSOp
	Masked bool
	Mask   uint32 // big endian, as it stands
	Size   uint64 // bytes of the payload, at most 1<<63 - 1
	Len    int    // bytes of the header itself
}

// ConsumeWSHeader reads the header of the next frame. ok is false if b holds only
// a part of it. masked says whether the peer has to mask: a client must, a server
// must not. A binary frame has a payload of at least a byte. Fragments and texts
// are errors, as libzmq has it.
func ConsumeWSHeader(b []byte, masked bool) (h WSHeader, ok bool, err error) {
	if len(b) < 2 {
		return WSHeader{}, false, nil
	}
	h = WSHeader{Op: WSOp(b[0] &^ wsFinal), Masked: b[1]&wsMasked != 0, Size: uint64(b[1] &^ wsMasked), Len: 2}
	if err := h.check(b[0], masked); err != nil {
		return WSHeader{}, false, err
	}
	switch h.Size {
	case wsSize16:
		h.Len = 4
	case wsSize64:
		h.Len = 10
	}
	if masked {
		h.Len += 4
	}
	if len(b) < h.Len {
		return WSHeader{}, false, nil
	}
	switch h.Size {
	case wsSize16:
		h.Size = uint64(binary.BigEndian.Uint16(b[2:]))
	case wsSize64:
		h.Size = binary.BigEndian.Uint64(b[2:])
	}
	if masked {
		h.Mask = binary.BigEndian.Uint32(b[h.Len-4:])
	}
	switch {
	case h.Size > math.MaxInt64:
		return WSHeader{}, false, ErrSize
	case h.Size == 0 && h.Op == WSBinary:
		return WSHeader{}, false, Violation(WSUnspecified, "websocket frame without flags")
	}
	return h, true, nil
}

// check refuses what the first two bytes already tell.
func (h *WSHeader) check(first byte, masked bool) error {
	switch {
	case first&wsFinal == 0:
		return Violation(WSUnspecified, "websocket message in fragments")
	case h.Masked != masked:
		return Violation(WSUnspecified, "websocket frame is masked by the wrong side")
	}
	switch h.Op {
	case WSBinary:
		return nil
	case WSClose, WSPing, WSPong:
		if h.Size <= WSControlMax {
			return nil
		}
		return Violation(WSUnspecified, "websocket control frame is too long")
	}
	return Violation(WSUnspecified, "websocket frame is not binary")
}

// AppendWSHeader appends the header of a frame. Len is ignored.
func AppendWSHeader(dst []byte, h WSHeader) []byte {
	var bit byte
	if h.Masked {
		bit = wsMasked
	}
	first := wsFinal | byte(h.Op)
	switch {
	case h.Size < wsSize16:
		dst = append(dst, first, bit|byte(h.Size))
	case h.Size <= math.MaxUint16:
		dst = append(dst, first, bit|wsSize16, byte(h.Size>>8), byte(h.Size))
	default:
		dst = append(dst, first, bit|wsSize64)
		dst = binary.BigEndian.AppendUint64(dst, h.Size)
	}
	if h.Masked {
		dst = binary.BigEndian.AppendUint32(dst, h.Mask)
	}
	return dst
}

// consumeHeaderWS is ConsumeHeader for ZWS 2.0: the byte of flags counts as part
// of the header.
func consumeHeaderWS(b []byte, masked bool) (Header, bool, error) {
	w, ok, err := ConsumeWSHeader(b, masked)
	if !ok {
		return Header{}, false, err
	}
	h := Header{Size: w.Size, Len: w.Len, Op: w.Op, Mask: w.Mask}
	if w.Op != WSBinary {
		return h, true, nil
	}
	if len(b) == h.Len {
		return Header{}, false, nil
	}
	h.Flags = wsFlags(b[h.Len] ^ byte(h.Mask>>24))
	h.Size--
	h.Len++
	h.Mask = bits.RotateLeft32(h.Mask, 8)
	if h.Flags&msg.Wire == msg.Wire {
		return Header{}, false, Violation(MalformedUnspecified, "command has the more flag")
	}
	return h, true, nil
}

// wsFlags are the flags of ZMTP 3 for those of ZWS 2.0.
func wsFlags(b byte) msg.Flags { return msg.Flags(b&wsMore | b&wsCommand<<1) }

// AppendFrameWS appends a frame of ZWS 2.0; a client has to mask it.
func AppendFrameWS(dst []byte, flags msg.Flags, body []byte, masked bool, mask uint32) []byte {
	dst = AppendWSHeader(dst, WSHeader{Op: WSBinary, Masked: masked, Mask: mask, Size: uint64(len(body)) + 1})
	first := byte(flags&msg.More | flags&msg.Command>>1)
	if !masked {
		return append(append(dst, first), body...)
	}
	dst = append(dst, first^byte(mask>>24))
	at := len(dst)
	dst = append(dst, body...)
	WSMask(dst[at:], dst[at:], mask, 1)
	return dst
}

// AppendControlWS appends a CLOSE, PING or PONG with a payload of at most
// WSControlMax bytes.
func AppendControlWS(dst []byte, op WSOp, payload []byte, masked bool, mask uint32) []byte {
	dst = AppendWSHeader(dst, WSHeader{Op: op, Masked: masked, Mask: mask, Size: uint64(len(payload))})
	at := len(dst)
	dst = append(dst, payload...)
	if masked {
		WSMask(dst[at:], dst[at:], mask, 0)
	}
	return dst
}

// WSMask masks, or unmasks, src into dst, which has the same length and may be
// src. The first byte is number at of the payload.
func WSMask(dst, src []byte, mask uint32, at int) {
	mask = mask<<(at%4*8) | mask>>(32-at%4*8)
	wide := uint64(mask)<<32 | uint64(mask)
	dst = dst[:len(src)]
	for len(src) >= 32 {
		s, d := src[:32], dst[:32]
		for i := 0; i < 32; i += 8 {
			binary.BigEndian.PutUint64(d[i:], binary.BigEndian.Uint64(s[i:])^wide)
		}
		src, dst = src[32:], dst[32:]
	}
	for len(src) >= 8 {
		binary.BigEndian.PutUint64(dst, binary.BigEndian.Uint64(src)^wide)
		src, dst = src[8:], dst[8:]
	}
	for i, b := range src {
		dst[i] = b ^ byte(mask>>(24-i%4*8))
	}
}
