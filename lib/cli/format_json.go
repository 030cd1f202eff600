package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// The JSON format: one object a line, {"parts":["text",{"b64":"…"}],"time":…,
// "peer":…,"id":…,"group":…}. Text that is valid UTF-8 is a string, anything
// else an object with b64, so every byte survives.

func encodeJSON(l Layout) Encoder {
	return func(dst []byte, r *Record) ([]byte, error) {
		dst = append(dst, `{"parts":[`...)
		dst = joinParts(dst, r.Parts, []byte(","), appendJSON)
		dst = append(dst, ']')
		if !r.Time.IsZero() {
			dst = append(dst, `,"time":"`...)
			dst = append(r.Time.AppendFormat(dst, time.RFC3339Nano), '"')
		}
		if r.Peer != "" {
			dst = appendJSON(append(dst, `,"peer":`...), []byte(r.Peer))
		}
		if r.ID != nil {
			dst = appendJSON(append(dst, `,"id":`...), r.ID)
		}
		if r.Group != "" {
			dst = appendJSON(append(dst, `,"group":`...), []byte(r.Group))
		}
		return append(append(dst, '}'), l.Delim...), nil
	}
}

// appendJSON writes bytes as a JSON string, or as {"b64":"…"} if they are no UTF-8.
func appendJSON(dst, b []byte) []byte {
	if !utf8.Valid(b) {
		dst = append(dst, `{"b64":"`...)
		return append(base64.StdEncoding.AppendEncode(dst, b), `"}`...)
	}
	dst = append(dst, '"')
	for _, r := range string(b) {
		dst = appendJSONRune(dst, r)
	}
	return append(dst, '"')
}

func appendJSONRune(dst []byte, r rune) []byte {
	switch {
	case r == '"' || r == '\\':
		return append(dst, '\\', byte(r))
	case r == '\n':
		return append(dst, `\n`...)
	case r == '\r':
		return append(dst, `\r`...)
	case r == '\t':
		return append(dst, `\t`...)
	case r < 0x20 || r >= 0x7f && r < 0xa0:
		return fmt.Appendf(dst, `\u%04x`, r)
	}
	return utf8.AppendRune(dst, r)
}

// jsonBytes reads a string or {"b64":"…"}.
type jsonBytes []byte

func (b *jsonBytes) UnmarshalJSON(data []byte) error {
	if data[0] == '"' {
		var text string
		err := json.Unmarshal(data, &text)
		*b = append(jsonBytes{}, text...)
		return err
	}
	var binary struct{ B64 *string }
	if err := json.Unmarshal(data, &binary); err != nil {
		return err
	}
	if binary.B64 == nil {
		return errors.New(`a part is neither a string nor {"b64":"…"}`)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(*binary.B64)
	*b = append(jsonBytes{}, raw...)
	return err
}

// jsonRecord is the object of one line.
type jsonRecord struct {
	Parts []jsonBytes
	Time  time.Time
	Peer  string
	ID    jsonBytes
	Group string
}

func decodeJSON(in *Input, l Layout) Decoder {
	n := int64(0)
	return func(r *Record) error {
		for {
			line, err := in.Until(l.Delim)
			n++
			if err != nil {
				return inputError("line", n, err)
			}
			if len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			if err := parseJSON(r, line, l.Routed); err != nil {
				return inputError("line", n, err)
			}
			return nil
		}
	}
}

func parseJSON(r *Record, line []byte, routed bool) error {
	if !utf8.Valid(line) {
		return errors.New(`JSON must be UTF-8: other bytes go into {"b64":"…"}`)
	}
	var j jsonRecord
	if err := json.Unmarshal(line, &j); err != nil {
		return fmt.Errorf("bad JSON: %w", err)
	}
	if len(j.Parts) == 0 {
		return errors.New(`a message needs "parts":[…] with one part or more`)
	}
	if routed && j.ID == nil {
		return errors.New(`a message needs an "id" to say which peer gets it`)
	}
	r.reset()
	for _, p := range j.Parts {
		r.Parts = append(r.Parts, p)
	}
	r.ID, r.Group, r.Time, r.Peer = j.ID, j.Group, j.Time, j.Peer
	return nil
}
