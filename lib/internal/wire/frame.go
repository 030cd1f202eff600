package wire

import (
	"encoding/binary"
	"math"

	"ztools/lib/internal/msg"
)

// Header is what stands in front of a frame's body.
type Header struct {
	Flags msg.Flags // More and Command
	Size  uint64    // bytes of the body, at most 1<<63 - 1
	Len   int       // bytes of the header itself
	Op    WSOp      // of WebSocket: WSBinary, or what the frame is instead of ZMTP's
	Mask  uint32    // of WebSocket: what the body is masked with, see Unmask
}

// Control reports whether the frame is none of ZMTP's but one of WebSocket's own.
func (h Header) Control() bool { return h.Op != 0 && h.Op != WSBinary }

// Unmask takes WebSocket's mask off the body, which must be whole.
func (h Header) Unmask(body []byte) {
	if h.Mask != 0 {
		WSMask(body, body, h.Mask, 0)
	}
}

// ConsumeHeader reads the header of the next frame. ok is false if b holds only
// a part of it. The size is what the peer says: see Header.Limit.
func ConsumeHeader(f Framing, b []byte) (h Header, ok bool, err error) {
	switch f {
	case V1:
		return consumeHeaderV1(b)
	case WS, WSMasked:
		return consumeHeaderWS(b, f == WSMasked)
	}
	flags, size, n := msg.ConsumeHeader(b)
	switch {
	case n == 0:
		return Header{}, false, nil
	case flags&^(msg.Wire|msg.Long) != 0:
		return Header{}, false, Violation(Unspecified, "frame has reserved flags")
	case flags&msg.Wire == msg.Wire:
		return Header{}, false, Violation(MalformedUnspecified, "command has the more flag")
	case size > math.MaxInt64:
		return Header{}, false, ErrSize
	}
	return Header{Flags: flags &^ msg.Long, Size: size, Len: n}, true, nil
}

// The size in a header of ZMTP 1.0 counts the flags, so it is never 0. Size FF
// says that 8 bytes of size follow. Only the lowest flag has a meaning; old
// peers leave anything in the others (RFC 13).
func consumeHeaderV1(b []byte) (h Header, ok bool, err error) {
	if len(b) == 0 {
		return Header{}, false, nil
	}
	size, n := uint64(b[0]), 2
	if size == 0xFF {
		n = headerLenV1
		if len(b) < n-1 {
			return Header{}, false, nil
		}
		size = binary.BigEndian.Uint64(b[1:])
	}
	switch {
	case size == 0:
		return Header{}, false, Violation(Unspecified, "frame has size 0")
	case size-1 > math.MaxInt64:
		return Header{}, false, ErrSize
	case len(b) < n:
		return Header{}, false, nil
	}
	return Header{Flags: msg.Flags(b[n-1]) & msg.More, Size: size - 1, Len: n}, true, nil
}

// headerLenV1 is the length of a long header of ZMTP 1.0.
const headerLenV1 = 10

// Limit is ErrSize if the body is larger than limit; a negative limit is none
// (ZMQ_MAXMSGSIZE).
func (h Header) Limit(limit int64) error {
	if limit >= 0 && h.Size > uint64(limit) {
		return ErrSize
	}
	return nil
}

// AppendHeaderV1 appends the header of a frame in ZMTP 1.0 form. Of flags only
// More is sent. (The 2.0 and 3.x form is msg.AppendHeader.)
func AppendHeaderV1(dst []byte, flags msg.Flags, size int) []byte {
	counted := uint64(size) + 1 // with the flags
	if counted < 0xFF {
		return append(dst, byte(counted), byte(flags&msg.More))
	}
	dst = append(dst, 0xFF)
	dst = binary.BigEndian.AppendUint64(dst, counted)
	return append(dst, byte(flags&msg.More))
}

// AppendFrameV1 appends a frame in ZMTP 1.0 form.
func AppendFrameV1(dst []byte, flags msg.Flags, body []byte) []byte {
	return append(AppendHeaderV1(dst, flags, len(body)), body...)
}

// AppendFrameV2 appends a frame in ZMTP 2.0 and 3.x form.
func AppendFrameV2(dst []byte, flags msg.Flags, body []byte) []byte {
	return append(msg.AppendHeader(dst, flags&msg.Wire, len(body)), body...)
}
