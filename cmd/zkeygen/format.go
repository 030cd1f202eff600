package main

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"ztools/lib/curve"
)

// The names of the halves in the format env, after libzmq's options.
const (
	envPublic = "ZMQ_CURVE_PUBLICKEY"
	envSecret = "ZMQ_CURVE_SECRETKEY"
)

// publicComment stands before the public key of the secret key that follows.
const publicComment = "# public key: "

// format is a way to write keys. Every text ends with a newline.
type format struct {
	pair   func(curve.Pair) string
	public func(curve.Key) string // one key, for --public; nil if the format has no such form
	single bool                   // a file holds one pair
}

var formats = map[string]format{
	"z85":  {pair: commented(curve.Key.Text), public: curve.Key.Text},
	"hex":  {pair: commented(hexText), public: hexText},
	"env":  {pair: envText, single: true},
	"json": {pair: jsonText},
}

// formatNames are the names, for --help and completion.
func formatNames() []string { return slices.Sorted(maps.Keys(formats)) }

func hexText(k curve.Key) string { return hex.EncodeToString(k[:]) }

// commented is the secret key on a line, behind a comment with the public key.
func commented(text func(curve.Key) string) func(curve.Pair) string {
	return func(p curve.Pair) string {
		return publicComment + text(p.Public) + "\n" + text(p.Secret) + "\n"
	}
}

// envText quotes the keys: RFC 32 promises that Z85 is safe in a shell within
// single quotes only.
func envText(p curve.Pair) string {
	return fmt.Sprintf("%s='%s'\n%s='%s'\n", envPublic, p.Public.Text(), envSecret, p.Secret.Text())
}

// jsonText needs no escapes: Z85 has neither quotes nor backslashes.
func jsonText(p curve.Pair) string {
	return fmt.Sprintf(`{"public":"%s","secret":"%s"}`+"\n", p.Public.Text(), p.Secret.Text())
}
