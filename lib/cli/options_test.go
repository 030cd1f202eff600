package cli

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"ztools/lib/zmq"
)

var update = flag.Bool("update", false, "write man/ztools-options.7")

// TestOptionsPage: the manual page is what the table says.
func TestOptionsPage(t *testing.T) {
	const file = "../../man/ztools-options.7"
	page := OptionsPage()
	if *update {
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	was, err := os.ReadFile(file)
	if err != nil || string(was) != page {
		t.Errorf("the page is not up to date: make man writes it (%v)", err)
	}
}

// TestOptionListIsComplete: it names every option that can be set, and every message
// property, in both.
func TestOptionListIsComplete(t *testing.T) {
	var list bytes.Buffer
	if err := PrintOptions(&list); err != nil {
		t.Fatal(err)
	}
	page := OptionsPage()
	for _, o := range append(zmq.OptionTable(), zmq.ContextOptionTable()...) {
		if !strings.Contains(page, "\n.B "+o.Name+"\n") {
			t.Errorf("the page lacks %s", o.Name)
		}
	}
	for _, p := range zmq.PropertyTable() {
		if !strings.Contains(page, "\n.B "+roff(p.Name)+"\n") || !strings.Contains(list.String(), "\n"+p.Name+" ") {
			t.Errorf("the page or the list lacks %s", p.Name)
		}
		if p.Moot != "" && !strings.Contains(list.String(), p.Moot) {
			t.Errorf("the list does not say why only C has %s", p.Name)
		}
	}
	for _, o := range zmq.OptionTable() {
		if strings.Contains(list.String(), "\n"+o.Name+" ") != o.Set {
			t.Errorf("%s can be set: %v, but the list says something else", o.Name, o.Set)
		}
		if o.Moot != "" && o.Set && !strings.Contains(list.String(), o.Moot) {
			t.Errorf("the list does not say why %s changes nothing", o.Name)
		}
	}
}
