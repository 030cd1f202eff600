package tcp

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"ztools/lib/internal/errno"
)

// binds are the rows of zmq_bind's grammar; port -1 is EINVAL.
var binds = []struct {
	text, host string
	port       int
}{
	{"*:5555", "*", 5555},
	{"*:*", "*", 0},
	{"127.0.0.1:0", "127.0.0.1", 0},
	{"lo:1", "lo", 1},
	{"host.example:65535", "host.example", 65535},
	{"[::1]:5555", "::1", 5555},
	{"::1:5555", "::1", 5555},
	{"[fe80::1%eth0]:5555", "fe80::1%eth0", 5555},
	{"[::1:5555", "[::1", 5555},
	{":5555", "", 5555},
	{"[]:5555", "", 5555},
	{"127.0.0.1:080", "127.0.0.1", 80},
	{"127.0.0.1", "", -1},
	{"127.0.0.1:", "", -1},
	{"127.0.0.1:abc", "", -1},
	{"127.0.0.1:80abc", "", -1}, // libzmq: 80
	{"127.0.0.1:65536", "", -1},
	{"127.0.0.1:65537", "", -1}, // libzmq: 1
	{"127.0.0.1:-1", "", -1},
	{"127.0.0.1:+1", "", -1},
	{"127.0.0.1: 1", "", -1},
	{"127.0.0.1:00", "", -1},
	{"127.0.0.1:**", "", -1},
	{"", "", -1},
}

func TestParseBind(t *testing.T) {
	for _, c := range binds {
		got, err := parseBind(c.text)
		if c.port < 0 {
			if !errors.Is(err, errno.EINVAL) {
				t.Errorf("%q = %v, %v, want EINVAL", c.text, got, err)
			}
		} else if err != nil || got != (hostPort{c.host, uint16(c.port)}) {
			t.Errorf("%q = %v, %v, want %q and %d", c.text, got, err, c.host, c.port)
		}
	}
}

// connects are the rows of zmq_connect's grammar; the last field says whether
// the text is accepted, source is "" without a source address.
var connects = []struct {
	text, source, target string
	ok                   bool
}{
	{"127.0.0.1:5555", "", "127.0.0.1 5555", true},
	{"localhost:5555", "", "localhost 5555", true},
	{"under_score-dash.example:5555", "", "under_score-dash.example 5555", true},
	{"[::1]:5555", "", "::1 5555", true},
	{"::1:5555", "", "::1 5555", true},
	{"[fe80::1%eth0]:5555", "", "fe80::1%eth0 5555", true},
	{"fe80::1%2:5555", "", "fe80::1%2 5555", true},
	{"nosuch.invalid:5555", "", "nosuch.invalid 5555", true},
	{"127.0.0.1:0", "", "127.0.0.1 0", true},
	{":5555", "", " 5555", true},
	{"127.0.0.1:1;127.0.0.1:5555", "127.0.0.1 1", "127.0.0.1 5555", true},
	{"127.0.0.1:*;127.0.0.1:5555", "127.0.0.1 0", "127.0.0.1 5555", true},
	{"lo:0;[::1]:5555", "lo 0", "::1 5555", true},
	{"a:1;b:2;c:3", "a:1;b 2", "c 3", true},
	{"*:5555", "", "", false},
	{"*:*;127.0.0.1:5555", "", "", false}, // the first character, as in libzmq
	{"[*]:1;127.0.0.1:5555", "* 1", "127.0.0.1 5555", true},
	{"127.0.0.1:*", "", "", false},
	{"127.0.0.1", "", "", false},
	{"127.0.0.1:", "", "", false},
	{"127.0.0.1:abc", "", "", false},
	{"127.0.0.1:80abc", "", "", false},
	{"127.0.0.1:65537", "", "", false},
	{"127.0.0.1;127.0.0.1:5555", "", "", false}, // libzmq: fails at each attempt
	{"127.0.0.1:5555;", "", "", false},
	{"host name:5555", "", "", false},
	{"host/path:5555", "", "", false},
	{"user@host:5555", "", "", false},
	{"höst:5555", "", "", false},
	{"-host:5555", "", "", false},
	{".host:5555", "", "", false},
	{"%1:5555", "", "", false},
	{"host\x00:5555", "", "", false},
	{"", "", "", false},
}

func (h hostPort) String() string { return h.host + " " + strconv.Itoa(int(h.port)) }

func TestParseConnect(t *testing.T) {
	for _, c := range connects {
		got, err := parseConnect(c.text)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, errno.EINVAL) {
			t.Errorf("%q: %v, accepted should be %v", c.text, err, c.ok)
		}
		if err != nil || !c.ok {
			continue
		}
		source := ""
		if got.source != nil {
			source = got.source.String()
		}
		if source != c.source || got.hostPort.String() != c.target {
			t.Errorf("%q = %q and %q, want %q and %q", c.text, source, got.hostPort, c.source, c.target)
		}
		if err := (Transport{}).Check(c.text, nil); err != nil {
			t.Errorf("Check(%q): %v", c.text, err)
		}
	}
}

// FuzzParse checks that what is accepted can be written down again and means
// the same, and that connecting never accepts what binding as a whole refuses.
func FuzzParse(f *testing.F) {
	for _, c := range binds {
		f.Add(c.text)
	}
	for _, c := range connects {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		bound, bindErr := parseBind(text)
		if bindErr == nil {
			again, err := parseBind("[" + bound.host + "]:" + strconv.Itoa(int(bound.port)))
			if err != nil || again != bound {
				t.Errorf("%q is %v, which is %v, %v", text, bound, again, err)
			}
		}
		to, err := parseConnect(text)
		if err != nil {
			return
		}
		if bindErr != nil || to.port != bound.port {
			t.Errorf("%q connects to %v and binds to %v, %v", text, to.hostPort, bound, bindErr)
		}
		if strings.ContainsAny(text, " /\\@\x00") {
			t.Errorf("%q has a character that no address has", text)
		}
	})
}

// filters are accept filters with an address each that passes and one that
// does not.
var filters = []struct{ text, pass, stop string }{
	{"127.0.0.1", "127.0.0.1", "127.0.0.2"},
	{"127.0.0.1/32", "127.0.0.1", "127.0.0.2"},
	{"127.0.0.9/8", "127.1.2.3", "128.0.0.1"},
	{"127.0.0.1/8", "::ffff:127.0.0.5", "::1"},
	{"10.0.0.0/9", "10.127.0.1", "10.128.0.1"},
	{"0.0.0.0/0", "1.2.3.4", "::1"},
	{"::1", "::1", "127.0.0.1"},
	{"[::1]/128", "::1", "::2"},
	{"fe80::/10", "fe80::1%lo", "fec0::1"},
	{"::/0", "::ffff:1.2.3.4", "1.2.3.4"},
	{"::ffff:127.0.0.0/104", "127.9.9.9", "126.0.0.1"},
	{"::ffff:127.0.0.0/90", "::ffff:1.1.1.1", "::1"},
}

var badFilters = []string{"", "x", "localhost", "127.0.0.1/", "127.0.0.1/33", "::1/129", "127.0.0.1/8x",
	"127.0.0.1/-1", "127.0.0.1/+8", "127.0.0.1/8/8", "127.0.0.1:80", "fe80::1%lo", "lo", "*", "/8", "127.0.0.1/300"}

func TestFilter(t *testing.T) {
	for _, c := range filters {
		f, err := parseFilter(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		only := []netip.Prefix{f}
		if !allowed(netip.MustParseAddr(c.pass), only) || allowed(netip.MustParseAddr(c.stop), only) {
			t.Errorf("%q, parsed as %v, should let %s pass and stop %s", c.text, f, c.pass, c.stop)
		}
	}
	for _, text := range badFilters {
		if f, err := parseFilter(text); !errors.Is(err, errno.EINVAL) {
			t.Errorf("%q = %v, %v, want EINVAL", text, f, err)
		}
	}
	if !allowed(netip.MustParseAddr("127.0.0.1"), nil) {
		t.Error("without filters everyone should pass")
	}
}

func FuzzFilter(f *testing.F) {
	for _, c := range filters {
		f.Add(c.text)
	}
	for _, text := range badFilters {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parseFilter(text)
		if err == nil && !allowed(p.Addr(), []netip.Prefix{p}) {
			t.Errorf("%q, parsed as %v, stops its own address", text, p)
		}
	})
}
