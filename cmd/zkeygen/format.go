package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	"ztools/lib/curve"
)

// format is a way to write keys. Every text ends with a newline.
type format struct {
	name   string
	pair   func(curve.Pair, []curve.Property) ([]byte, error)
	public func(curve.Key, []curve.Property) ([]byte, error) // without the secret; nil if the format has no such form
	single bool                                              // a file holds one pair
	meta   bool                                              // has room for --meta
	beside bool                                              // --output makes two files, NAME and NAME_secret
}

var formats = []format{
	{name: "z85", pair: commented(curve.Key.Text), public: line(curve.Key.Text)},
	{name: "env", pair: envText, single: true},
	{name: "json", pair: jsonText, meta: true},
	{name: "hex", pair: commented(hexText), public: line(hexText)},
	{name: "czmq", pair: czmqText, public: czmqPublic, single: true, meta: true, beside: true},
}

// formatNames are the names, for --help and completion.
func formatNames() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

func hexText(k curve.Key) string { return hex.EncodeToString(k[:]) }

// commented is the secret key on a line, behind a comment with the public key.
func commented(text func(curve.Key) string) func(curve.Pair, []curve.Property) ([]byte, error) {
	return func(p curve.Pair, _ []curve.Property) ([]byte, error) {
		return fmt.Appendf(nil, "%s%s\n%s\n", curve.PublicComment, text(p.Public), text(p.Secret)), nil
	}
}

func line(text func(curve.Key) string) func(curve.Key, []curve.Property) ([]byte, error) {
	return func(k curve.Key, _ []curve.Property) ([]byte, error) { return append([]byte(text(k)), '\n'), nil }
}

// envText quotes the keys: RFC 32 promises that Z85 is safe in a shell within
// single quotes only.
func envText(p curve.Pair, _ []curve.Property) ([]byte, error) {
	return fmt.Appendf(nil, "%s='%s'\n%s='%s'\n", curve.EnvPublic, p.Public.Text(), curve.EnvSecret, p.Secret.Text()), nil
}

// jsonText is one object on a line.
func jsonText(p curve.Pair, meta []curve.Property) ([]byte, error) {
	// Z85 has neither quotes nor backslashes, and is left as it is.
	text := fmt.Appendf(nil, `{"public":"%s","secret":"%s"`, p.Public.Text(), p.Secret.Text())
	if len(meta) > 0 {
		members := map[string]string{}
		for _, m := range meta {
			members[m.Name] = m.Value
		}
		object, err := json.Marshal(members)
		if err != nil {
			return nil, err
		}
		text = append(append(text, `,"meta":`...), object...)
	}
	return append(text, "}\n"...), nil
}

func czmqText(p curve.Pair, meta []curve.Property) ([]byte, error) {
	return curve.AppendSecretCertificate(nil, p, meta)
}

func czmqPublic(k curve.Key, meta []curve.Property) ([]byte, error) {
	return curve.AppendCertificate(nil, k, meta)
}
