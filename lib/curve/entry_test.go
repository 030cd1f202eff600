package curve_test

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"ztools/lib/curve"
)

// The client's pair of zmq_curve(7).
const (
	public40 = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
	secret40 = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
)

// A certificate as CZMQ 4.2 wrote it, but for the keys.
const czmqCertificate = `#   ****  Generated on 2026-11-22 18:18:02 by CZMQ  ****
#   ZeroMQ CURVE **Secret** Certificate
#   DO NOT PROVIDE THIS FILE TO OTHER USERS nor change its permissions.

metadata
    name = "alice # x"
    sub/dir = 'say "hi"'   # a comment
    bare = two words  # and a comment
    empty = ""
    none
curve    # the keys
    public-key = "` + public40 + `"
    secret-key = "` + secret40 + `"
other
    public-key = "not looked at"
    deep
        secret-key = "either"
`

func TestParseKeys(t *testing.T) {
	other := curve.Generate()
	certificate := func(lines ...string) string { return "curve\n" + strings.Join(lines, "\n") + "\n" }
	for _, test := range []struct {
		name, text string
		count      int
		fault      string // of ParseKeys or Verify
	}{
		{"pair", curve.PublicComment + public40 + "\n" + secret40 + "\n", 1, ""},
		{"no newline at the end", curve.PublicComment + public40 + "\r\n" + secret40, 1, ""},
		{"comments and empty lines", "# made today\n\n#\n" + secret40 + "\n", 1, ""},
		{"keys without halves", public40 + "\n" + secret40 + "\n", 2, ""},
		{"exported environment", "export ZMQ_CURVE_SECRETKEY=\"" + secret40 + "\"\n", 1, ""},
		{"a digit that looks like a comment", strings.Repeat("#", 5) + strings.Repeat("0", 35), 0, "line 1: not a key"}, // over 32 bits
		{"swapped", curve.PublicComment + secret40 + "\n" + public40 + "\n", 1, curve.ErrSwapped.Error()},
		{"strangers", curve.PublicComment + other.Public.Text() + "\n" + secret40 + "\n", 1, curve.ErrPair.Error()},
		{"zeros", strings.Repeat("0", 40), 1, curve.ErrZero.Error()},
		{"zeros in hexadecimal", strings.Repeat("0", 64), 1, curve.ErrZero.Error()},
		{"empty", "", 0, curve.ErrNoKey.Error()},
		{"only comments", "# nothing\n", 0, curve.ErrNoKey.Error()},
		{"empty object", "{\"a\":\"" + strings.Repeat("x", 40) + "\"}", 0, curve.ErrNoKey.Error()},
		{"one character short", secret40[1:], 0, "line 1: not a key"},
		{"not Z85", "\n" + secret40[1:] + "~", 0, "line 2: not a key"},
		{"not hexadecimal", strings.Repeat("g", 64), 0, "line 1: not 64 hex"},
		{"broken object", "{" + strings.Repeat("x", 50) + "}", 0, "line 1: not a JSON object"},

		{"certificate of CZMQ", czmqCertificate, 1, ""},
		{"certificate with CRLF", strings.ReplaceAll(czmqCertificate, "\n", "\r\n"), 1, ""},
		{"certificate of pyzmq", "#   by pyzmq\n\nmetadata\n    k = v\ncurve\n    public-key = \"" + public40 + "\"\n", 1, ""},
		{"certificate without a key", certificate("    x = y"), 0, curve.ErrNoKey.Error()},
		{"short key", certificate("    public-key = " + public40[1:]), 0, "line 2: " + curve.ErrText.Error()},
		{"two keys", certificate("    public-key = "+public40, "    public-key = "+public40), 0, "line 3: the key is there twice"},
		{"a tab", certificate("\tpublic-key = " + public40), 0, "line 2: not a value"},
		{"two spaces", certificate("  public-key = " + public40), 0, "line 2: a level is indented"},
		{"two levels at once", certificate("        public-key = " + public40), 0, "line 2: a level is indented"},
		{"open quote", certificate(`    public-key = "` + public40), 0, "line 2: not a value"},
		{"behind a quote", certificate(`    name = "a" b`), 0, "line 2: not a value"},
		{"slash", certificate("    /public-key = " + public40), 0, "line 2: not a name"},
		{"swapped certificate", certificate("    public-key = '"+secret40+"'", "    secret-key = '"+public40+"'"), 1, curve.ErrSwapped.Error()},
	} {
		entries, err := curve.ParseKeys([]byte(test.text))
		for _, e := range entries {
			if err == nil {
				err = e.Verify()
			}
		}
		fault := ""
		if err != nil {
			fault = err.Error()
		}
		if len(entries) != test.count || !strings.HasPrefix(fault, test.fault) || (fault == "") != (test.fault == "") {
			t.Errorf("%s: %d entries, %q", test.name, len(entries), fault)
		}
		if strings.Contains(fault, secret40[1:20]) {
			t.Errorf("%s: the error repeats the key", test.name)
		}
	}
}

func TestCertificateIsRead(t *testing.T) {
	entries, err := curve.ParseKeys([]byte(czmqCertificate))
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	e := entries[0]
	if e.Public.Text() != public40 || e.Secret.Text() != secret40 || e.Bare != nil {
		t.Error("other keys were read")
	}
	want := []curve.Property{{"name", "alice # x"}, {"sub/dir", `say "hi"`}, {"bare", "two words"}, {"empty", ""}, {"none", ""}}
	if !reflect.DeepEqual(e.Meta, want) {
		t.Errorf("metadata %q", e.Meta)
	}
}

// A certificate is read as it was written, and what cannot be written is
// refused.
func TestCertificateRoundTrip(t *testing.T) {
	pair := curve.Generate()
	for _, test := range []struct {
		name, value string
		want        error
	}{
		{"name", "Alice", nil},
		{"a.b-c_d+e9", "", nil},
		{"quotes", `say "hi"`, nil},
		{"apostrophe", "it's # me", nil},
		{strings.Repeat("n", 255), " spaces ", nil},
		{strings.Repeat("n", 256), "x", curve.ErrMeta},
		{"", "x", curve.ErrMeta},
		{"sp ace", "x", curve.ErrMeta},
		{"slash/ed", "x", curve.ErrMeta},
		{"both", `it's "x"`, curve.ErrMeta},
		{"lines", "a\nb", curve.ErrMeta},
		{"zero", "a\x00", curve.ErrMeta},
	} {
		meta := []curve.Property{{test.name, test.value}}
		text, err := curve.AppendSecretCertificate(nil, pair, meta)
		if err != test.want {
			t.Errorf("%s: %v", test.name, err)
		}
		if err != nil {
			continue
		}
		entries, err := curve.ParseKeys(text)
		if err != nil || len(entries) != 1 || *entries[0].Public != pair.Public || *entries[0].Secret != pair.Secret || !reflect.DeepEqual(entries[0].Meta, meta) {
			t.Errorf("%s is read as %v, %v", test.name, entries, err)
		}
	}
}

func TestSecretsStaySecret(t *testing.T) {
	pair := curve.Generate()
	secrets := []string{pair.Secret.Text(), hex.EncodeToString(pair.Secret[:]), fmt.Sprint(pair.Secret[:4])[1:8]}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, s := range secrets {
			if strings.Contains(fmt.Sprintf(verb, pair), s) {
				t.Errorf("%s prints the secret", verb)
			}
		}
	}
	pair.Wipe()
	if pair.Secret != (curve.Key{}) {
		t.Error("Wipe left the secret")
	}
}

func FuzzParseKeys(f *testing.F) {
	f.Add([]byte(curve.PublicComment + public40 + "\n" + secret40))
	f.Add([]byte(curve.EnvPublic + "='" + public40 + "'\nexport " + curve.EnvSecret + "=\"" + secret40 + "\""))
	f.Add([]byte(`{"public":"` + public40 + `","secret":"` + secret40 + `","meta":{"a":"b"}}`))
	f.Add([]byte(public40 + "\n{}\n#" + secret40[1:]))
	f.Add([]byte(czmqCertificate))
	f.Add([]byte("curve\n    secret-key = '" + secret40 + "' # x\n    a/b = \"\"\nmetadata"))
	f.Fuzz(func(t *testing.T, text []byte) {
		before := string(text)
		entries, err := curve.ParseKeys(text)
		if string(text) != before {
			t.Fatal("the text was changed")
		}
		if (err == nil) != (len(entries) > 0) {
			t.Fatalf("%d entries, %v", len(entries), err)
		}
		for _, e := range entries {
			if e.Public == nil && e.Secret == nil && e.Bare == nil {
				t.Error("an entry without a key")
			}
			if e.Verify() == nil && e.Secret != nil && e.Public != nil && curve.Public(*e.Secret) != *e.Public {
				t.Error("a wrong pair is verified")
			}
			checkWritten(t, e)
		}
	})
}

// checkWritten writes an entry as a certificate, which must be read as the same.
func checkWritten(t *testing.T, e curve.Entry) {
	if e.Public == nil {
		return
	}
	text, err := curve.AppendCertificate(nil, *e.Public, e.Meta)
	if err != nil {
		return
	}
	again, err := curve.ParseKeys(text)
	if err != nil || len(again) != 1 || *again[0].Public != *e.Public || len(again[0].Meta) != len(e.Meta) {
		t.Fatalf("%q is read as %v, %v", text, again, err)
	}
	for i, p := range again[0].Meta {
		if p != e.Meta[i] {
			t.Fatalf("%q is read as %q", e.Meta[i], p)
		}
	}
}
