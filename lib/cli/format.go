package cli

import (
	"slices"
	"strings"
	"time"
)

// Record is one message of a stream: its parts and what is known about it.
type Record struct {
	Parts    [][]byte  // without the routing id
	ID       []byte    // routing id of the peer; nil where the type has none
	Group    string    // group of RADIO and DISH, or empty
	Time     time.Time // when it was received; zero if unknown
	Peer     string    // address of the peer, or empty
	Endpoint string    // the endpoint of this run, if there is exactly one
	Seq      int64     // number in this run, from 1
}

// Size is the number of bytes in all parts.
func (r *Record) Size() int {
	n := 0
	for _, p := range r.Parts {
		n += len(p)
	}
	return n
}

// reset empties the record and keeps its storage.
func (r *Record) reset() {
	*r = Record{Parts: r.Parts[:0]}
}

// Layout says how messages lie in a stream.
type Layout struct {
	Format    string // a name of Formats
	Delim     []byte // between messages in lines; nil: a newline
	PartDelim []byte // between parts; nil: a TAB
	Split     bool   // lines, nul: input has parts
	Routed    bool   // the first part is a routing id
	Escape    bool   // a person looks: control bytes are escaped
	MaxSize   int64  // largest message of the input in bytes
	Template  string // output only, instead of Format
}

// Encoder appends one message to dst. A format without output appends nothing.
type Encoder func(dst []byte, r *Record) ([]byte, error)

// Decoder reads the next message. Its bytes are valid until the next call.
// At the end it fails with io.EOF.
type Decoder func(r *Record) error

// format is one row of the table of formats.
type format struct {
	name    string
	meaning string
	delim   string // default delimiter between messages
	encode  func(Layout) Encoder
	decode  func(*Input, Layout) Decoder
}

// formats are the stream formats. The first is the default.
var formats = []format{
	{"lines", "a message a line", "\n", encodeText, decodeText},
	{"nul", "a message up to each NUL byte", "\x00", encodeText, decodeText},
	{"raw", "bytes, nothing added; input to its end is one message", "", encodeRaw, decodeRaw},
	{"frames", "ZMTP 3 frames: flags, length, body; lossless", "", encodeFrames, decodeFrames},
	{"json", "an object a line; lossless", "\n", encodeJSON, decodeJSON},
	{"hex", "a message a line, parts in hexadecimal; lossless", "\n", encodeHex, decodeHex},
	{"base64", "a message a line, parts in base64; lossless", "\n", encodeBase64, decodeBase64},
	{"quoted", "a message a line, parts as quoted strings; lossless", "\n", encodeQuoted, decodeQuoted},
	{"msgpack", "MessagePack arrays of bin; lossless", "", encodeMsgpack, decodeMsgpack},
	{"none", "no bytes: messages are only counted", "", encodeNone, decodeNone},
}

// Formats are the names of the stream formats; the first is the default.
func Formats() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

// FormatMeaning says in a few words what a format is.
func FormatMeaning(name string) string {
	f, _ := findFormat(name)
	return f.meaning
}

func findFormat(name string) (format, error) {
	at := slices.IndexFunc(formats, func(f format) bool { return f.name == name })
	if at < 0 {
		return format{}, Usagef("the formats are "+strings.Join(Formats(), " "), "unknown format %q", name)
	}
	return formats[at], nil
}

// NewEncoder makes the encoder of a layout. Errors are usage errors.
func NewEncoder(l Layout) (Encoder, error) {
	if l.Template != "" {
		return encodeTemplate(l.withDelims("\n"))
	}
	f, err := findFormat(l.Format)
	if err != nil {
		return nil, err
	}
	return f.encode(l.withDelims(f.delim)), nil
}

// NewDecoder makes the decoder of a layout over in. Errors are usage errors.
func NewDecoder(in *Input, l Layout) (Decoder, error) {
	f, err := findFormat(l.Format)
	if err != nil {
		return nil, err
	}
	return f.decode(in, l.withDelims(f.delim)), nil
}

func (l Layout) withDelims(delim string) Layout {
	if l.Delim == nil {
		l.Delim = []byte(delim)
	}
	if len(l.PartDelim) == 0 {
		l.PartDelim = []byte("\t")
	}
	return l
}

// encodeNone prints nothing.
func encodeNone(Layout) Encoder {
	return func(dst []byte, _ *Record) ([]byte, error) { return dst, nil }
}

// decodeNone has no messages but reads the stream to its end.
func decodeNone(in *Input, _ Layout) Decoder {
	return func(*Record) error {
		for {
			in.Take(len(in.Window()))
			if err := in.More(); err != nil {
				return err
			}
		}
	}
}
