package tipc

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
)

var texts = []struct {
	text          string
	bind, connect bool
	name          string // as LAST_ENDPOINT has it
}{
	{"{5560,0,0}", true, false, "tipc://{5560, 0, 0}"},
	{"{5560, 0, 4294967295}", true, false, "tipc://{5560, 0, 4294967295}"},
	{"{64,1,1}", true, false, "tipc://{64, 1, 1}"},
	{"{63,1,1}", false, false, ""},
	{"{5560,2,1}", false, false, ""},
	{"{5560,0,0}@1.0.0", false, false, ""},
	{"<*>", true, false, "tipc://<0.0.0:0>"},
	{"{5560,7}", false, true, "tipc://{5560, 7, 7}"},
	{"{5560,7}@1.2.3", false, true, "tipc://{5560, 7, 7}"},
	{"{64,7}", false, false, ""},
	{"{5560,7}@1.2", false, false, ""},
	{"{5560,7}@1.2.3.4", false, false, ""},
	{"{5560,7}@1.2.3x", false, false, ""},
	{"{5560,7}@256.0.0", false, false, ""},
	{"<1.2.3:4>", false, true, "tipc://<1.2.3:4>"},
	{"<255.4095.4095:4294967295>", false, true, "tipc://<255.4095.4095:4294967295>"},
	{"<1.2.3>", false, false, ""},
	{"<1.2:4>", false, false, ""},
	{"{5560}", false, false, ""},
	{"{1,2,3,4}", false, false, ""},
	{"{5560,-1}", false, false, ""},
	{"{a,b}", false, false, ""},
	{"{5560,7", false, false, ""},
	{"5560,7", false, false, ""},
	{"", false, false, ""},
}

func TestParse(t *testing.T) {
	for _, test := range texts {
		for bind, ok := range map[bool]bool{true: test.bind, false: test.connect} {
			a, err := parse(test.text, bind)
			switch {
			case ok && err != nil, !ok && !errors.Is(err, errno.EINVAL):
				t.Errorf("%q, bind %v: %v", test.text, bind, err)
			case ok && a.String() != test.name:
				t.Errorf("%q prints as %q", test.text, a)
			}
		}
	}
}

func TestAliases(t *testing.T) {
	o := option.Defaults(0)
	if got := (Transport{}).Aliases("{5560,0,9}", &o); !slices.Equal(got, []string{"tipc://{5560, 0, 9}"}) {
		t.Errorf("got %q", got)
	}
	if got := (Transport{}).Aliases("{5560,0}", &o); got != nil {
		t.Errorf("got %q", got)
	}
}

func TestBadText(t *testing.T) {
	want := error(errno.EINVAL)
	if runtime.GOOS != "linux" {
		want = errno.EPROTONOSUPPORT
	}
	o, tr := option.Defaults(0), Transport{}
	if _, err := tr.Listen("x", &o); !errors.Is(err, want) {
		t.Errorf("bind: %v", err)
	}
	if err := tr.Check("{1,2}", &o); !errors.Is(err, want) {
		t.Errorf("connect: %v", err)
	}
	if _, err := tr.Dial(context.Background(), "<*>", &o); !errors.Is(err, want) {
		t.Errorf("dial: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, test := range texts {
		f.Add(test.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := parseForm(text)
		if err != nil || a.form == random || a.form == service {
			return
		}
		again, err := parseForm(a.String()[len("tipc://"):])
		if err != nil || *again != *a {
			t.Errorf("%q is %v, then %v, %v", text, a, again, err)
		}
	})
}
