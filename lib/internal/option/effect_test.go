package option

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// testdata/effects.tsv has a line for each option and message property of
// libzmq, and says which test shows what it does.

// effect is a line of testdata/effects.tsv.
type effect struct{ level, number, name, proof string }

func effects(t *testing.T) (list []effect) {
	t.Helper()
	data, err := os.ReadFile("testdata/effects.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 4 && f[0][0] != '#' {
			list = append(list, effect{f[0], f[1], f[2], f[3]})
		}
	}
	return list
}

// row is what the two tables have in common for the tests here.
type row struct{ name, moot string }

// rows are those of both tables, by level and number.
func rows() map[string][]row {
	all := map[string][]row{}
	for i := range Table {
		key := fmt.Sprint("socket ", int(Table[i].ID))
		all[key] = append(all[key], row{Table[i].Name, Table[i].Moot})
	}
	for i := range ContextTable {
		key := fmt.Sprint("context ", int(ContextTable[i].ID))
		all[key] = append(all[key], row{ContextTable[i].Name, ContextTable[i].Moot})
	}
	return all
}

// TestEveryOptionIsThere: each option of libzmq has a row, and each row is an
// option of libzmq.
func TestEveryOptionIsThere(t *testing.T) {
	all := rows()
	for _, e := range effects(t) {
		if e.level == "message" {
			continue
		}
		key, found := e.level+" "+e.number, false
		for _, r := range all[key] {
			if found = r.name == e.name; found {
				break
			}
		}
		if !found {
			t.Errorf("%s %s %s has no row", e.level, e.number, e.name)
		}
	}
	var properties []string
	for _, p := range Properties {
		number := "-"
		if p.Number > 0 {
			number = fmt.Sprint(p.Number)
		}
		properties = append(properties, number+" "+p.Name)
	}
	for _, e := range effects(t) {
		if e.level == "message" && e.name != "zmq_msg_set" && !slices.Contains(properties, e.number+" "+e.name) {
			t.Errorf("message property %s has no row", e.name)
		}
	}
	lines := map[string]int{}
	for _, e := range effects(t) {
		lines[e.level]++
	}
	if lines["socket"] != len(Table) || lines["context"] != len(ContextTable) || lines["message"] != len(Properties)+1 {
		t.Errorf("%v lines for %d and %d rows", lines, len(Table), len(ContextTable))
	}
}

// TestEveryOptionHasItsEffect: each option is shown to do what it does by a test
// that names it, or its row says why it does nothing. For what a test cannot see
// here, for want of hardware or of another system, the line names the file that
// does it.
func TestEveryOptionHasItsEffect(t *testing.T) {
	moot := map[string]bool{}
	for key, list := range rows() {
		level, _, _ := strings.Cut(key, " ")
		for _, r := range list {
			moot[level+" "+r.name] = r.moot != ""
		}
	}
	tests := sources{}
	for _, e := range effects(t) {
		none, why, _ := strings.Cut(e.proof, ": ")
		switch {
		case none == "none" && e.level == "message":
			if why == "" {
				t.Errorf("%s: without a reason", e.name)
			}
		case moot[e.level+" "+e.name] != (e.proof == "none"):
			t.Errorf("%s %s: %s, but its row says something else", e.level, e.name, e.proof)
		case e.proof != "none":
			tests.check(t, e)
		}
	}
}
