package interop_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ztools/lib/zmq"
)

// forEachRadio runs a test between ourselves and with libzmq on either side; of
// the two parties the second one hears.
func forEachRadio(t *testing.T, test func(t *testing.T, speaker, hearer party)) {
	t.Run("ours", func(t *testing.T) { us := newOurs(t); test(t, us, us) })
	t.Run("ours to libzmq", func(t *testing.T) { test(t, newOurs(t), start(t, node)) })
	t.Run("libzmq to ours", func(t *testing.T) { test(t, start(t, node), newOurs(t)) })
}

// exchange sends until the message has come: udp may lose any packet.
func exchange(from, to end, parts ...string) [][]byte {
	to.t.Helper()
	limit := time.Now().Add(patience)
	for time.Now().Before(limit) {
		from.send(parts...)
		got, err := to.Recv(100 * time.Millisecond)
		if err == nil {
			return got
		}
		if !errors.Is(err, zmq.EAGAIN) {
			to.t.Fatal(err)
		}
	}
	to.t.Fatalf("%.40q does not come", parts)
	return nil
}

// hears checks that this is what comes next.
func hears(from, to end, group, body string) {
	to.t.Helper()
	got := exchange(from, to, group, body)
	if len(got) != 2 || string(got[0]) != group || string(got[1]) != body {
		to.t.Errorf("got %.60q, want %q and %d bytes", got, group, len(body))
	}
}

func TestRadioOverUDP(t *testing.T) {
	forEachRadio(t, func(t *testing.T, speaker, hearer party) {
		dish := open(t, hearer, "DISH")
		port := closedPort(t)[len("tcp://127.0.0.1:"):]
		dish.bind("udp://127.0.0.1:" + port)
		radio := open(t, speaker, "RADIO")
		radio.connect("udp://127.0.0.1:" + port)
		for i, size := range []int{0, 1, 500, 1472, 8000, 8192 - 7} {
			group := fmt.Sprintf("group%d", i)
			join(dish, group)
			hears(radio, dish, group, strings.Repeat("x", size))
		}
		join(dish, "end")
		// Other groups and what is longer than a packet may be do not come.
		radio.send("other", "x")
		radio.send("end", strings.Repeat("x", 8192))
		hears(radio, dish, "end", "x")
	})
}

func TestDatagrams(t *testing.T) {
	forEachRadio(t, func(t *testing.T, speaker, hearer party) {
		a, b := open(t, speaker, "DGRAM"), open(t, hearer, "DGRAM")
		hosts := map[end]string{}
		for _, e := range []end{a, b} {
			hosts[e] = closedPort(t)[len("tcp://"):]
			e.bind("udp://" + hosts[e])
		}
		for _, body := range []string{"", "question", strings.Repeat("y", 8192)} {
			got := exchange(a, b, hosts[b], body)
			if len(got) != 2 || string(got[0]) != hosts[a]+"\x00" || string(got[1]) != body {
				t.Fatalf("got %.60q from %s", got, hosts[a])
			}
			back := exchange(b, a, string(got[0]), "re: "+body[:min(len(body), 100)])
			if string(back[0]) != hosts[b]+"\x00" || !bytes.HasPrefix(back[1], []byte("re: ")) {
				t.Fatalf("got %.60q from %s", back, hosts[b])
			}
		}
		a.send("nobody", "dropped")
		a.send("127.0.0.1:0", "dropped")
		exchange(a, b, hosts[b], "goes on")
	})
}

// TestRadioOverMulticast joins a group on a network of the test's own.
func TestRadioOverMulticast(t *testing.T) {
	l := newLab(t)
	for _, endpoint := range []string{"udp://%s;239.192.1.7:5577", "udp://239.192.1.7:5578", "udp://eth0;239.192.1.7:5579"} {
		for name, parties := range map[string][2]func(t *testing.T) party{
			"ours": {us, us}, "ours to libzmq": {us, libzmqDraftOn(l.b)}, "libzmq to ours": {libzmqDraftOn(l.a), us},
		} {
			t.Run(endpoint+" "+name, func(t *testing.T) {
				speaker, hearer := parties[0](t), parties[1](t)
				radio, dish := open(t, speaker, "RADIO"), open(t, hearer, "DISH")
				join(dish, "g")
				for h, e := range map[host]end{l.a: radio, l.b: dish} {
					at := strings.Replace(endpoint, "%s", h.addr, 1)
					inside(t, h.name, func() {
						if e == dish {
							e.bind(at)
						} else {
							e.connect(at)
						}
					})
				}
				hears(radio, dish, "g", "to all")
			})
		}
	}
}

// A RADIO sends from the interface that was given, whatever route there is, or none;
// and where none leads to the group it connects all the same.
func TestRadioRoutes(t *testing.T) {
	l := newLab(t)
	ip(t, "-n "+l.a.name+" link add eth1 type veth peer name far")
	ip(t, "-n "+l.a.name+" addr add 10.98.0.1/24 dev eth1")
	for _, up := range []string{"eth1", "far"} {
		ip(t, "-n "+l.a.name+" link set "+up+" up")
	}
	for _, route := range []string{"del default dev eth0", "add default dev eth1"} {
		ip(t, "-n "+l.a.name+" route "+route)
		t.Run(route, func(t *testing.T) {
			us := newOurs(t)
			dish := open(t, us, "DISH")
			join(dish, "g")
			inside(t, l.b.name, func() { dish.bind("udp://eth0;239.192.1.7:5577") })
			for _, iface := range []string{"eth0", l.a.addr} {
				l.treat(0, 0, 0)
				radio := open(t, us, "RADIO")
				inside(t, l.a.name, func() { radio.connect("udp://" + iface + ";239.192.1.7:5577") })
				hears(radio, dish, "g", "by "+iface)
				if seen := l.seen(l.a.addr, "239.192.1.7", 5577); len(seen) == 0 {
					t.Errorf("by %s: came from elsewhere", iface)
				}
			}
			for _, nowhere := range []string{"udp://203.0.113.1:9", "udp://239.192.1.8:9"} {
				radio := open(t, us, "RADIO")
				inside(t, l.a.name, func() { radio.connect(nowhere) })
				radio.send("g", "lost")
			}
		})
	}
}

// MULTICAST_HOPS is how far packets go, MULTICAST_LOOP whether they come back to
// their own host.
func TestRadioHopsAndLoop(t *testing.T) {
	l := newLab(t)
	for _, loop := range []bool{true, false} {
		us := newOurs(t)
		radio, far, near := open(t, us, "RADIO"), open(t, us, "DISH"), open(t, us, "DISH")
		const group = "udp://eth0;239.192.1.7:5577"
		for h, e := range map[host]end{l.a: near, l.b: far} {
			join(e, "g")
			inside(t, h.name, func() { e.bind(group) })
		}
		radio.set(zmq.MulticastHops, 7)
		radio.set(zmq.MulticastLoop, loop)
		l.treat(0, 0, 0)
		inside(t, l.a.name, func() { radio.connect(group) })
		hears(radio, far, "g", "x")
		if seen, want := l.seen(l.a.addr, "239.192.1.7", 5577), []head{{l.a.addr, "239.192.1.7", 5577, 7, 0}}; !slices.Equal(seen, want) {
			t.Errorf("sent with %v, want %v", seen, want)
		}
		if _, err := near.Recv(200 * time.Millisecond); (err == nil) != loop {
			t.Errorf("MULTICAST_LOOP %v: on its own host %v", loop, err)
		}
	}
}

func libzmqDraftOn(h host) func(t *testing.T) party {
	return func(t *testing.T) party {
		var p *process
		inside(t, h.name, func() { p = start(t, node) })
		return p
	}
}
