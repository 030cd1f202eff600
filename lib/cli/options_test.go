package cli

import (
	"bytes"
	"errors"
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

func TestOptionsRefused(t *testing.T) {
	ctx := zmq.NewContext()
	defer ctx.Close()
	push, err := ctx.NewSocket(zmq.Push)
	if err != nil {
		t.Fatal(err)
	}
	defer push.Close()
	const list = "-o list shows names, types and defaults"
	for _, tt := range []struct{ name, value, why, hint string }{
		{"foo", "3", `there is no socket option "foo"`, list},
		{"ZMQ_SNDHWN", "3", `there is no socket option "ZMQ_SNDHWN"`, "did you mean sndhwm? " + list},
		{"type", "3", "option type can only be read", list},
		{"sndhwm", "many", "option sndhwm=many: want 0 or more", list},
		{"Identity", "", "option Identity=: want 1 to 255 bytes", list},
		{"linger", "3q", "option linger=3q: want -1 milliseconds or more, or a time such as 5s", list},
		{"subscribe", "x", "option subscribe=x makes no sense for PUSH", "it is for SUB XPUB"},
		{"metadata", "x", "option metadata=x: invalid argument", list},
	} {
		err := SetOptions(push, []SocketOption{{"option", tt.name, tt.value}})
		var got *Error
		if !errors.As(err, &got) || got.Status != StatusUsage || got.Error() != tt.why || got.Hint != tt.hint {
			t.Errorf("%s=%s: got %v, want %s, hint: %s", tt.name, tt.value, err, tt.why, tt.hint)
		}
	}
}
