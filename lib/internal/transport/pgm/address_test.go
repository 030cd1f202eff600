package pgm

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
)

// What libzmq takes was tried with libzmq 4.3.4.
func TestParseAddress(t *testing.T) {
	for text, want := range map[string]string{
		"eth0;239.192.1.1:5555":                        "eth0 [239.192.1.1] 239.192.1.1 5555",
		"10.99.0.1;239.192.1.1:5555":                   "10.99.0.1 [239.192.1.1] 239.192.1.1 5555",
		"10.99.0.0/24;239.192.1.1:1":                   "10.99.0.0/24 [239.192.1.1] 239.192.1.1 1",
		";239.192.1.1:65535":                           " [239.192.1.1] 239.192.1.1 65535",
		"239.192.1.1:5555":                             " [239.192.1.1] 239.192.1.1 5555",
		"eth0:5555":                                    "eth0 [239.192.0.1] 239.192.0.1 5555",
		"eth0;239.192.1.1,239.192.1.2;239.192.1.3:5":   "eth0 [239.192.1.1 239.192.1.2] 239.192.1.3 5",
		"239.192.1.1,239.192.1.2;239.192.1.3:5":        " [239.192.1.1 239.192.1.2] 239.192.1.3 5",
		"eth0;239.192.1.1:0":                           "EINVAL",
		"eth0;239.192.1.1":                             "EINVAL",
		"eth0;239.192.1.1:5x":                          "EINVAL",
		"eth0;239.192.1.1:":                            "EINVAL",
		"eth0;239.192.1.1:70000":                       "EINVAL",
		"eth0;10.1.1.1:5555":                           "EINVAL",
		"eth0;:5555":                                   "EINVAL",
		":5555":                                        "EINVAL",
		"eth0,eth1;239.192.1.1:5555":                   "EINVAL",
		"eth0;239.192.1.1;239.192.1.2;239.192.1.3:5":   "EINVAL",
		"eth0;239.192.1.1;239.192.1.2,239.192.1.3:5":   "EINVAL",
		strings.Repeat("x", 250) + ";239.192.1.1:5555": "EINVAL",
		"eth0;ff02::1:5555":                            "EINVAL",
	} {
		a, err := parseAddress(text)
		got := fmt.Sprint(a.iface, " ", a.groups, " ", a.send, " ", a.port)
		if errors.Is(err, errno.EINVAL) {
			got = "EINVAL"
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	const pub, pull = 1, 7
	for _, tt := range []struct {
		kind int
		tpdu int
		text string
		want errno.Errno
	}{
		{pull, 1500, "239.192.1.1:5555", errno.ENOCOMPATPROTO},
		{pub, 1500, "nowhere", errno.EINVAL},
		{pub, 1500, "no-such-interface;239.192.1.1:5555", errno.EINVAL},
		{pub, 1500, "203.0.113.77;239.192.1.1:5555", errno.EINVAL},
		{pub, 50, "239.192.1.1:5555", errno.EINVAL},
	} {
		o := &option.Options{Type: tt.kind, MulticastMaxTPDU: tt.tpdu, MulticastHops: 1}
		if _, err := (Medium{UDP: true}).Open(tt.text, false, o); !errors.Is(err, tt.want) {
			t.Errorf("type %d, %q: %v, want %v", tt.kind, tt.text, err, tt.want)
		}
	}
}

func TestWindowSize(t *testing.T) {
	for _, tt := range []struct{ rate, ivl, tpdu, want int }{
		{100, 10_000, 1500, 80}, // libzmq's defaults: 12 bytes in a millisecond
		{1, 10_000, 1500, 1},
		{1_000_000, 10_000, 1500, 833_333},
		{1<<31 - 1, 1<<31 - 1, 1500, 1 << 28},
	} {
		o := &option.Options{Rate: tt.rate, RecoveryIvl: tt.ivl, MulticastMaxTPDU: tt.tpdu}
		if got := windowSize(o); got != tt.want {
			t.Errorf("%+v: got %d", tt, got)
		}
	}
}
