package cli

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"text/template"
	"time"
)

// message is what a --template sees as its dot.
type message struct {
	*Record
	text  func([]byte) string
	first time.Time // of the run
	last  time.Time // of the message before
}

func (m message) bytes(n int) []byte {
	if n < 1 || n > len(m.Record.Parts) {
		return nil
	}
	return m.Record.Parts[n-1]
}

// Part is the text of part n, counted from 1; empty if there is no such part.
func (m message) Part(n int) string { return m.text(m.bytes(n)) }

// Len is the length of part n in bytes.
func (m message) Len(n int) int { return len(m.bytes(n)) }

// Hex is part n in hexadecimal.
func (m message) Hex(n int) string { return hex.EncodeToString(m.bytes(n)) }

// Base64 is part n in base64.
func (m message) Base64(n int) string { return base64.StdEncoding.EncodeToString(m.bytes(n)) }

// Body is the text of the last part.
func (m message) Body() string { return m.Part(len(m.Record.Parts)) }

// Parts are the texts of all parts.
func (m message) Parts() []string {
	var texts []string
	for _, p := range m.Record.Parts {
		texts = append(texts, m.text(p))
	}
	return texts
}

// Count is the number of the message in this run, from 1, as in --data.
func (m message) Count() int64 { return m.Seq }

// ID is the routing id, as text if printable, else 0x….
func (m message) ID() string {
	if m.Record.ID == nil {
		return ""
	}
	return FormatID(m.Record.ID)
}

// Time is when the message came, RFC 3339 with nanoseconds.
func (m message) Time() string { return m.Record.Time.Format(time.RFC3339Nano) }

// Delta is the time since the message before.
func (m message) Delta() time.Duration { return m.Record.Time.Sub(m.last) }

// Elapsed is the time since the first message.
func (m message) Elapsed() time.Duration { return m.Record.Time.Sub(m.first) }

// TemplateFields documents what a --template can print.
var TemplateFields = []struct{ Field, Meaning string }{
	{"{{.Part 1}}", "text of part 1"},
	{"{{.Body}}", "text of the last part"},
	{"{{.Parts}}", "all parts, for range and join"},
	{"{{len .Parts}}", "number of parts"},
	{"{{.Len 1}}", "length of part 1 in bytes"},
	{"{{.Size}}", "length of all parts in bytes"},
	{"{{.Hex 1}}", "part 1 in hexadecimal"},
	{"{{.Base64 1}}", "part 1 in base64"},
	{"{{.Seq}}", "number of the message, from 1"},
	{"{{.Time}}", "time it came, RFC 3339 with nanoseconds"},
	{"{{.Delta}}", "time since the message before"},
	{"{{.Elapsed}}", "time since the first message"},
	{"{{.ID}}", "routing id of the peer"},
	{"{{.Group}}", "group"},
	{"{{.Peer}}", "address of the peer"},
	{"{{.Endpoint}}", "endpoint of this run"},
}

var templateFuncs = template.FuncMap{"join": strings.Join, "upper": strings.ToUpper, "lower": strings.ToLower, "trim": strings.TrimSpace}

// encodeTemplate formats messages with a text/template.
func encodeTemplate(l Layout) (Encoder, error) {
	t, err := parseTemplate("--template", l.Template)
	if err != nil {
		return nil, err
	}
	m := message{text: func(b []byte) string { return string(b) }}
	if l.Escape {
		m.text = func(b []byte) string { return string(appendEscaped(nil, b)) }
	}
	return func(dst []byte, r *Record) ([]byte, error) {
		if m.Record = r; m.first.IsZero() {
			m.first, m.last = r.Time, r.Time
		}
		w := appender{dst}
		err := t.Execute(&w, m)
		m.last = r.Time
		return append(w.buf, l.Delim...), err
	}, nil
}

func parseTemplate(flag, text string) (*template.Template, error) {
	t, err := template.New(flag).Funcs(templateFuncs).Parse(text)
	if err != nil {
		return nil, Usagef("fields look like {{.Part 1}}, {{.Seq}}, {{.Time}}; the man page lists them", "bad %s: %v", flag, err)
	}
	return t, nil
}

// appender is an io.Writer onto a slice.
type appender struct{ buf []byte }

func (a *appender) Write(b []byte) (int, error) {
	a.buf = append(a.buf, b...)
	return len(b), nil
}

// Counter expands {{.Count}} in a text that is sent again and again.
type Counter struct{ t *template.Template }

// NewCounter parses text; a bad template is a usage error.
func NewCounter(text string) (*Counter, error) {
	t, err := parseTemplate("--data", text)
	return &Counter{t}, err
}

// Append appends the text of the n-th message: {{.Count}} is n, {{.Time}} is now.
func (c *Counter) Append(dst []byte, n int64, now time.Time) ([]byte, error) {
	w := appender{dst}
	err := c.t.Execute(&w, struct {
		Count int64
		Time  string
	}{n, now.Format(time.RFC3339Nano)})
	return w.buf, err
}
