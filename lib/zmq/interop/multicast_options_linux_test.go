package interop_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"ztools/lib/zmq"
)

// MULTICAST_HOPS is how far packets go, TOS how they are treated, where the protocol
// leaves that open, and MULTICAST_LOOP whether they come back to their own host.
func TestMulticastHopsAndLoop(t *testing.T) {
	l := newLab(t)
	for scheme := range multicast {
		for _, loop := range []bool{true, false} {
			t.Run(scheme, func(t *testing.T) {
				l.port++ // what an earlier one still sends is none of this conversation's
				us := newOurs(t)
				pub, far, near := open(t, us, "PUB"), open(t, us, "SUB"), open(t, us, "SUB")
				subscribe(far, "")
				subscribe(near, "")
				options := []any{zmq.Rate, fast, zmq.MulticastHops, 7, zmq.MulticastLoop, loop, zmq.TOS, 0x28}
				l.b.enter(far, scheme, options...)
				l.a.enter(near, scheme, options...)
				l.treat(0, 0, 0)
				l.a.enter(pub, scheme, options...)
				synchronise(pub, far)
				tos := map[string]int{"norm": 0x28, "pgm": 0xb8, "epgm": 0xb8}[scheme] // pgm: EF, as in libzmq
				want := []head{{l.a.addr, "239.192.1.1", l.port, 7, tos}}
				if seen := l.seen(l.a.addr, "239.192.1.1", l.port); !slices.Equal(seen, want) {
					t.Errorf("sent with %v, want %v", seen, want)
				}
				wait := patience
				if !loop {
					wait = 200 * time.Millisecond
				}
				if _, err := near.Recv(wait); (err == nil) != loop {
					t.Errorf("MULTICAST_LOOP %v: on its own host %v", loop, err)
				}
			})
		}
	}
}

// XPUB sends as PUB does, and hears of no subscriptions, which stay at home: SUB
// filters what comes, XSUB receives everything.
func TestExtendedMulticast(t *testing.T) {
	l := newLab(t)
	for scheme := range multicast {
		for _, p := range pairings(l) {
			t.Run(scheme+" "+p.name, func(t *testing.T) {
				l.treat(0, 0, 0)
				pub, sub, all := open(t, p.pub(t), "XPUB"), open(t, p.sub(t), "SUB"), open(t, p.sub(t), "XSUB")
				subscribe(sub, "a")
				subscribe(sub, "sync")
				subscribe(sub, "go")
				l.b.enter(sub, scheme, zmq.Rate, fast)
				l.b.enter(all, scheme, zmq.Rate, fast)
				l.a.enter(pub, scheme, zmq.Rate, fast)
				synchronise(pub, sub)
				for until := time.Now().Add(patience); ; pub.send("sync") {
					if _, err := all.Recv(20 * time.Millisecond); err == nil {
						break
					} else if time.Now().After(until) {
						t.Fatalf("nothing arrives: %v", err)
					}
				}
				for _, m := range [][]string{{"b", "1"}, {"a", "2"}, {"", "3"}, {"ab", "4", "5"}, {"a"}} {
					pub.send(m...)
				}
				expectAll(sub, "a2", "ab45", "a")
				expectAll(all, "b1", "a2", "3", "ab45", "a")
				if parts, err := pub.Recv(0); !errors.Is(err, zmq.EAGAIN) {
					t.Errorf("XPUB received %s, %v", shown(parts), err)
				}
			})
		}
	}
}

// expectAll receives messages, whose parts are joined here, and those of synchronise
// before them.
func expectAll(e end, want ...string) {
	e.t.Helper()
	var got []string
	for len(got) < len(want) {
		m := string(slices.Concat(e.recv()...))
		if m != "sync" && m != "go" {
			got = append(got, m)
		}
	}
	if !slices.Equal(got, want) {
		e.t.Errorf("got %q, want %q", got, want)
	}
}
