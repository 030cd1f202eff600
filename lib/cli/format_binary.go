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

// A cutter finds the next part of a message at the front of b, and says how many are
// to come; errShort while bytes are missing.
type cutter func(b []byte, m *cutting) error

// cutting is a message of which some parts have been found. They are kept as places,
// since the window moves while more is read; none is looked for again then.
type cutting struct {
	parts []place
	at    int    // behind what was found
	left  uint32 // so many parts are to come; of frames one, as long as there are more
}

// place is where a part lies in the window.
type place struct{ from, to int }

// add notes a part whose body has that size, behind so many bytes.
func (m *cutting) add(head, size int) {
	from := m.at + head
	m.at = from + size
	m.parts = append(m.parts, place{from, m.at})
}

var errShort = errors.New("more bytes are needed")

func decodeWith(in *Input, l Layout, cut cutter) Decoder {
	number, m := int64(0), cutting{}
	return func(r *Record) error {
		number++
		r.reset()
		m = cutting{parts: m.parts[:0], left: 1}
		for m.left > 0 {
			err := cut(in.Window()[m.at:], &m)
			if err == errShort {
				err = in.More()
			}
			if err != nil {
				return inputError("message", number, err)
			}
		}
		window := in.Take(m.at)
		for _, p := range m.parts {
			r.Parts = append(r.Parts, window[p.from:p.to])
		}
		if err := takeID(r, l); err != nil {
			return inputError("message", number, err)
		}
		return nil
	}
}

func decodeFrames(in *Input, l Layout) Decoder { return decodeWith(in, l, cutFrames) }

func cutFrames(b []byte, m *cutting) error {
	body, n, more, err := cutFrame(b)
	if err != nil {
		return err
	}
	m.add(n-len(body), len(body))
	if !more {
		m.left = 0
	}
	return nil
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

// cutMsgpack reads the parts of an array of bin or str, or one bin or str alone.
func cutMsgpack(b []byte, m *cutting) error {
	if len(b) == 0 {
		return errShort
	}
	if m.at == 0 && msgp.NextType(b) == msgp.ArrayType {
		count, rest, err := msgp.ReadArrayHeaderBytes(b)
		if err != nil {
			return shortMsgpack(err)
		}
		if count == 0 {
			return errors.New("a message has no parts")
		}
		m.at, m.left = len(b)-len(rest), count
		return nil
	}
	part, rest, err := cutMsgpackPart(b)
	if err != nil {
		return shortMsgpack(err)
	}
	m.add(len(b)-len(rest)-len(part), len(part))
	m.left--
	return nil
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
