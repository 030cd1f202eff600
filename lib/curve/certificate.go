package curve

import (
	"errors"
	"maps"
	"slices"
	"strings"
)

// SecretSuffix is what CZMQ adds to the name of a certificate for the file that
// has the secret key as well.
const SecretSuffix = "_secret"

// ErrMeta says that a certificate cannot hold a property.
var ErrMeta = errors.New(`a name has 1 to 255 letters, digits or - _ . + and a value neither line breaks nor both kinds of quotes`)

const (
	publicHead = `#   ZeroMQ CURVE Public Certificate
#   Exchange it in a way that shows who it comes from, or compare the
#   public key afterwards.

`
	secretHead = `#   ZeroMQ CURVE **Secret** Certificate
#   Keep it for its owner only: never hand it out, nor let others read it.

`
	maxName = 255 // of a ZMTP property (RFC 23)
)

// AppendCertificate appends the public certificate of a key, as zcert_load(3)
// reads it. The error is ErrMeta.
func AppendCertificate(dst []byte, public Key, meta []Property) ([]byte, error) {
	return appendZPL(append(dst, publicHead...), meta, public, nil)
}

// AppendSecretCertificate appends the secret certificate of a pair, which
// belongs into a file that is named as the public one's with SecretSuffix. The
// error is ErrMeta.
func AppendSecretCertificate(dst []byte, pair Pair, meta []Property) ([]byte, error) {
	return appendZPL(append(dst, secretHead...), meta, pair.Public, &pair.Secret)
}

func appendZPL(dst []byte, meta []Property, public Key, secret *Key) ([]byte, error) {
	dst = append(dst, zplMeta+"\n"...)
	for _, p := range meta {
		if err := p.Check(); err != nil {
			return nil, err
		}
		dst = appendItem(dst, p.Name, p.Value)
	}
	dst = append(dst, zplCurve+"\n"...)
	dst = appendItem(dst, zplPublic, public.Text())
	if secret != nil {
		dst = appendItem(dst, zplSecret, secret.Text())
	}
	return dst, nil
}

// appendItem appends a name with a value that holds one kind of quotes at most.
func appendItem(dst []byte, name, value string) []byte {
	quote := `"`
	if strings.Contains(value, quote) {
		quote = `'`
	}
	return append(dst, "    "+name+" = "+quote+value+quote+"\n"...)
}

// Check tells whether a certificate can hold the property, and a ZMTP peer send
// it (RFC 23); the error is ErrMeta.
func (p Property) Check() error {
	bad := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.+", r))
	}
	switch {
	case p.Name == "" || len(p.Name) > maxName || strings.ContainsFunc(p.Name, bad),
		strings.ContainsAny(p.Value, "\n\r\x00"),
		strings.Contains(p.Value, `"`) && strings.Contains(p.Value, `'`):
		return ErrMeta
	}
	return nil
}

// properties are the members of a map in the order of their names.
func properties(m map[string]string) []Property {
	var list []Property
	for _, name := range slices.Sorted(maps.Keys(m)) {
		list = append(list, Property{name, m[name]})
	}
	return list
}
