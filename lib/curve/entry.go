package curve

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// What marks a key in a file of keys.
const (
	// PublicComment stands before the public key of the secret key in the next
	// line.
	PublicComment = "# public key: "
	// EnvPublic and EnvSecret are the names of the halves as environment
	// variables, after libzmq's options.
	EnvPublic = "ZMQ_CURVE_PUBLICKEY"
	EnvSecret = "ZMQ_CURVE_SECRETKEY"
)

// The errors of ParseKeys that are no fault of a line.
var (
	ErrNoKey = errors.New("there is no key")
	errKey   = errors.New("not a key: 40 characters of Z85, or 64 hexadecimal digits")
)

// Entry is what a file tells of one key pair. A key that the file does not have
// is nil.
type Entry struct {
	Public, Secret *Key
	Bare           *Key       // a key on a line of its own: may be either half
	Meta           []Property // of a certificate
}

// Property is one piece of metadata, as of a certificate's owner.
type Property struct{ Name, Value string }

// Verify checks the halves against each other; the errors are those of
// Pair.Verify.
func (e Entry) Verify() error {
	for _, k := range []*Key{e.Public, e.Secret, e.Bare} {
		if k != nil && *k == (Key{}) {
			return ErrZero
		}
	}
	if e.Public == nil || e.Secret == nil {
		return nil
	}
	return Pair{*e.Public, *e.Secret}.Verify()
}

// publicKey is the public key that is meant where one is wanted. A key on a line
// of its own is taken for public.
func (e Entry) publicKey() Key {
	switch {
	case e.Public != nil:
		return *e.Public
	case e.Bare != nil:
		return *e.Bare
	}
	return Public(*e.Secret)
}

// ParseKeys reads the keys of a text in any format:
//
//   - a key in Z85 or hexadecimal on a line of its own; a comment with
//     PublicComment before it makes the two a pair
//   - assignments of EnvPublic and EnvSecret
//   - a JSON object a line, with the members public and secret, and meta with
//     the metadata
//   - one certificate in ZPL (RFC 4), as CZMQ and pyzmq write it
//
// Other comments and empty lines are passed over. A text without any key is
// ErrNoKey; other errors name the line and never repeat what stands there. No
// copy of text is kept.
func ParseKeys(text []byte) ([]Entry, error) {
	parser := &lineParser{}
	line := parser.line
	if isCertificate(text) {
		line = (&zplParser{entry: &parser.open}).line
	}
	n := 0
	for raw := range bytes.Lines(text) {
		n++
		if err := line(raw); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	parser.flush()
	if len(parser.entries) == 0 {
		return nil, ErrNoKey
	}
	return parser.entries, nil
}

// lineParser collects entries line by line. open is one whose other half may
// follow.
type lineParser struct {
	entries []Entry
	open    Entry
}

// flush ends the open entry; one without a key is dropped.
func (p *lineParser) flush() {
	if p.open.Public != nil || p.open.Secret != nil || p.open.Bare != nil {
		p.entries = append(p.entries, p.open)
	}
	p.open = Entry{}
}

func (p *lineParser) line(line []byte) error {
	line = bytes.TrimSpace(line)
	if text, ok := bytes.CutPrefix(line, []byte(PublicComment)); ok {
		return p.add(&p.open.Public, text)
	}
	// Z85 has the digit #, so only "# " begins a comment.
	if len(line) == 0 || len(line) == 1 && line[0] == '#' || bytes.HasPrefix(line, []byte("# ")) {
		return nil
	}
	if line[0] == '{' && line[len(line)-1] == '}' && len(line) > TextSize {
		return p.json(line)
	}
	name, value, _ := bytes.Cut(bytes.TrimPrefix(line, []byte("export ")), []byte("="))
	switch string(name) {
	case EnvPublic:
		return p.add(&p.open.Public, bytes.Trim(value, `'"`))
	case EnvSecret:
		return p.add(&p.open.Secret, bytes.Trim(value, `'"`))
	}
	defer p.flush()
	if p.open.Public != nil && p.open.Secret == nil {
		return p.add(&p.open.Secret, line)
	}
	return p.add(&p.open.Bare, line)
}

// json reads {"public":…,"secret":…,"meta":{…}}. The decoder makes copies of its
// own of the secret.
func (p *lineParser) json(line []byte) error {
	var object struct {
		Public, Secret string
		Meta           map[string]string
	}
	if err := json.Unmarshal(line, &object); err != nil {
		return errors.New("not a JSON object of a public and a secret key")
	}
	p.flush()
	defer p.flush()
	p.open.Meta = properties(object.Meta)
	if object.Public != "" {
		if err := p.add(&p.open.Public, []byte(object.Public)); err != nil {
			return err
		}
	}
	if object.Secret != "" {
		return p.add(&p.open.Secret, []byte(object.Secret))
	}
	return nil
}

// add puts a key into the open entry; one that has it already ends it.
func (p *lineParser) add(half **Key, text []byte) error {
	k, err := parseEither(text)
	if err != nil {
		return err
	}
	if *half != nil {
		p.flush()
	}
	*half = &k
	return nil
}

// parseEither reads a key in Z85 or hexadecimal, which differ in length.
func parseEither(text []byte) (Key, error) {
	if len(text) != 2*KeySize {
		k, err := ParseKey(text)
		if err != nil {
			return k, errKey
		}
		return k, nil
	}
	var k Key
	if _, err := hex.Decode(k[:], text); err != nil {
		return Key{}, errors.New("not 64 hexadecimal digits")
	}
	return k, nil
}
