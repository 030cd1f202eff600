package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"ztools/lib/curve"
)

// entry is what a file tells of one key pair. A key on a line of its own with no
// comment may be either half.
type entry struct {
	public, secret, bare *curve.Key
}

var (
	errNoKeys  = errors.New("there is no key")
	errZero    = errors.New("the key is all zeros")
	errSwapped = errors.New("public and secret key are swapped")
)

// verify checks the halves against each other. Errors never repeat a key.
func (e entry) verify() error {
	for _, k := range []*curve.Key{e.public, e.secret, e.bare} {
		if k != nil && *k == (curve.Key{}) {
			return errZero
		}
	}
	if e.public == nil || e.secret == nil {
		return nil
	}
	if curve.Public(*e.public) == *e.secret {
		return errSwapped
	}
	return curve.Pair{Public: *e.public, Secret: *e.secret}.Verify()
}

// parse reads all formats, line by line.
func parse(text string) ([]entry, error) {
	var p parser
	n := 0
	for line := range strings.Lines(text) {
		n++
		if err := p.line(strings.TrimSpace(line)); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	p.flush()
	if len(p.entries) == 0 {
		return nil, errNoKeys
	}
	return p.entries, nil
}

// parser collects entries. open is one whose other half may follow.
type parser struct {
	entries []entry
	open    entry
}

// flush ends the open entry.
func (p *parser) flush() {
	if p.open != (entry{}) {
		p.entries = append(p.entries, p.open)
		p.open = entry{}
	}
}

func (p *parser) line(line string) error {
	if text, ok := strings.CutPrefix(line, publicComment); ok {
		return p.add(&p.open.public, text)
	}
	if line == "" || strings.HasPrefix(line, "# ") || line == "#" {
		return nil
	}
	if strings.HasPrefix(line, "{") && strings.HasSuffix(line, "}") && len(line) > curve.TextSize {
		return p.json(line)
	}
	name, value, _ := strings.Cut(strings.TrimPrefix(line, "export "), "=")
	switch name {
	case envPublic:
		return p.add(&p.open.public, strings.Trim(value, `'"`))
	case envSecret:
		return p.add(&p.open.secret, strings.Trim(value, `'"`))
	}
	defer p.flush()
	if p.open.public != nil && p.open.secret == nil {
		return p.add(&p.open.secret, line)
	}
	return p.add(&p.open.bare, line)
}

// json reads {"public":…,"secret":…}.
func (p *parser) json(line string) error {
	var pair struct{ Public, Secret string }
	if err := json.Unmarshal([]byte(line), &pair); err != nil {
		return errors.New("not a JSON object of a public and a secret key")
	}
	p.flush()
	defer p.flush()
	if pair.Public != "" {
		if err := p.add(&p.open.public, pair.Public); err != nil {
			return err
		}
	}
	if pair.Secret != "" {
		return p.add(&p.open.secret, pair.Secret)
	}
	return nil
}

// add puts a key into the open entry; one that has it already ends it.
func (p *parser) add(half **curve.Key, text string) error {
	k, err := parseKey(text)
	if err != nil {
		return err
	}
	if *half != nil {
		p.flush()
	}
	*half = &k
	return nil
}

// parseKey reads a key in Z85 or hexadecimal, which differ in length.
func parseKey(text string) (curve.Key, error) {
	if len(text) == 2*curve.KeySize {
		var k curve.Key
		if _, err := hex.Decode(k[:], []byte(text)); err != nil {
			return k, errors.New("not 64 hexadecimal digits")
		}
		return k, nil
	}
	k, err := curve.ParseKey(text)
	if err != nil {
		return k, errors.New("not a key: 40 characters of Z85, or 64 hexadecimal digits")
	}
	return k, nil
}
