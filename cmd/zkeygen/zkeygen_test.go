package main

import (
	"strings"
	"testing"

	"ztools/lib/cli/clitest"
	"ztools/lib/curve"
)

func TestMain(m *testing.M) { clitest.Main(m, newTool()) }

func TestScripts(t *testing.T) { clitest.Scripts(t, newTool()) }

func TestManual(t *testing.T) { clitest.Manual(t, newTool()) }

func TestExamples(t *testing.T) {
	clitest.Examples(t, newTool(), func(string) bool { return false })
}

// What is written in any format is read as the same pairs.
func TestFormatsAreRead(t *testing.T) {
	pairs := []curve.Pair{curve.Generate(), curve.Generate()}
	for name, f := range formats {
		text := ""
		for _, p := range pairs {
			text += f.pair(p)
		}
		entries, err := parse(text)
		if err != nil || len(entries) != len(pairs) {
			t.Errorf("%s: %d entries, %v", name, len(entries), err)
			continue
		}
		for i, e := range entries {
			if e.public == nil || e.secret == nil || *e.public != pairs[i].Public || *e.secret != pairs[i].Secret || e.verify() != nil {
				t.Errorf("%s: pair %d is read as another", name, i)
			}
		}
	}
}

// The pair of RFC 26's test, as libzmq's documentation prints it.
const (
	rfcPublic = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
	rfcSecret = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
)

func TestParse(t *testing.T) {
	other := curve.Generate()
	for _, test := range []struct {
		name, text string
		count      int
		fault      string // of parse or verify
	}{
		{"pair", publicComment + rfcPublic + "\n" + rfcSecret + "\n", 1, ""},
		{"no newline at the end", publicComment + rfcPublic + "\r\n" + rfcSecret, 1, ""},
		{"comments and empty lines", "# made today\n\n#\n" + rfcSecret + "\n", 1, ""},
		{"keys without halves", rfcPublic + "\n" + rfcSecret + "\n", 2, ""},
		{"exported environment", "export ZMQ_CURVE_SECRETKEY=\"" + rfcSecret + "\"\n", 1, ""},
		{"swapped", publicComment + rfcSecret + "\n" + rfcPublic + "\n", 1, errSwapped.Error()},
		{"strangers", publicComment + other.Public.Text() + "\n" + rfcSecret + "\n", 1, curve.ErrPair.Error()},
		{"zeros", strings.Repeat("0", 40), 1, errZero.Error()},
		{"zeros in hexadecimal", strings.Repeat("0", 64), 1, errZero.Error()},
		{"empty", "", 0, errNoKeys.Error()},
		{"only comments", "# nothing\n", 0, errNoKeys.Error()},
		{"empty object", "{\"a\":\"" + strings.Repeat("x", 40) + "\"}", 0, errNoKeys.Error()},
		{"one character short", rfcSecret[1:], 0, "line 1: not a key"},
		{"not Z85", "\n" + rfcSecret[1:] + "~", 0, "line 2: not a key"},
		{"not hexadecimal", strings.Repeat("g", 64), 0, "line 1: not 64 hex"},
		{"broken object", "{" + strings.Repeat("x", 50) + "}", 0, "line 1: not a JSON object"},
	} {
		entries, err := parse(test.text)
		for _, e := range entries {
			if err == nil {
				err = e.verify()
			}
		}
		fault := ""
		if err != nil {
			fault = err.Error()
		}
		if len(entries) != test.count || !strings.HasPrefix(fault, test.fault) || (fault == "") != (test.fault == "") {
			t.Errorf("%s: %d entries, %q", test.name, len(entries), fault)
		}
		if strings.Contains(fault, rfcSecret[1:20]) {
			t.Errorf("%s: the error repeats the key", test.name)
		}
	}
}

func FuzzParse(f *testing.F) {
	p := curve.Generate()
	for _, form := range formats {
		f.Add(form.pair(p))
	}
	f.Add(rfcPublic + "\n{}\n#" + rfcSecret[1:])
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := parse(text)
		if (err == nil) != (len(entries) > 0) {
			t.Fatalf("%d entries, %v", len(entries), err)
		}
		for _, e := range entries {
			if e == (entry{}) {
				t.Error("an entry without a key")
			}
			if e.verify() == nil && e.secret != nil && e.public != nil && curve.Public(*e.secret) != *e.public {
				t.Error("a wrong pair is verified")
			}
		}
	})
}
