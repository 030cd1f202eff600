package cli

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/tinylib/msgp/msgp"
)

// The binary formats: ZMTP 3 frames (RFC 23) and MessagePack. Both decoders
// look at what has arrived and ask for more until one whole message is there,
// so an announced length never makes room by itself.

// Flags of a frame, RFC 23.
const (
	frameMore    = 1
	frameLong    = 2
	frameUnknown = ^byte(frameMore | frameLong)
)

func encodeFrames(l Layout) Encoder {
	return escaping(l, func(dst []byte, r *Record) ([]byte, error) {
		if r.ID != nil {
			dst = appendFrame(dst, r.ID, len(r.Parts) > 0)
		}
		for i, p := range r.Parts {
			dst = appendFrame(dst, p, i+1 < len(r.Parts))
		}
		return dst, nil
	})
}

func appendFrame(dst, body []byte, more bool) []byte {
	flags := byte(0)
	if more {
		flags = frameMore
	}
	if len(body) > 255 {
		dst = binary.BigEndian.AppendUint64(append(dst, flags|frameLong), uint64(len(body)))
	} else {
		dst = append(dst, flags, byte(len(body)))
	}
	return append(dst, body...)
}

// escaping escapes all control bytes when a person looks at a binary format.
func escaping(l Layout, e Encoder) Encoder {
	if !l.Escape {
		return e
	}
	return func(dst []byte, r *Record) ([]byte, error) {
		raw, err := e(nil, r)
		return append(appendEscaped(dst, raw), '\n'), err
	}
}

// cutter finds one message at the front of window: it appends the parts to r
// and returns the length, or errShort while bytes are missing.
type cutter func(window []byte, r *Record) (int, error)

var errShort = errors.New("more bytes are needed")

func decodeWith(in *Input, l Layout, cut cutter) Decoder {
	number := int64(0)
	return func(r *Record) error {
		number++
		for {
			r.reset()
			n, err := cut(in.Window(), r)
			if err == nil {
				in.Take(n)
				if err = takeID(r, l); err == nil {
					return nil
				}
			}
			if err == errShort {
				err = in.More()
			}
			if err != nil {
				return inputError("message", number, err)
			}
		}
	}
}

func decodeFrames(in *Input, l Layout) Decoder { return decodeWith(in, l, cutFrames) }

func cutFrames(window []byte, r *Record) (int, error) {
	at := 0
	for {
		body, n, more, err := cutFrame(window[at:])
		if err != nil {
			return 0, err
		}
		r.Parts = append(r.Parts, body)
		at += n
		if !more {
			return at, nil
		}
	}
}

func cutFrame(b []byte) (body []byte, n int, more bool, err error) {
	if len(b) == 0 {
		return nil, 0, false, errShort
	}
	if b[0]&frameUnknown != 0 {
		return nil, 0, false, fmt.Errorf("a frame has the unknown flags %#02x", b[0])
	}
	head, size := 2, uint64(0)
	if b[0]&frameLong != 0 {
		head = 9
	}
	if len(b) < head {
		return nil, 0, false, errShort
	}
	if size = uint64(b[1]); head == 9 {
		size = binary.BigEndian.Uint64(b[1:])
	}
	if size > uint64(len(b)-head) {
		return nil, 0, false, errShort
	}
	n = head + int(size)
	return b[head:n], n, b[0]&frameMore != 0, nil
}

func encodeMsgpack(l Layout) Encoder {
	return escaping(l, func(dst []byte, r *Record) ([]byte, error) {
		parts := uint32(len(r.Parts))
		if r.ID != nil {
			parts++
		}
		dst = msgp.AppendArrayHeader(dst, parts)
		if r.ID != nil {
			dst = msgp.AppendBytes(dst, r.ID)
		}
		for _, p := range r.Parts {
			dst = msgp.AppendBytes(dst, p)
		}
		return dst, nil
	})
}

func decodeMsgpack(in *Input, l Layout) Decoder { return decodeWith(in, l, cutMsgpack) }

// cutMsgpack reads an array of bin or str, or one bin or str alone.
func cutMsgpack(window []byte, r *Record) (int, error) {
	if len(window) == 0 {
		return 0, errShort
	}
	left, count := window, uint32(1)
	if msgp.NextType(window) == msgp.ArrayType {
		var err error
		if count, left, err = msgp.ReadArrayHeaderBytes(window); err != nil {
			return 0, shortMsgpack(err)
		}
	}
	if count == 0 {
		return 0, errors.New("a message has no parts")
	}
	for range count {
		part, rest, err := cutMsgpackPart(left)
		if err != nil {
			return 0, shortMsgpack(err)
		}
		r.Parts, left = append(r.Parts, part), rest
	}
	return len(window) - len(left), nil
}

func cutMsgpackPart(b []byte) (part, rest []byte, err error) {
	if msgp.NextType(b) == msgp.StrType {
		return msgp.ReadStringZC(b)
	}
	return msgp.ReadBytesZC(b)
}

func shortMsgpack(err error) error {
	if errors.Is(err, msgp.ErrShortBytes) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errShort
	}
	return fmt.Errorf("bad MessagePack: %w", err)
}
