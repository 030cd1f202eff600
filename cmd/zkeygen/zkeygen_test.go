package main

import (
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
	pair := curve.Generate()
	for _, f := range formats {
		text, err := f.pair(pair, []curve.Property{{Name: "a", Value: "<b>"}})
		if err != nil {
			t.Fatal(err)
		}
		entries, err := curve.ParseKeys(text)
		if err != nil || len(entries) != 1 {
			t.Errorf("%s: %d entries, %v", f.name, len(entries), err)
			continue
		}
		e := entries[0]
		if e.Public == nil || e.Secret == nil || *e.Public != pair.Public || *e.Secret != pair.Secret {
			t.Errorf("%s: the pair is read as another", f.name)
		}
		if f.meta != (len(e.Meta) == 1 && e.Meta[0].Value == "<b>") {
			t.Errorf("%s: metadata %v", f.name, e.Meta)
		}
	}
}
