package udp

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/ipv4"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
	"ztools/lib/internal/wire"
	"ztools/lib/internal/ztest"
)

func TestTypes(t *testing.T) {
	for typ := range 21 {
		o := option.Defaults(typ)
		for _, bind := range []bool{false, true} {
			c, err := Medium{}.Open("127.0.0.1:9", bind, &o)
			fits := typ == radio && !bind
			if !fits && !(bind && (typ == dish || typ == dgram)) {
				if !errors.Is(err, errno.ENOCOMPATPROTO) {
					t.Errorf("type %d, bind %v: %v", typ, bind, err)
				}
				continue
			}
			if errors.Is(err, errno.ENOCOMPATPROTO) {
				t.Errorf("type %d, bind %v: %v", typ, bind, err)
			}
			if err == nil {
				c.Close()
			}
		}
	}
}

func TestParse(t *testing.T) {
	for _, test := range []struct {
		text          string
		ipv6          bool
		bind, connect error
	}{
		{"127.0.0.1:5555", false, nil, nil},
		{"127.0.0.1:*", false, nil, errno.EINVAL},
		{"127.0.0.1:0", false, nil, errno.EINVAL},
		{"*:5555", false, nil, errno.EINVAL},
		{"lo:5555", false, nil, errno.EINVAL},
		{"localhost:5555", false, nil, nil},
		{"127.0.0.1", false, errno.EINVAL, errno.EINVAL},
		{"127.0.0.1:x", false, errno.EINVAL, errno.EINVAL},
		{"127.0.0.1:65536", false, errno.EINVAL, errno.EINVAL},
		{"239.0.0.1:5555", false, nil, nil},
		{"*;239.0.0.1:5555", false, nil, nil},
		{"127.0.0.1;239.0.0.1:5555", false, nil, nil},
		{"127.0.0.1;127.0.0.1:5555", false, errno.EINVAL, errno.EINVAL},
		{"239.0.0.1;239.0.0.1:5555", false, errno.EINVAL, errno.EINVAL},
		{"nointerface0;239.0.0.1:5555", false, errno.ENODEV, errno.ENODEV},
		{"203.0.113.1;239.0.0.1:5555", false, errno.ENODEV, errno.ENODEV},
		{"127.0.0.1:1;239.0.0.1:5555", false, errno.ENODEV, errno.ENODEV},
		{"[::1]:5555", false, errno.ENODEV, errno.EINVAL},
		{"[::1]:5555", true, nil, nil},
		{"[ff02::1]:5555", true, nil, nil},
		{"::1;[ff02::1]:5555", true, errno.ENODEV, errno.ENODEV},
		{"*;[ff02::1]:5555", true, nil, nil},
		{"127.0.0.1;[ff02::1]:5555", true, errno.EINVAL, errno.EINVAL},
	} {
		for bind, want := range map[bool]error{true: test.bind, false: test.connect} {
			if _, err := parse(test.text, bind, test.ipv6); !errors.Is(err, want) {
				t.Errorf("%q, bind %v, IPv6 %v: %v, want %v", test.text, bind, test.ipv6, err, want)
			}
		}
	}
}

// The system is told how far packets to a group go, and whether they come back.
func TestMulticastOptions(t *testing.T) {
	for _, want := range []struct {
		hops int
		loop bool
	}{{1, true}, {7, false}} {
		o := option.Defaults(radio)
		o.MulticastHops, o.MulticastLoop = want.hops, want.loop
		c, err := Medium{}.Open("127.0.0.1;239.0.0.1:5555", false, &o)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		p := ipv4.NewPacketConn(c.(*carrier))
		if hops, err := p.MulticastTTL(); hops != want.hops || err != nil {
			t.Errorf("MULTICAST_HOPS %d: %d, %v", want.hops, hops, err)
		}
		if loop, err := p.MulticastLoopback(); loop != want.loop || err != nil {
			t.Errorf("MULTICAST_LOOP %v: %v, %v", want.loop, loop, err)
		}
	}
}

// pair is a DISH and the RADIO that sends to it.
func pair(t *testing.T, host string) (d, r transport.Carrier) {
	t.Helper()
	od, or := option.Defaults(dish), option.Defaults(radio)
	od.IPv6, or.IPv6 = strings.HasPrefix(host, "["), strings.HasPrefix(host, "[")
	d, err := Medium{}.Open(host+":*", true, &od)
	if err != nil && od.IPv6 {
		ztest.Skip(t, "IPv6: "+err.Error())
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	r, err = Medium{}.Open(strings.TrimPrefix(d.Endpoint(), "udp://"), false, &or)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return d, r
}

// groupMessage is a message of RADIO as it stands in a pipe.
func groupMessage(group, body string) []byte {
	b := wire.AppendFrameV2(nil, msg.More, []byte(group))
	return wire.AppendFrameV2(b, 0, []byte(body))
}

// read reads until n bytes have come.
func read(t *testing.T, c net.Conn, n, piece int) (b []byte) {
	t.Helper()
	p := make([]byte, piece)
	for len(b) < n {
		k, err := c.Read(p)
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, p[:k]...)
	}
	return b
}

// What is written arrives in order, whatever runs it goes in, however it is read.
func TestRuns(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		t.Run(host, func(t *testing.T) {
			d, r := pair(t, host)
			for _, piece := range []int{1, 7, 100, 1 << 17} {
				var all []byte
				for _, sizes := range [][]int{{0}, {1}, {0, 0, 0}, {5, 5, 5, 6, 6, 1, 9}, {8192 - 2}, slices.Repeat([]int{16}, 100), {3000, 3000, 20, 3000}} {
					var batch []byte
					for i, n := range sizes {
						batch = append(batch, groupMessage("g", strings.Repeat(fmt.Sprint(i%10), n))...)
					}
					if n, err := r.WriteFrames([][]byte{batch}); n != len(batch) || err != nil {
						t.Fatalf("%v: %d, %v", sizes, n, err)
					}
					all = append(all, batch...)
				}
				if got := read(t, d, len(all), piece); !bytes.Equal(got, all) {
					t.Fatalf("in pieces of %d: %d bytes came that are others", piece, len(got))
				}
			}
		})
	}
}

// What is no packet of RADIO, or too long, or to no address, is dropped, and what
// comes behind it arrives.
func TestMalformedIsDropped(t *testing.T) {
	d, r := pair(t, "127.0.0.1")
	raw, err := net.Dial("udp", strings.TrimPrefix(d.Endpoint(), "udp://"))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	for _, packet := range []string{"", "\x01", "\x05four", "\xff", "\x00" + strings.Repeat("x", packetMax)} {
		if _, err := raw.Write([]byte(packet)); err != nil {
			t.Fatal(err)
		}
	}
	tooLong := groupMessage("g", strings.Repeat("x", packetMax-1))
	want := groupMessage("", "fits")
	if _, err := r.WriteFrames([][]byte{tooLong, want}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, d, len(want), 1000); !bytes.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// A RADIO whose peer has gone goes on sending.
func TestNobodyListens(t *testing.T) {
	d, r := pair(t, "127.0.0.1")
	d.Close()
	for range 100 {
		if _, err := r.WriteFrames([][]byte{groupMessage("g", "x"), groupMessage("g", "y")}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCloseEndsRead(t *testing.T) {
	d, r := pair(t, "127.0.0.1")
	for _, c := range []transport.Carrier{d, r} {
		over := make(chan error)
		go func() {
			_, err := c.Read(make([]byte, 100))
			over <- err
		}()
		c.Close()
		if err := <-over; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Read ended with %v", err)
		}
	}
	if _, err := r.WriteFrames([][]byte{groupMessage("g", "x")}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("WriteFrames after Close: %v", err)
	}
	if n, err := d.WriteFrames([][]byte{{4, 1, 'x'}}); n != 3 || err != nil {
		t.Errorf("a DISH drops what it would send: %d, %v", n, err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("\x01gbody\x01gother"), uint16(6), false)
	f.Add([]byte("body"), uint16(0), true)
	f.Add([]byte("\xff"), uint16(1), false)
	f.Fuzz(func(t *testing.T, packets []byte, size uint16, datagrams bool) {
		c := &carrier{typ: dish}
		if datagrams {
			c.typ = dgram
		}
		r := run{bytes: packets, size: max(int(size), 1), peer: netip.MustParseAddrPort("192.0.2.1:9")}
		w := wire.NewWalk([][]byte{c.decode(nil, r)})
		total := 0
		for {
			flags, head, ok := w.Next()
			if !ok {
				break
			}
			last, body, ok := w.Next()
			if flags != msg.More || last != 0 || !ok {
				t.Fatalf("frames with flags %v and %v", flags, last)
			}
			if total += len(body); !datagrams {
				total += 1 + len(head)
			}
		}
		if total > len(packets) {
			t.Fatalf("%d bytes out of %d", total, len(packets))
		}
	})
}
