package norm

import (
	"bytes"
	"container/heap"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"ztools/lib/internal/msg"
	"ztools/lib/internal/transport/multicast"
	"ztools/lib/internal/wire"
)

// A network carries messages between a source and a receiver in time that passes
// only as the test says. It loses, repeats and delays them as told.
type network struct {
	now          time.Duration
	random       *rand.Rand
	loss, repeat float64
	mark         float64 // share that a congested router marks
	jitter       time.Duration
	drop         func(m *Message) bool // more to lose; may be nil
	flying       flights
	order        int
	from         netip.AddrPort // where the source's messages come from
	source       *source
	receiver     *receiver
	packer       packer
	counts       map[string]int
	marked       bool // the message that the receiver has at hand
	mode         int
	told         int // losses
}

// flight is a message on its way.
type flight struct {
	due   time.Duration
	order int
	bytes []byte
	up    bool // towards the source
	mark  bool
}

type flights []flight

func (f flights) Len() int      { return len(f) }
func (f flights) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f flights) Less(i, j int) bool {
	return f[i].due < f[j].due || f[i].due == f[j].due && f[i].order < f[j].order
}
func (f *flights) Push(x any) { *f = append(*f, x.(flight)) }
func (f *flights) Pop() any {
	last := (*f)[len(*f)-1]
	*f = (*f)[:len(*f)-1]
	return last
}

func newNetwork(rate float64, auto, buffer int) *network {
	return newNetworkOf(
		sourceConfig{Segment: 100, NumData: 16, NumParity: 4, Auto: auto, Buffer: buffer, Rate: rate},
		receiverConfig{Buffer: buffer, Limit: -1})
}

// newNetworkOf is a network of a source and a receiver with these settings.
func newNetworkOf(c sourceConfig, r receiverConfig) *network {
	n := &network{random: rand.New(rand.NewPCG(1, 1)), counts: map[string]int{}}
	c.Node, c.Instance, c.Overhead = 1, 2, overhead
	c.Emit = func(b []byte, _ multicast.Target) { n.carry(b, false) }
	n.source = newSource(c)
	n.admit(r)
	n.source.open(0)
	return n
}

// join puts a new receiver in the place of the old one.
func (n *network) join(buffer int) {
	n.admit(receiverConfig{Buffer: buffer, Limit: -1, Mode: n.mode})
}

func (n *network) admit(c receiverConfig) {
	c.Node, c.Random = 3, n.random.Float64
	c.Emit = func(b []byte, _ multicast.Target) { n.carry(b, true) }
	c.Marked, c.Report = func() bool { return n.marked }, func(uint32) { n.told++ }
	n.receiver = newReceiver(c)
}

func (n *network) carry(b []byte, up bool) {
	var m Message
	if m.Parse(b) != nil {
		panic("a message of our own cannot be parsed")
	}
	n.counts[kind(&m)]++
	if n.random.Float64() < n.loss || n.drop != nil && n.drop(&m) {
		return
	}
	for copies := 1 + int(n.repeat+n.random.Float64()); copies > 0; copies-- {
		due := n.now + time.Millisecond
		if n.jitter > 0 {
			due += time.Duration(n.random.Int64N(int64(n.jitter)))
		}
		n.order++
		heap.Push(&n.flying, flight{due, n.order, bytes.Clone(b), up, n.random.Float64() < n.mark})
	}
}

func kind(m *Message) string {
	switch {
	case m.Type == Data && m.Symbol >= 16:
		return "parity"
	case m.Type == Data && m.Flags&flagRepair != 0:
		return "repair"
	}
	return map[Type]string{Data: "data", Cmd: "cmd", Nack: "nack", Ack: "ack"}[m.Type]
}

// run lets time pass.
func (n *network) run(d time.Duration) {
	for end := n.now + d; n.now < end; {
		next := min(end, n.source.Poll(n.now), n.receiver.Poll(n.now))
		if len(n.flying) > 0 {
			next = min(next, n.flying[0].due)
		}
		n.now = max(next, n.now+1)
		for len(n.flying) > 0 && n.flying[0].due <= n.now {
			if f := heap.Pop(&n.flying).(flight); f.up {
				n.source.Handle(n.now, f.bytes)
			} else {
				n.marked = f.mark
				n.receiver.Handle(n.now, f.bytes, n.from, netip.Addr{})
			}
		}
	}
}

// write sends messages and lets time pass as the rate asks.
func (n *network) write(frames []byte) {
	send := func(payload []byte) error {
		for d := n.source.Delay(n.now, payload); d > 0; d = n.source.Delay(n.now, payload) {
			n.run(d)
		}
		n.source.Commit(n.now, payload)
		return nil
	}
	if err := n.packer.Pack(wire.NewWalk([][]byte{frames}), n.source.Next, send); err != nil {
		panic(err)
	}
}

// message is message i of a test: two frames, the second with size bytes.
func message(i, size int) []byte {
	b := wire.AppendFrameV2(nil, msg.More, fmt.Appendf(nil, "%06d", i))
	return wire.AppendFrameV2(b, 0, bytes.Repeat([]byte{byte(i)}, size))
}

// numbers reads messages back; it fails on anything else.
func numbers(t *testing.T, b []byte, size int) (list []int) {
	t.Helper()
	one := len(message(0, size))
	for ; len(b) > 0; b = b[one:] {
		var i int
		if len(b) < one {
			t.Fatalf("%d bytes too many", len(b))
		}
		if _, err := fmt.Sscanf(string(b[2:8]), "%06d", &i); err != nil || !bytes.Equal(b[:one], message(i, size)) {
			t.Fatalf("%q is no message", b[:one])
		}
		list = append(list, i)
	}
	return list
}

// upTo is the numbers from 0 to below end.
func upTo(end int) (list []int) {
	for i := range end {
		list = append(list, i)
	}
	return list
}

const large = 1 << 20

func TestAllArrives(t *testing.T) {
	for _, tt := range []struct {
		name         string
		loss, repeat float64
		jitter       time.Duration
		auto         int
	}{
		{"a good network", 0, 0, 0, 0},
		{"5% loss", 0.05, 0, 0, 0},
		{"5% loss and parity", 0.05, 0, 0, 4},
		{"20% loss", 0.2, 0, 0, 0},
		{"every message twice", 0, 1, 0, 0},
		{"reordering", 0, 0, 30 * time.Millisecond, 0},
		{"all of it", 0.05, 0.05, 30 * time.Millisecond, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{0, 100, 1000} {
				n := newNetwork(1e6, tt.auto, large)
				n.loss, n.repeat, n.jitter = tt.loss, tt.repeat, tt.jitter
				const count = 300
				for i := range count {
					n.write(message(i, size))
					n.run(time.Millisecond)
				}
				n.run(30 * time.Second)
				if got := numbers(t, n.receiver.out, size); !slices.Equal(got, upTo(count)) {
					t.Errorf("size %d: got %d messages: %v", size, len(got), got)
				}
			}
		})
	}
}

// Parity that is sent unasked makes NACKs needless.
func TestAutoparity(t *testing.T) {
	n := newNetwork(1e6, 4, large)
	n.drop = func(m *Message) bool { return m.Type == Data && m.Symbol%5 == 0 }
	for i := range 100 {
		n.write(message(i, 180))
	}
	sent := n.source.filled // what is in the last block has no parity yet
	n.run(20 * time.Millisecond)
	if got := numbers(t, n.receiver.out, 180); len(got) < 100-sent || n.counts["nack"] > 0 {
		t.Errorf("got %v after %v", got, n.counts)
	}
}

// A NACK for parity, as NRL's receivers send it, is answered with parity.
func TestParityIsSentWhenAsked(t *testing.T) {
	n := newNetwork(1e6, 0, large)
	for i := range 20 {
		n.write(message(i, 180))
	}
	n.run(time.Second)
	nack := Message{Type: Nack, From: 9, Sender: 1, Instance: 2, Requests: []request{segments(0, 16, 17), segments(0, 30, 40)}}
	n.source.Handle(n.now, nack.Append(nil))
	n.run(time.Second)
	if n.counts["parity"] != 2 || n.counts["repair"] != 0 {
		t.Errorf("%v", n.counts)
	}
}

// A receiver that comes late gets what the sender still has, as with libzmq; what
// the sender has not got any more is skipped.
func TestLateReceiver(t *testing.T) {
	for _, tt := range []struct{ buffer, least, most int }{{large, 100, 100}, {16_000, 60, 90}} {
		n := newNetwork(1e6, 0, tt.buffer)
		for i := range 99 {
			n.write(message(i, 180))
		}
		n.run(10 * time.Second)
		n.join(large)
		n.write(message(99, 180))
		n.run(30 * time.Second)
		got := numbers(t, n.receiver.out, 180)
		if len(got) < tt.least || len(got) > tt.most || !slices.Equal(got, upTo(100)[100-len(got):]) {
			t.Errorf("buffer %d: got %d: %v", tt.buffer, len(got), got)
		}
	}
}

// What the sender's buffer does not cover is lost, and the stream goes on with a
// whole message.
func TestLossBeyondTheWindow(t *testing.T) {
	n := newNetwork(1e6, 0, 16_000)
	n.write(message(0, 180))
	n.run(time.Second)
	n.drop = func(*Message) bool { return true }
	for i := range 500 {
		n.write(message(i+1, 180))
	}
	n.drop = nil
	n.run(10 * time.Second)
	n.write(message(501, 180))
	n.run(10 * time.Second)
	if n.told == 0 {
		t.Error("nobody was told")
	}
	got := numbers(t, n.receiver.out, 180)
	if len(got) < 50 || len(got) > 120 || got[0] != 0 || !slices.Equal(got[1:], upTo(502)[502-len(got)+1:]) {
		t.Errorf("got %v", got)
	}
}

// Without a fixed rate the source speeds up while nothing is lost, and slows down
// when much is, but never stops.
func TestCongestionControl(t *testing.T) {
	n := newNetwork(0, 0, large)
	i := 0
	for ; n.now < 5*time.Second && n.source.pace.rate < 1e6; i++ {
		n.write(message(i, 180))
	}
	fast := n.source.pace.rate
	if fast < 1e6 {
		t.Errorf("after 5 s without loss: %.0f bytes/s", fast)
	}
	n.loss = 0.1
	for end := n.now + 2*time.Second; n.now < end; i++ {
		n.write(message(i, 180))
	}
	if slow := n.source.pace.rate; slow > fast/2 {
		t.Errorf("after 2 s with 10%% loss: %.0f bytes/s, before %.0f", slow, fast)
	}
	n.loss = 0
	n.run(60 * time.Second)
	if got := numbers(t, n.receiver.out, 180); !slices.Equal(got, upTo(i)) {
		t.Errorf("got %d of %d: %v", len(got), i, got)
	}
}

// What counts as congestion is for NORM_MODE to say.
func TestCongestionModes(t *testing.T) {
	const fast = 1e6
	for _, tt := range []struct {
		name       string
		mode       int
		loss, mark float64
		slow       bool
	}{
		{"marks are not asked for", 1, 0, 0, false},
		{"loss", 1, 0.1, 0, true},
		{"loss, tolerant", modeCCL, 0.1, 0, true},
		{"loss with ECN", modeCCE, 0.1, 0, true},
		{"marks with ECN", modeCCE, 0, 0.1, true},
		{"loss with ECN only", modeECNOnly, 0.1, 0, false},
		{"marks with ECN only", modeECNOnly, 0, 0.1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNetwork(0, 0, large)
			n.mode = tt.mode
			n.join(large)
			i := 0
			for ; n.now < 10*time.Second && n.source.pace.rate < fast; i++ {
				n.write(message(i, 180))
			}
			n.loss, n.mark = tt.loss, tt.mark
			for end := n.now + 2*time.Second; n.now < end && n.source.pace.rate < 4*fast; i++ {
				n.write(message(i, 180))
			}
			if slow := n.source.pace.rate < fast/2; slow != tt.slow {
				t.Errorf("at %.0f bytes/s, slow %v, want %v", n.source.pace.rate, slow, tt.slow)
			}
		})
	}
}

// What a sender leaves unfinished is told when it is forgotten: as it restarts, falls
// silent, makes room for another or holds too much.
func TestForgottenSender(t *testing.T) {
	for name, forget := range map[string]func(n *network){
		"restart": func(n *network) { n.source.instance++; n.write(message(9, 180)); n.run(time.Second) },
		"silence": func(n *network) { n.now += expiry; n.receiver.Poll(n.now) },
		"a crowd": func(n *network) {
			for i := range uint32(maxSenders) {
				d := Message{Type: Data, Flags: flagStream, From: 10 + i, Instance: 1, FTI: n.source.fti, Payload: whole(0)}
				n.receiver.Handle(n.now, d.Append(nil), netip.AddrPort{}, netip.Addr{})
			}
		},
		"a hoard": func(n *network) { n.receiver.account(heldBytes) },
	} {
		n := newNetwork(1e6, 0, large)
		n.write(message(0, 180))
		n.run(time.Second)
		n.drop = func(m *Message) bool { return m.Type == Data && m.Symbol == 3 }
		n.write(message(1, 1000))
		n.run(10 * time.Millisecond)
		n.drop = nil
		n.receiver.emit = func([]byte, multicast.Target) {} // it does not ask
		if n.told != 0 {
			t.Fatalf("%s: told too early", name)
		}
		if forget(n); n.told != 1 {
			t.Errorf("%s: told %d times", name, n.told)
		}
	}
	n := newNetwork(1e6, 0, large)
	n.write(message(0, 180))
	n.run(time.Second)
	n.source.instance++
	n.write(message(1, 180))
	n.run(time.Second)
	if n.told != 0 {
		t.Error("a loss is told though nothing was missing")
	}
}

// whole is a segment with a message.
func whole(offset uint32) (s []byte) {
	p := packer{offset: offset}
	next := func() []byte { return make([]byte, streamHeader+100) }
	p.Pack(wire.NewWalk([][]byte{wire.AppendFrameV2(nil, 0, []byte("x"))}), next, func(b []byte) error {
		s = b
		return nil
	})
	return s
}

var forger = netip.MustParseAddrPort("10.0.0.6:1")

// Whoever makes up senders, even such as deliver something, keeps nobody out.
func TestForgedSendersKeepNobodyOut(t *testing.T) {
	n := newNetwork(1e6, 0, large)
	honest := netip.MustParseAddrPort("10.0.0.7:1")
	come := func(node uint32, from netip.AddrPort) {
		d := Message{Type: Data, Flags: flagStream, From: node, Instance: 1, FTI: n.source.fti, Payload: whole(0)}
		n.now += time.Microsecond
		n.receiver.Handle(n.now, d.Append(nil), from, netip.Addr{})
	}
	come(1, honest)
	for i := range uint32(1000) {
		come(100+i, forger)
	}
	come(2, honest)
	come(3, honest)
	for i := range uint32(1000) {
		come(100+i, forger)
	}
	for node := range uint32(3) {
		if n.receiver.senders.Sessions[node+1] == nil {
			t.Errorf("sender %d is kept out", node+1)
		}
	}
	if len(n.receiver.senders.Sessions) > maxSenders {
		t.Errorf("%d senders", len(n.receiver.senders.Sessions))
	}
}

// When there is nothing more to send the end of the stream is told at once.
func TestFlush(t *testing.T) {
	n := newNetwork(1e6, 0, large)
	n.source.Flush(n.now)
	if n.counts["cmd"] != 1 { // the probe
		t.Errorf("before anything was sent: %v", n.counts)
	}
	n.write(message(0, 180))
	n.run(time.Minute)
	n.drop = func(m *Message) bool { return m.Type == Data && m.Flags&flagRepair == 0 }
	n.write(message(1, 180))
	before := n.counts["cmd"]
	n.source.Flush(n.now)
	if n.counts["cmd"] == before {
		t.Error("nothing is told")
	}
	n.run(5 * time.Second)
	if got := numbers(t, n.receiver.out, 180); !slices.Equal(got, upTo(2)) {
		t.Errorf("got %v", got)
	}
}

func TestFixedRate(t *testing.T) {
	for _, rate := range []float64{12500, 1 << 20, 8 << 20} {
		n := newNetwork(rate, 0, large)
		n.write(message(0, 60<<10)) // uses up what was saved
		start, bytes := n.now, 0
		emit := n.source.emit
		n.source.emit = func(b []byte, to multicast.Target) {
			if b[0]&0xf == byte(Data) {
				bytes += len(b) + overhead
			}
			emit(b, to)
		}
		for i := 0; n.now < start+2*time.Second; i++ {
			n.write(message(i, 1000))
		}
		if got := float64(bytes) / (n.now - start).Seconds(); got < 0.95*rate || got > 1.05*rate {
			t.Errorf("rate %.0f: sent at %.0f", rate, got)
		}
	}
}

// A flood of forged messages costs a bounded amount of memory, and the stream that
// was there before goes on.
func TestFlood(t *testing.T) {
	n := newNetwork(1e6, 0, large)
	n.write(message(0, 100))
	n.run(time.Second)
	r := n.receiver
	r.emit = func([]byte, multicast.Target) {}
	body := make([]byte, 1400)
	for i := range 50_000 {
		forged := Message{
			Type: []Type{Data, Data, Cmd, Nack, Ack}[n.random.IntN(5)], Flavor: uint8(n.random.IntN(8)), Flags: flagStream, Seq: uint16(i), From: 10 + n.random.Uint32N(1000), Instance: uint16(n.random.IntN(3)),
			Block: n.random.Uint32N(1 << 24), Symbol: uint8(n.random.IntN(20)),
			FTI:   FTI{1 << 40, uint16(n.random.IntN(1 << 16)), uint8(n.random.IntN(256)), uint8(n.random.IntN(256))},
			Probe: Stamp{n.random.Uint32(), n.random.Uint32()}, Rate: uint16(n.random.IntN(1 << 16)), CCSeq: uint16(i),
		}
		switch {
		case forged.Type == Data:
			forged.Payload = body[:n.random.IntN(len(body))]
		case forged.Type == Cmd && forged.Flavor == cmdCC:
			forged.Nodes = make([]ccNode, n.random.IntN(2*maxNodes))
		}
		r.Handle(n.now+time.Duration(i)*time.Microsecond, forged.Append(nil), netip.AddrPort{}, netip.Addr{})
		if r.held > heldBytes || len(r.senders.Sessions) > maxSenders {
			t.Fatalf("message %d: %d bytes of %d senders are held", i, r.held, len(r.senders.Sessions))
		}
	}
	n.write(message(1, 100))
	n.run(time.Second)
	if got := numbers(t, r.out, 100); !slices.Equal(got, upTo(2)) {
		t.Errorf("got %v", got)
	}
}

// A flood of forged requests and answers costs a source bounded memory, and what it
// sends stays within its rate.
func TestForgedNACKs(t *testing.T) {
	n := newNetwork(1e6, 0, large)
	for i := range 200 {
		n.write(message(i, 180))
	}
	n.run(10 * time.Second)
	sent := 0
	n.source.emit = func(b []byte, _ multicast.Target) { sent += len(b) + overhead }
	last := n.source.last()
	start := n.now
	for i := range 2000 {
		forged := Message{Type: Nack, From: n.random.Uint32(), Sender: 1, Instance: 2, Response: Stamp{1, 0}}
		if i%4 == 0 {
			forged.Type, forged.AckType = Ack, ackCC
		}
		forged.Feedback = feedback{true, uint16(n.random.IntN(1 << 16)), uint8(n.random.IntN(256)), uint8(n.random.IntN(256)), n.random.Uint32(), uint16(n.random.IntN(1 << 16))}
		for range n.random.IntN(2 * maxRequests) {
			r := request{uint8(n.random.IntN(16)), item{Block: n.random.Uint32N(last + 2), Symbol: uint8(n.random.IntN(25))}, item{}}
			r.Last = r.First
			r.Last.Symbol = 255
			forged.Requests = append(forged.Requests, r)
		}
		n.source.Handle(n.now, forged.Append(nil))
		if got := len(n.source.repairs); got > maxRepairs {
			t.Fatalf("%d repairs are queued", got)
		}
		n.now += time.Millisecond
	}
	if most := 1e6*(n.now-start).Seconds()*1.05 + 2*n.source.pace.burst(); sent == 0 || float64(sent) > most {
		t.Errorf("%d bytes in %v", sent, n.now-start)
	}
}

// However often a NACK asks for everything, that is looked at once.
func TestGreedyNACK(t *testing.T) {
	n := newNetwork(1e6, 0, large)
	for i := range 200 {
		n.write(message(i, 180))
	}
	n.run(10 * time.Second)
	forged := Message{Type: Nack, From: 9, Sender: 1, Instance: 2}
	for range maxRequests {
		forged.Requests = append(forged.Requests, request{wantBlock, item{}, item{Block: n.source.last()}})
	}
	n.source.Handle(n.now, forged.Append(nil))
	if all := (n.source.window + 1) * int(n.source.fti.NumData); n.source.looks < -all {
		t.Errorf("looked %d times at %d symbols", all-n.source.looks, all)
	}
}

// FuzzReceiver takes a script: a byte that says what comes, and its bytes.
func FuzzReceiver(f *testing.F) {
	var script []byte
	for _, b := range flow(f) {
		script = append(append(script, byte(len(b))), b...)
	}
	f.Add(script)
	f.Fuzz(func(t *testing.T, script []byte) {
		n := newNetwork(1e6, 1, 16_000)
		n.receiver.emit = func(b []byte, _ multicast.Target) {}
		for len(script) > 0 {
			size := min(int(script[0]), len(script)-1)
			b := script[1 : 1+size]
			script = script[1+size:]
			n.now += time.Duration(size) * time.Millisecond
			n.receiver.Handle(n.now, b, netip.AddrPort{}, netip.Addr{})
			n.source.Handle(n.now, b)
			n.receiver.Poll(n.now)
			if n.receiver.Poll(n.now) <= n.now {
				t.Fatal("poll wants to be called at once again and again")
			}
			if n.receiver.held > heldBytes || n.receiver.held < 0 {
				t.Fatalf("%d bytes held", n.receiver.held)
			}
			n.receiver.Take()
		}
	})
}
