package pgm

import (
	"container/heap"
	"math/rand/v2"
	"net/netip"
	"time"

	"ztools/lib/internal/transport/multicast"
	"ztools/lib/internal/wire"
)

// A network carries packets between sources and receivers in time that passes
// only as the test says. It loses, repeats and delays them as told.
type network struct {
	now       time.Duration
	random    *rand.Rand
	loss      float64 // share of packets that are lost, each way
	repeat    float64 // share that comes twice
	jitter    time.Duration
	drop      func(p *Packet) bool // more packets to lose; may be nil
	flying    flights
	sources   []*source
	receivers []*receiver
	sent      []Packet // what left, in order, without data
}

// flight is a packet on its way.
type flight struct {
	due   time.Duration
	order int
	bytes []byte
	up    bool // towards the sources
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

var (
	sourceAddr   = netip.MustParseAddr("10.99.0.1")
	receiverAddr = netip.MustParseAddr("10.99.0.2")
	groupAddr    = netip.MustParseAddr("239.192.1.1")
)

func newNetwork(seed uint64) *network {
	return &network{random: rand.New(rand.NewPCG(seed, 1))}
}

// carry sends a packet on its way.
func (n *network) carry(b []byte, up bool) {
	var p Packet
	if p.Parse(b) != nil {
		panic("a packet of our own cannot be parsed")
	}
	p.Data = nil
	n.sent = append(n.sent, p)
	if n.random.Float64() < n.loss || n.drop != nil && n.drop(&p) {
		return
	}
	copies := 1
	if n.random.Float64() < n.repeat {
		copies = 2
	}
	for range copies {
		due := n.now + time.Millisecond
		if n.jitter > 0 {
			due += time.Duration(n.random.Int64N(int64(n.jitter)))
		}
		heap.Push(&n.flying, flight{due, len(n.sent), append([]byte(nil), b...), up})
	}
}

// source adds a source and announces it.
func (n *network) source(port uint16, rate int64, window int) *source {
	s := newSource(sourceConfig{
		TSI: TSI{[6]byte{1, 2, 3, 4, 5, 6}, port}, Port: 5555, NLA: sourceAddr, Group: groupAddr,
		Overhead: 28, TPDU: 1500, Rate: rate, Window: window,
		Emit: func(b []byte, _ multicast.Target) { n.carry(b, false) },
	})
	n.sources = append(n.sources, s)
	s.open(n.now)
	return s
}

// receiver adds a receiver.
func (n *network) receiver(window int, report func(TSI)) *receiver {
	r := newReceiver(receiverConfig{
		Port: 5555, TPDU: 1500, Window: window, Limit: -1,
		Emit: func(b []byte, to multicast.Target) {
			if to.Host.IsValid() {
				n.carry(b, true)
			}
		},
		Random: func(d time.Duration) time.Duration { return time.Duration(n.random.Int64N(int64(d))) },
		Report: report,
	})
	n.receivers = append(n.receivers, r)
	return r
}

// run lets time pass.
func (n *network) run(d time.Duration) {
	for end := n.now + d; n.now < end; {
		next := end
		for _, s := range n.sources {
			next = min(next, s.Poll(n.now))
		}
		for _, r := range n.receivers {
			next = min(next, r.Poll(n.now))
		}
		if len(n.flying) > 0 {
			next = min(next, n.flying[0].due)
		}
		n.now = max(next, n.now+1)
		for len(n.flying) > 0 && n.flying[0].due <= n.now {
			n.land(heap.Pop(&n.flying).(flight))
		}
	}
	for _, s := range n.sources {
		s.Poll(n.now)
	}
}

func (n *network) land(f flight) {
	if f.up {
		for _, s := range n.sources {
			s.Handle(n.now, f.bytes)
		}
		return
	}
	for _, r := range n.receivers {
		r.Handle(n.now, f.bytes, hostPort(sourceAddr), groupAddr)
	}
}

// write sends messages in ZMTP 2.0 framing and lets time pass as the rate asks.
func (n *network) write(s *source, p *packer, frames []byte) {
	send := func(payload []byte) error {
		for d := s.Delay(n.now, payload); d > 0; d = s.Delay(n.now, payload) {
			n.run(d)
		}
		s.Commit(n.now, payload)
		return nil
	}
	if err := p.Pack(wire.NewWalk([][]byte{frames}), s.Next, send); err != nil {
		panic(err)
	}
}

func hostPort(a netip.Addr) netip.AddrPort { return netip.AddrPortFrom(a, 5555) }

// count is how many packets of a type have left.
func (n *network) count(t Type) (c int) {
	for i := range n.sent {
		if n.sent[i].Type == t {
			c++
		}
	}
	return c
}
