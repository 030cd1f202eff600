package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// The formats of one message a line: parts joined by a delimiter, each part
// written by a function of its own. The routing id is the first part.

// appendPart appends the text of one part.
type appendPart func(dst, part []byte) []byte

// parsePart turns the text of a part into its bytes, in place where it can.
type parsePart func(text []byte) ([]byte, error)

func encodeText(l Layout) Encoder {
	part := appendPlain
	if l.Escape {
		part = appendEscaped
	}
	return func(dst []byte, r *Record) ([]byte, error) {
		if r.ID != nil {
			dst = appendID(dst, r.ID, l.PartDelim)
			dst = append(dst, l.PartDelim...)
		}
		return append(joinParts(dst, r.Parts, l.PartDelim, part), l.Delim...), nil
	}
}

func encodeRaw(l Layout) Encoder {
	return func(dst []byte, r *Record) ([]byte, error) {
		return joinParts(dst, r.Parts, nil, appendPlain), nil
	}
}

func encodeHex(l Layout) Encoder    { return encodeJoined(l, hex.AppendEncode) }
func encodeQuoted(l Layout) Encoder { return encodeJoined(l, appendQuoted) }
func encodeBase64(l Layout) Encoder {
	return encodeJoined(l, func(dst, part []byte) []byte { return base64.StdEncoding.AppendEncode(dst, part) })
}

// encodeJoined writes the routing id as it writes every part.
func encodeJoined(l Layout, part appendPart) Encoder {
	return func(dst []byte, r *Record) ([]byte, error) {
		if r.ID != nil {
			dst = append(part(dst, r.ID), l.PartDelim...)
		}
		return append(joinParts(dst, r.Parts, l.PartDelim, part), l.Delim...), nil
	}
}

func joinParts(dst []byte, parts [][]byte, delim []byte, part appendPart) []byte {
	for i, p := range parts {
		if i > 0 {
			dst = append(dst, delim...)
		}
		dst = part(dst, p)
	}
	return dst
}

func appendPlain(dst, part []byte) []byte { return append(dst, part...) }

func appendQuoted(dst, part []byte) []byte { return strconv.AppendQuote(dst, string(part)) }

// appendEscaped writes bytes that would drive a terminal as escapes.
func appendEscaped(dst, part []byte) []byte {
	for len(part) > 0 {
		r, n := utf8.DecodeRune(part)
		if r == utf8.RuneError && n <= 1 || !unicode.IsPrint(r) {
			dst = appendControl(dst, part[:n])
		} else {
			dst = append(dst, part[:n]...)
		}
		part = part[n:]
	}
	return dst
}

func appendControl(dst, raw []byte) []byte {
	short := map[byte]string{'\n': `\n`, '\t': `\t`, '\r': `\r`}
	if text, ok := short[raw[0]]; ok {
		return append(dst, text...)
	}
	for _, b := range raw {
		dst = append(dst, '\\', 'x')
		dst = hex.AppendEncode(dst, []byte{b})
	}
	return dst
}

// appendID writes a routing id as text if that reads back as the same id, and
// otherwise as 0x and hexadecimal.
func appendID(dst, id, delim []byte) []byte {
	if printable(id) && !bytes.HasPrefix(id, []byte("0x")) && !bytes.Contains(id, delim) {
		return append(dst, id...)
	}
	return hex.AppendEncode(append(dst, "0x"...), id)
}

// FormatID writes a routing id as text if printable, else as 0x….
func FormatID(id []byte) string { return string(appendID(nil, id, []byte("\t"))) }

// ParseID reads a routing id: text, or hexadecimal behind 0x.
func ParseID(text string) ([]byte, error) {
	digits, ok := bytes.CutPrefix([]byte(text), []byte("0x"))
	if !ok {
		return digits, nil
	}
	id, err := hex.AppendDecode(nil, digits)
	if err != nil {
		return nil, errors.New("bad hexadecimal in the routing id " + strconv.Quote(text))
	}
	return id, nil
}

func printable(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n <= 1 || !unicode.IsPrint(r) {
			return false
		}
		b = b[n:]
	}
	return true
}

var errNoID = errors.New("no routing id before the message")

func decodeText(in *Input, l Layout) Decoder {
	n := int64(0)
	return func(r *Record) error {
		text, err := in.Until(l.Delim)
		n++
		if err != nil {
			return inputError("message", n, err)
		}
		r.reset()
		if l.Routed {
			if text, err = cutID(r, text, l.PartDelim); err != nil {
				return inputError("message", n, err)
			}
		}
		if !l.Split {
			r.Parts = append(r.Parts, text)
			return nil
		}
		r.Parts = splitParts(r.Parts, text, l.PartDelim)
		return nil
	}
}

func cutID(r *Record, text, delim []byte) ([]byte, error) {
	id, rest, ok := bytes.Cut(text, delim)
	if !ok {
		return nil, errNoID
	}
	var err error
	r.ID, err = ParseID(string(id))
	return rest, err
}

func splitParts(parts [][]byte, text, delim []byte) [][]byte {
	for {
		part, rest, more := bytes.Cut(text, delim)
		parts = append(parts, part)
		if !more {
			return parts
		}
		text = rest
	}
}

func decodeRaw(in *Input, _ Layout) Decoder {
	return func(r *Record) error {
		all, err := in.All()
		if err != nil {
			return err
		}
		r.reset()
		r.Parts = append(r.Parts, all)
		return nil
	}
}

func decodeHex(in *Input, l Layout) Decoder {
	return decodeJoined(in, l, func(text []byte) ([]byte, error) {
		n, err := hex.Decode(text, text)
		return text[:n], err
	})
}

func decodeBase64(in *Input, l Layout) Decoder {
	return decodeJoined(in, l, func(text []byte) ([]byte, error) {
		n, err := base64.StdEncoding.Strict().Decode(text, text)
		return text[:n], err
	})
}

func decodeQuoted(in *Input, l Layout) Decoder {
	return decodeJoined(in, l, func(text []byte) ([]byte, error) {
		if len(text) == 0 || text[0] != '"' {
			return nil, errors.New("a part is not in double quotes")
		}
		s, err := strconv.Unquote(string(text))
		if err != nil {
			return nil, errors.New("bad escape in a quoted part")
		}
		return []byte(s), nil
	})
}

// decodeJoined splits a line at the part delimiter and parses each part.
func decodeJoined(in *Input, l Layout, parse parsePart) Decoder {
	n := int64(0)
	return func(r *Record) error {
		line, err := in.Until(l.Delim)
		n++
		if err != nil {
			return inputError("line", n, err)
		}
		r.reset()
		r.Parts = splitParts(r.Parts, bytes.TrimSuffix(line, []byte("\r")), l.PartDelim)
		for i, text := range r.Parts {
			if r.Parts[i], err = parse(text); err != nil {
				return inputError("line", n, err)
			}
		}
		return takeID(r, l)
	}
}

// takeID makes the first part the routing id where the layout has one.
func takeID(r *Record, l Layout) error {
	if !l.Routed {
		return nil
	}
	if len(r.Parts) < 2 {
		return errNoID
	}
	r.ID, r.Parts = r.Parts[0], r.Parts[1:]
	return nil
}
