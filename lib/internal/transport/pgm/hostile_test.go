package pgm

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"ztools/lib/internal/transport/multicast"
)

// deafReceiver is a receiver that talks to nobody.
func deafReceiver(window int) *receiver {
	return newReceiver(receiverConfig{
		Port: 5555, TPDU: 1500, Window: window, Limit: -1,
		Emit:   func([]byte, multicast.Target) {},
		Random: func(d time.Duration) time.Duration { return d / 2 },
	})
}

// A flood of forged packets costs a bounded amount of memory, and the session
// that was there before goes on.
func TestFlood(t *testing.T) {
	n := newNetwork(1)
	r := n.receiver(1000, nil)
	s := n.source(7, 1<<24, 1000)
	n.run(time.Second)
	var p packer
	n.write(s, &p, message(0, 100))
	n.run(time.Second)
	r.budget = 1 << 20
	r.emit = func([]byte, multicast.Target) {}
	random := rand.New(rand.NewPCG(1, 1))
	body := make([]byte, 1000)
	for i := range 50_000 {
		forged := Packet{
			Type: []Type{SPM, ODATA, RDATA, NCF}[random.IntN(4)], Source: uint16(random.IntN(1000)), Dest: 5555,
			GSI: [6]byte{9, byte(random.IntN(3))}, Sqn: random.Uint32N(5000), Lead: random.Uint32N(5000),
			NLA: sourceAddr, Group: groupAddr, List: []uint32{random.Uint32N(5000)},
		}
		if forged.Type == ODATA || forged.Type == RDATA {
			forged.Data = body[:random.IntN(len(body))]
		}
		r.Handle(n.now+time.Duration(i)*time.Microsecond, forged.Append(nil), hostPort(receiverAddr), groupAddr)
		if r.held > r.budget {
			t.Fatalf("packet %d: %d bytes are held", i, r.held)
		}
	}
	if len(r.peers.Sessions) > maxPeers {
		t.Errorf("%d sessions", len(r.peers.Sessions))
	}
	n.write(s, &p, message(1, 100))
	n.run(time.Second)
	if got := numbers(t, r.out, 100); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("got %v", got)
	}
}

// A message that never ends is bounded too.
func TestEndlessMessage(t *testing.T) {
	r := deafReceiver(100)
	r.budget = 1 << 20
	p := packer{next: func() []byte { return make([]byte, 0, 1400) }}
	sqn := uint32(0)
	p.send = func(b []byte) error {
		d := Packet{Type: ODATA, Source: 1, Dest: 5555, Sqn: sqn, Data: b}
		sqn++
		r.Handle(0, d.Append(nil), hostPort(sourceAddr), groupAddr)
		if r.held > r.budget {
			t.Fatalf("%d bytes are held", r.held)
		}
		return nil
	}
	if err := p.mark(); err != nil {
		t.Fatal(err)
	}
	p.inside = true
	header := []byte{0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0}
	if err := p.put(append(header, make([]byte, 3<<20)...)); err != nil {
		t.Fatal(err)
	}
}

// A source answers only for what it has, and repairs cost no more than the rate.
func TestForgedNAKs(t *testing.T) {
	n := newNetwork(1)
	s := n.source(7, 1<<20, 100)
	var p packer
	for i := range 200 {
		n.write(s, &p, message(i, 1000))
	}
	nak := Packet{Type: NAK, Source: 5555, Dest: 7, GSI: s.tsi.GSI, NLA: sourceAddr, Group: groupAddr}
	for sqn := range uint32(MaxList) {
		nak.List = append(nak.List, sqn*7)
	}
	start, before := n.now, n.count(RDATA)
	for range 1000 {
		s.Handle(n.now, nak.Append(nil))
		n.run(time.Millisecond)
	}
	sent := n.count(RDATA) - before
	if most := int((n.now-start).Seconds()*(1<<20)/1000) + 20; sent == 0 || sent > most {
		t.Errorf("%d repairs in %v, at most %d fit the rate", sent, n.now-start, most)
	}
	for _, spoil := range []func(*Packet){
		func(p *Packet) { p.Dest++ },
		func(p *Packet) { p.Source++ },
		func(p *Packet) { p.GSI[0]++ },
		func(p *Packet) { p.NLA = receiverAddr },
		func(p *Packet) { p.Group = receiverAddr },
		func(p *Packet) { p.List = []uint32{1 << 31} },
	} {
		n.run(10 * time.Second)
		n.sent = nil
		forged := nak
		spoil(&forged)
		s.Handle(n.now, forged.Append(nil))
		if n.count(NCF) > 0 || n.count(RDATA) > 0 {
			t.Errorf("%+v is answered", forged)
		}
	}
}

func TestFragments(t *testing.T) {
	whole := append([]byte{0, 0, 6, 0}, "hello"...)
	part := func(sqn uint32, f Fragment, from, to int) []byte {
		return (&Packet{Type: ODATA, Source: 1, Dest: 5555, Sqn: sqn, Fragment: f, Data: whole[from:to]}).Append(nil)
	}
	for _, tt := range []struct {
		name    string
		packets [][]byte
		want    string
	}{
		{"in order", [][]byte{part(5, Fragment{5, 0, 9}, 0, 4), part(6, Fragment{5, 4, 9}, 4, 9)}, "\x00\x05hello"},
		{"one of one", [][]byte{part(5, Fragment{5, 0, 9}, 0, 9)}, "\x00\x05hello"},
		{"beginning missing", [][]byte{part(6, Fragment{5, 4, 9}, 4, 9)}, ""},
		{"another length", [][]byte{part(5, Fragment{5, 0, 9}, 0, 4), part(6, Fragment{5, 4, 8}, 4, 8)}, ""},
		{"too long", [][]byte{part(5, Fragment{5, 0, 8}, 0, 4), part(6, Fragment{5, 4, 8}, 4, 9)}, ""},
		{"then whole", [][]byte{part(5, Fragment{5, 0, 9}, 0, 4), part(6, Fragment{}, 0, 9)}, "\x00\x05hello"},
	} {
		r := deafReceiver(100)
		for _, b := range tt.packets {
			r.Handle(0, b, hostPort(sourceAddr), groupAddr)
		}
		if string(r.out) != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, r.out, tt.want)
		}
	}
}

// Where a message's fragments stop coming, that is told, and what follows is not
// joined to them.
func TestBrokenFragments(t *testing.T) {
	part := func(sqn uint32, f Fragment, data string) []byte {
		return (&Packet{Type: ODATA, Source: 1, Dest: 5555, Sqn: sqn, Fragment: f, Data: []byte(data)}).Append(nil)
	}
	const message = "\x00\x00\x06\x00hello" // with the offset of its beginning
	for name, next := range map[string][]byte{
		"a whole packet":     part(7, Fragment{}, message),
		"the next fragments": part(7, Fragment{7, 0, 9}, message),
	} {
		r, told := deafReceiver(100), 0
		r.report = func(TSI) { told++ }
		for _, b := range [][]byte{part(5, Fragment{}, message), part(6, Fragment{6, 0, 9}, message[:5]), next} {
			r.Handle(0, b, hostPort(sourceAddr), groupAddr)
		}
		if want := "\x00\x05hello\x00\x05hello"; string(r.out) != want || told != 1 {
			t.Errorf("%s: got %q, told %d times", name, r.out, told)
		}
	}
}

// What a session leaves unfinished is told when it is forgotten.
func TestForgottenSession(t *testing.T) {
	data := func(port uint16, sqn uint32) []byte {
		return (&Packet{Type: ODATA, Source: port, Dest: 5555, Sqn: sqn, Data: []byte("\x00\x00\x06\x00hello")}).Append(nil)
	}
	for name, forget := range map[string]func(r *receiver){
		"silence": func(r *receiver) { r.Poll(peerExpiry) },
		"a crowd": func(r *receiver) {
			for port := range uint16(maxPeers) {
				r.Handle(1, data(10+port, 0), hostPort(sourceAddr), groupAddr)
			}
		},
	} {
		for _, missing := range []bool{false, true} {
			r, told := deafReceiver(100), 0
			r.report = func(TSI) { told++ }
			r.Handle(0, data(1, 5), hostPort(sourceAddr), groupAddr)
			if missing {
				r.Handle(0, data(1, 7), hostPort(sourceAddr), groupAddr)
			}
			if forget(r); told > 0 != missing || r.peers.Sessions[TSI{Port: 1}] != nil {
				t.Errorf("%s, missing %v: told %d times", name, missing, told)
			}
		}
	}
}

// Whoever makes up sessions, even such as deliver something, keeps nobody out.
func TestForgedSessionsKeepNobodyOut(t *testing.T) {
	r, now := deafReceiver(100), time.Duration(0)
	come := func(port uint16, from netip.Addr) {
		d := Packet{Type: ODATA, Source: port, Dest: 5555, Data: []byte("\x00\x00\x06\x00hello")}
		now++
		r.Handle(now, d.Append(nil), hostPort(from), groupAddr)
	}
	come(1, sourceAddr)
	for i := range uint16(1000) {
		come(100+i, receiverAddr)
	}
	come(2, sourceAddr)
	come(3, sourceAddr)
	for i := range uint16(1000) {
		come(100+i, receiverAddr)
	}
	for port := range uint16(3) {
		if r.peers.Sessions[TSI{Port: port + 1}] == nil {
			t.Errorf("session %d is kept out", port+1)
		}
	}
	if len(r.peers.Sessions) > maxPeers {
		t.Errorf("%d sessions", len(r.peers.Sessions))
	}
}

// FuzzReceiver takes a script: a byte that says what comes, and its bytes.
func FuzzReceiver(f *testing.F) {
	packets, _ := flow(f)
	var script []byte
	for _, b := range packets {
		script = append(script, byte(len(b)))
		script = append(script, b...)
	}
	f.Add(script)
	f.Fuzz(func(t *testing.T, script []byte) {
		r := deafReceiver(50)
		r.budget = 10_000
		now := time.Duration(0)
		for len(script) > 0 {
			n := min(int(script[0]), len(script)-1)
			b := script[1 : 1+n]
			script = script[1+n:]
			now += time.Duration(n) * time.Millisecond
			if len(b) >= headerLen {
				binary.BigEndian.PutUint16(b[2:], 5555)
				seal(b)
			}
			r.Handle(now, b, hostPort(sourceAddr), groupAddr)
			if r.Poll(now) <= now {
				t.Fatal("poll wants to be called at once again")
			}
			if r.held > r.budget || r.held < 0 {
				t.Fatalf("%d bytes held", r.held)
			}
			if r.out = r.out[:0]; cap(r.out) > 1<<20 {
				t.Fatal("more came out than went in")
			}
		}
	})
}
