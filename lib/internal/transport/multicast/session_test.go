package multicast

import (
	"net/netip"
	"testing"
	"time"
)

type session struct {
	host   string
	joined bool
	heard  time.Duration
}

func (s *session) Standing() (netip.Addr, bool, time.Duration) {
	return netip.MustParseAddr(s.host), s.joined, s.heard
}

func TestWeakest(t *testing.T) {
	for name, list := range map[string][]*session{ // the first one is the weakest
		"of the host with most":     {{"10.0.0.1", true, 9}, {"10.0.0.1", true, 10}, {"10.0.0.2", false, 1}},
		"that delivered nothing":    {{"10.0.0.1", false, 9}, {"10.0.0.1", true, 1}},
		"that is silent longest":    {{"10.0.0.1", true, 1}, {"10.0.0.1", true, 2}, {"10.0.0.1", true, 3}},
		"of several hosts with one": {{"10.0.0.2", false, 2}, {"10.0.0.3", false, 3}, {"10.0.0.1", true, 1}},
	} {
		crowd := NewCrowd[int, *session]()
		crowd.Add(99, &session{"10.0.0.1", false, 0})
		for i, s := range list {
			crowd.Add(i, s)
		}
		crowd.Remove(99)
		if got := crowd.Weakest(); got != list[0] {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}
