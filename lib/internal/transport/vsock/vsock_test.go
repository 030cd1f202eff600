package vsock

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		text string
		want address
		err  error
		name string // as vsock prints it
	}{
		{"3:5555", address{3, 5555, false}, nil, "vsock://3:5555"},
		{"*:5555", address{anyone, 5555, false}, nil, "vsock://*:5555"},
		{"-1:*", address{anyone, anyone, false}, nil, "vsock://*:*"},
		{"@:0", address{0, 0, true}, nil, ""},
		{"4294967295:1", address{anyone, 1, false}, nil, "vsock://*:1"},
		{"4294967296:1", address{}, errno.EINVAL, ""},
		{"1:4294967296", address{}, errno.EINVAL, ""},
		{"3", address{}, errno.EINVAL, ""},
		{":5", address{}, errno.EINVAL, ""},
		{"3:", address{}, errno.EINVAL, ""},
		{"3x:5", address{}, errno.EINVAL, ""},
		{"3:5x", address{}, errno.EINVAL, ""},
		{"-2:5", address{}, errno.EINVAL, ""},
	} {
		a, err := parse(test.text)
		if !errors.Is(err, test.err) || err == nil && a != test.want {
			t.Errorf("%q: %v, %v", test.text, a, err)
		}
		if test.name != "" && (Transport{}).text(a.cid, a.port) != test.name {
			t.Errorf("%q prints as %q", test.text, Transport{}.text(a.cid, a.port))
		}
	}
	if got := (Transport{VMCI: true}).text(2, 7); got != "vmci://2:7" {
		t.Errorf("prints as %q", got)
	}
}

// Where the scheme does not exist every call says so; elsewhere a bad text is
// refused before anything is tried.
func TestBadText(t *testing.T) {
	want := error(errno.EINVAL)
	if runtime.GOOS != "linux" {
		want = errno.EPROTONOSUPPORT
	}
	o := option.Defaults(0)
	for _, tr := range []Transport{{}, {VMCI: true}} {
		if _, err := tr.Listen("x:y", &o); !errors.Is(err, want) {
			t.Errorf("bind: %v", err)
		}
		if err := tr.Check("x:y", &o); !errors.Is(err, want) {
			t.Errorf("connect: %v", err)
		}
		if _, err := tr.Dial(context.Background(), "x:y", &o); !errors.Is(err, want) {
			t.Errorf("dial: %v", err)
		}
		if names := tr.Aliases("1:1", &o); names != nil {
			t.Errorf("aliases %v", names)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("@:1")
	f.Add("*:-1")
	f.Add("12:34")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := parse(text)
		if err != nil || a.own {
			return
		}
		again, err := parse((Transport{}).text(a.cid, a.port)[len("vsock://"):])
		if err != nil || again != a {
			t.Errorf("%q is %v, then %v, %v", text, a, again, err)
		}
	})
}
