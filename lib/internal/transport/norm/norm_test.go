package norm

import (
	"errors"
	"fmt"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
)

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]string{
		"239.192.1.1:5555":              "0  239.192.1.1 5555",
		"eth0;239.192.1.1:5555":         "0 eth0 239.192.1.1 5555",
		"7,eth0;239.192.1.1:5555":       "7 eth0 239.192.1.1 5555",
		"7,239.192.1.1:65535":           "7  239.192.1.1 65535",
		"4294967295,239.192.1.1:1":      "0  239.192.1.1 1", // NORM_NODE_ANY
		"10.99.0.0/24;239.192.1.1:5555": "0 10.99.0.0/24 239.192.1.1 5555",
		"10.99.0.1:5555":                "0  10.99.0.1 5555",
		";239.192.1.1:5555":             "0  239.192.1.1 5555",
		"239.192.1.1":                   "EINVAL",
		"239.192.1.1:":                  "EINVAL",
		"239.192.1.1:0":                 "EINVAL",
		"239.192.1.1:65536":             "EINVAL",
		"239.192.1.1:x":                 "EINVAL",
		"0.0.0.0:5555":                  "EINVAL",
		"[ff02::1]:5555":                "EINVAL",
		"host:5555":                     "EINVAL",
		"x,239.192.1.1:5555":            "EINVAL",
		",239.192.1.1:5555":             "EINVAL",
		"-1,239.192.1.1:5555":           "EINVAL",
		"4294967296,239.192.1.1:5555":   "EINVAL",
		"7,eth0;eth1;239.192.1.1:5555":  "EINVAL",
		"":                              "EINVAL",
	} {
		a, err := parseAddress(text)
		got := fmt.Sprint(a.node, " ", a.iface, " ", a.host, " ", a.port)
		if errors.Is(err, errno.EINVAL) {
			got = "EINVAL"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestRoles(t *testing.T) {
	for typ := range 20 {
		o := option.Defaults(typ)
		_, err := Medium{}.Open("no address", false, &o)
		want := errno.ENOCOMPATPROTO
		if _, fits := roles[typ]; fits {
			want = errno.EINVAL
		}
		if !errors.Is(err, want) {
			t.Errorf("type %d: %v, want %v", typ, err, want)
		}
	}
}

// Where congestion is notified the packets say that they understand that (ECT), and
// never that there is any (CE).
func TestTOS(t *testing.T) {
	for _, tt := range []struct{ mode, tos, want int }{
		{0, 0, 0}, {1, 0, 0}, {2, 3, 3}, {1, 0xb8, 0xb8},
		{3, 0, 1}, {3, 1, 1}, {3, 2, 2}, {3, 3, 2}, {4, 0xb8, 0xb9}, {4, 0xbb, 0xba},
	} {
		o := option.Defaults(1)
		o.NormMode, o.TOS = tt.mode, tt.tos
		if got := tos(&o); got != tt.want {
			t.Errorf("mode %d, TOS %d: %d, want %d", tt.mode, tt.tos, got, tt.want)
		}
	}
}

// Each option takes its effect on the source.
func TestSourceOptions(t *testing.T) {
	for _, tt := range []struct {
		name string
		set  func(o *option.Options)
		want string // fti, parity unasked, window, rate
	}{
		{"defaults", func(o *option.Options) {}, "1400 16 4 0 93 cc"},
		{"NORM_SEGMENT_SIZE", func(o *option.Options) { o.NormSegmentSize = 700 }, "700 16 4 0 187 cc"},
		{"a segment that no packet carries", func(o *option.Options) { o.NormSegmentSize = 1 << 20 }, "65443 16 4 0 2 cc"},
		{"NORM_BLOCK_SIZE", func(o *option.Options) { o.NormBlockSize = 32 }, "1400 32 4 0 46 cc"},
		{"NORM_BUFFER_SIZE", func(o *option.Options) { o.NormBufferSize = 100 }, "1400 16 4 0 4 cc"},
		{"a buffer of nearly nothing", func(o *option.Options) { o.NormBufferSize = 1 }, "1400 16 4 0 2 cc"},
		{"NORM_NUM_PARITY", func(o *option.Options) { o.NormNumParity = 8 }, "1400 16 8 0 93 cc"},
		{"NORM_NUM_AUTOPARITY", func(o *option.Options) { o.NormNumAutoparity = 2 }, "1400 16 4 2 93 cc"},
		{"more unasked than asked", func(o *option.Options) { o.NormNumAutoparity = 6 }, "1400 16 6 6 93 cc"},
		{"more than a block can have", func(o *option.Options) { o.NormBlockSize, o.NormNumParity = 200, 254 }, "1400 200 55 0 7 cc"},
		{"RATE without a fixed one", func(o *option.Options) { o.Rate = 800 }, "1400 16 4 0 93 cc"},
		{"NORM_MODE 0 and RATE", func(o *option.Options) { o.NormMode, o.Rate = 0, 800 }, "1400 16 4 0 93 100000"},
	} {
		o := option.Defaults(1)
		tt.set(&o)
		s := newSource(sourceSettings(&o))
		rate := "cc"
		if s.pace.fixed {
			rate = fmt.Sprint(s.pace.rate)
		}
		got := fmt.Sprint(s.fti.SegmentSize, s.fti.NumData, s.fti.NumParity, s.auto, s.window, " ", rate)
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
