package curve

import (
	"bytes"
	"errors"
)

// A certificate is a ZPL text (RFC 4): names, each with a value or with names
// below it, indented by four spaces a level:
//
//	metadata
//	    name = "Alice"
//	curve
//	    public-key = "…"
//	    secret-key = "…"        only in NAME_secret
//
// What CZMQ 4.2 accepts decides where the RFC leaves room: the value may stand
// in double quotes, single quotes or none, and # begins a comment outside of
// them. Of a certificate everything but the two sections is passed over.

// The names in a certificate.
const (
	zplCurve  = "curve"
	zplMeta   = "metadata"
	zplPublic = "public-key"
	zplSecret = "secret-key"
	zplIndent = 4 // spaces
)

var (
	errIndent = errors.New("a level is indented by four spaces, and one at a time")
	errName   = errors.New("not a name")
	errValue  = errors.New("not a value: = and a text, in quotes if it holds a #")
	errTwice  = errors.New("the key is there twice")
)

// isCertificate tells a certificate from all other formats: it has the section
// curve, which is no line of theirs.
func isCertificate(text []byte) bool {
	for line := range bytes.Lines(text) {
		name, rest := cutName(line)
		if string(name) == zplCurve && checkEnd(rest) == nil {
			return true
		}
	}
	return false
}

// zplParser reads a certificate into entry.
type zplParser struct {
	entry *Entry
	path  []string // the names above the next line, and the one before it
}

func (p *zplParser) line(line []byte) error {
	line = bytes.TrimRight(line, " \t\r\n\v\f")
	text := bytes.TrimLeft(line, " ")
	indent := len(line) - len(text)
	if indent%zplIndent != 0 {
		return errIndent
	}
	name, rest := cutName(text)
	if len(name) == 0 {
		return checkEnd(text)
	}
	if name[0] == '/' || name[len(name)-1] == '/' {
		return errName
	}
	value, err := parseValue(rest)
	if err != nil {
		return err
	}
	level := indent / zplIndent
	if level > len(p.path) {
		return errIndent
	}
	p.path = append(p.path[:level], string(name))
	if level != 1 {
		return nil
	}
	return p.item(p.path[0], p.path[1], value)
}

// item takes a value of a section.
func (p *zplParser) item(section, name string, value []byte) error {
	switch {
	case section == zplMeta:
		p.entry.Meta = append(p.entry.Meta, Property{name, string(value)})
	case section == zplCurve && name == zplPublic:
		return p.key(&p.entry.Public, value)
	case section == zplCurve && name == zplSecret:
		return p.key(&p.entry.Secret, value)
	}
	return nil
}

func (p *zplParser) key(half **Key, text []byte) error {
	if *half != nil {
		return errTwice
	}
	k, err := ParseKey(text)
	if err != nil {
		return err
	}
	*half = &k
	return nil
}

// cutName cuts the name off a line.
func cutName(line []byte) (name, rest []byte) {
	n := 0
	for n < len(line) && isNameByte(line[n]) {
		n++
	}
	return line[:n], line[n:]
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || bytes.IndexByte([]byte("$-_@.&+/"), c) >= 0
}

// parseValue reads what stands behind a name: nothing, or = and a value.
func parseValue(rest []byte) ([]byte, error) {
	rest = bytes.TrimSpace(rest)
	text, ok := bytes.CutPrefix(rest, []byte("="))
	if !ok {
		return nil, checkEnd(rest)
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 || text[0] != '"' && text[0] != '\'' {
		text, _, _ = bytes.Cut(text, []byte("#"))
		return bytes.TrimSpace(text), nil
	}
	value, behind, closed := bytes.Cut(text[1:], text[:1])
	if !closed {
		return nil, errValue
	}
	return value, checkEnd(behind)
}

// checkEnd allows only a comment.
func checkEnd(rest []byte) error {
	rest = bytes.TrimSpace(rest)
	if len(rest) > 0 && rest[0] != '#' {
		return errValue
	}
	return nil
}
