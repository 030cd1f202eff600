package norm

import (
	"time"

	"ztools/lib/internal/transport/multicast"
)

// A source is the sending half of a session (RFC 5740 section 5.1 to 5.4): one
// stream, cut into blocks of segments that are kept for repairs as long as the
// buffer has room for them.
//
//	open     a probe
//	Next     memory for the next segment
//	Commit   the segment is there: it is kept and sent
//	Handle   NACK: repairs are queued, or a SQUELCH if the buffer has not got it;
//	         ACK: round-trip time and congestion
//	Poll     what is due by now: repairs, parity, flushes, probes
//	Flush    nothing more for now
//	Finish   the stream has ended
//
// It neither reads the clock nor touches the network: times are since the session
// began, messages leave through emit. Its owner keeps calls apart.
type source struct {
	// Constant.
	node     uint32
	instance uint16
	fti      FTI
	auto     int // parity symbols that are sent unasked
	window   int // blocks
	overhead int // bytes of IP and UDP header, which count for the rate
	emit     func(message []byte, to multicast.Target)

	pace   pacer
	blocks []*block // the window, from base on; the last may be under way
	base   uint32   // number of blocks[0]
	filled int      // segments of the last block
	free   [][]byte // memory of segments that have left the window

	repairs []item
	seq     uint16
	idle    time.Duration // the next flush; never: all flushes are done
	flushes int           // since the last data or repair
	sent    bool          // anything at all
	squelch time.Duration // not before
	scratch []byte
	message Message
	looks   int // symbols that the NACK at hand may still ask for
}

// block is one block of the window.
type block struct {
	vectors [][]byte // data, then parity once it was computed
	queued  [4]uint64
	again   []time.Duration // per symbol: not to be repaired before
}

const (
	never       = time.Duration(1<<63 - 1)
	robust      = 20 // how often a flush is repeated (RFC 5740 section 4.2.3.1)
	flushLeast  = 100 * time.Millisecond
	backoff     = 4 // times the round-trip time (RFC 5740 section 4.2)
	groupOf1000 = 2 // a group of about 1000, quantized
	maxRepairs  = 1 << 16
)

// sourceConfig is what a source is made from.
type sourceConfig struct {
	Node      uint32
	Instance  uint16
	Segment   int // bytes of data in a segment
	NumData   int
	NumParity int
	Auto      int
	Buffer    int // bytes
	Overhead  int
	Rate      float64 // bytes per second; 0: by congestion control
	Emit      func(message []byte, to multicast.Target)
}

func newSource(c sourceConfig) *source {
	one := c.NumData * c.Segment
	window := max(c.Buffer/one, 2)
	return &source{
		node:     c.Node,
		instance: c.Instance,
		fti:      FTI{uint64(window * one), uint16(c.Segment), uint8(c.NumData), uint8(c.NumParity)},
		auto:     c.Auto,
		window:   window,
		overhead: c.Overhead,
		emit:     c.Emit,
		pace:     newPacer(c.Rate, c.Segment),
		filled:   c.NumData,
		idle:     never,
	}
}

// open announces the session.
func (s *source) open(now time.Duration) { s.probe(now) }

// Flush says that there is nothing more for now, so that receivers ask for the end.
func (s *source) Flush(now time.Duration) {
	if s.sent {
		s.flushes, s.idle = 0, now
		s.Poll(now)
	}
}

// Finish says that nothing more will come.
func (s *source) Finish() { s.control(Message{Flavor: cmdEOT}) }

// Next is memory for a segment of full size. For a new block the oldest one leaves
// the window.
func (s *source) Next() []byte {
	if s.filled == int(s.fti.NumData) {
		if len(s.blocks) == s.window {
			s.free = append(s.free, s.blocks[0].vectors[:s.fti.NumData]...)
			s.blocks = append(s.blocks[:0:0], s.blocks[1:]...)
			s.base = (s.base + 1) & blockMask
		}
		s.blocks = append(s.blocks, &block{})
		s.filled = 0
	}
	size := streamHeader + int(s.fti.SegmentSize)
	if n := len(s.free); n > 0 {
		v := s.free[n-1][:size]
		s.free = s.free[:n-1]
		return v
	}
	return make([]byte, size)
}

// blockMask: numbers of blocks have 24 bits.
const blockMask = 1<<24 - 1

// last is the number of the block under way.
func (s *source) last() uint32 { return (s.base + uint32(len(s.blocks)) - 1) & blockMask }

// Delay is how long a segment must wait for the rate.
func (s *source) Delay(now time.Duration, _ []byte) time.Duration {
	return s.pace.wait(now, s.size(int(s.fti.SegmentSize)))
}

// size is what n bytes of data are on the wire.
func (s *source) size(n int) int { return s.overhead + 32 + streamHeader + n }

// Commit sends a segment.
func (s *source) Commit(now time.Duration, payload []byte) time.Duration {
	b := s.blocks[len(s.blocks)-1]
	b.vectors = append(b.vectors, payload)
	s.filled++
	s.data(now, item{Block: s.last(), Symbol: uint8(s.filled - 1)}, 0)
	if s.filled == int(s.fti.NumData) {
		for i := range s.auto {
			s.want(item{Block: s.last(), Symbol: s.fti.NumData + uint8(i)})
		}
	}
	s.active(now)
	return min(s.idle, s.pace.next)
}

// active puts the flushes off.
func (s *source) active(now time.Duration) {
	s.flushes, s.sent = 0, true
	s.idle = now + s.flushPause()
}

func (s *source) flushPause() time.Duration { return max(2*s.pace.grtt, flushLeast) }

// data sends a symbol.
func (s *source) data(now time.Duration, i item, flags uint8) {
	v := s.symbol(i)
	s.pace.take(s.size(len(v) - streamHeader))
	s.send(Message{Type: Data, Flags: flagStream | flags, Object: i.Object, Block: i.Block, Symbol: i.Symbol, FTI: s.fti, Payload: v})
	b := s.blocks[s.index(i.Block)]
	for len(b.again) <= int(i.Symbol) {
		b.again = append(b.again, 0)
	}
	b.again[i.Symbol] = now + s.pace.grtt
}

// index is the place of a block in the window; outside if it is not there.
func (s *source) index(number uint32) int { return int((number - s.base) & blockMask) }

// symbol is the vector of a symbol. Parity is computed when it is asked for first.
func (s *source) symbol(i item) []byte {
	b := s.blocks[s.index(i.Block)]
	k := int(s.fti.NumData)
	if int(i.Symbol) < len(b.vectors) && b.vectors[i.Symbol] != nil {
		return b.vectors[i.Symbol]
	}
	for len(b.vectors) <= int(i.Symbol) {
		b.vectors = append(b.vectors, nil)
	}
	known := make([]int, k)
	for j := range known {
		known[j] = j
	}
	v := interpolate(known, b.vectors[:k], int(i.Symbol), streamHeader+int(s.fti.SegmentSize))
	b.vectors[i.Symbol] = v
	return v
}

// send emits a message of the sender's.
func (s *source) send(m Message) {
	m.Seq, m.From, m.Instance = s.seq, s.node, s.instance
	m.GRTT, m.BackoffGS = quantizeRTT(s.pace.advertised()), backoff<<4|groupOf1000
	s.seq++
	s.scratch = m.Append(s.scratch[:0])
	s.emit(s.scratch, multicast.Target{})
}

func (s *source) control(m Message) {
	m.Type = Cmd
	s.send(m)
}

// probe asks receivers for the round-trip time and for what they see of congestion.
func (s *source) probe(now time.Duration) {
	m := s.pace.probe(now)
	s.control(m)
}

// Handle takes in a message of a receiver; what is not for this session is ignored.
func (s *source) Handle(now time.Duration, b []byte) {
	m := &s.message
	if m.Parse(b) != nil || m.Type != Nack && m.Type != Ack || m.Sender != s.node || m.Instance != s.instance {
		return
	}
	s.pace.answer(now, m, s.sent && s.idle != never)
	s.looks = s.window * int(s.fti.NumData)
	for i := 0; i < len(m.Requests) && s.looks > 0; i++ {
		s.request(now, m.Requests[i])
	}
	s.Poll(now)
}

// request queues what a NACK asks for.
func (s *source) request(now time.Duration, r request) {
	switch {
	case len(s.blocks) == 0 || r.First.Object != 0 || r.Last.Object != 0:
		s.refuse(now)
	case r.Flags&wantObject != 0:
		s.wantBlocks(now, s.base, s.last())
	case r.Flags&wantBlock != 0:
		s.wantBlocks(now, r.First.Block, r.Last.Block)
	case r.Flags&wantSegment != 0 && r.First.Block == r.Last.Block:
		if s.index(r.First.Block) >= len(s.blocks) {
			s.refuse(now)
			return
		}
		for symbol := int(r.First.Symbol); symbol <= int(r.Last.Symbol); symbol++ {
			s.ask(now, item{Block: r.First.Block, Symbol: uint8(symbol)})
		}
	}
}

// wantBlocks queues whole blocks; those before the window are refused.
func (s *source) wantBlocks(now time.Duration, from, to uint32) {
	if s.index(from) >= len(s.blocks) {
		s.refuse(now)
		from = s.base
	}
	for i := s.index(from); i <= s.index(to) && i < len(s.blocks); i++ {
		for symbol := range int(s.fti.NumData) {
			s.ask(now, item{Block: (s.base + uint32(i)) & blockMask, Symbol: uint8(symbol)})
		}
	}
}

// ask queues a symbol that exists, unless it has just been sent. What a NACK asks for
// over and over costs little more than to ask for everything once.
func (s *source) ask(now time.Duration, i item) {
	s.looks--
	b, k := s.blocks[s.index(i.Block)], int(s.fti.NumData)
	whole := len(b.vectors) >= k
	if int(i.Symbol) >= len(b.vectors) && !whole || int(i.Symbol) >= k+int(s.fti.NumParity) {
		return
	}
	if int(i.Symbol) < len(b.again) && now < b.again[i.Symbol] {
		return
	}
	s.want(i)
}

// want queues a symbol once.
func (s *source) want(i item) {
	b := s.blocks[s.index(i.Block)]
	word, bit := &b.queued[i.Symbol/64], uint64(1)<<(i.Symbol%64)
	if *word&bit != 0 || len(s.repairs) >= maxRepairs {
		return
	}
	*word |= bit
	s.repairs = append(s.repairs, i)
}

// refuse tells where the window begins.
func (s *source) refuse(now time.Duration) {
	if now < s.squelch {
		return
	}
	s.squelch = now + 2*s.pace.grtt
	s.control(Message{Flavor: cmdSquelch, Block: s.base})
}

// repair sends the next symbol of the queue, if the rate allows.
func (s *source) repair(now time.Duration) bool {
	i := s.repairs[0]
	if n := s.index(i.Block); n < len(s.blocks) { // else it has left the window
		if s.Delay(now, nil) > 0 {
			return false
		}
		s.blocks[n].queued[i.Symbol/64] &^= 1 << (i.Symbol % 64)
		flags := uint8(flagRepair)
		if i.Symbol < s.fti.NumData {
			flags |= flagExplicit
		}
		s.data(now, i, flags)
		s.active(now)
	}
	s.repairs = s.repairs[1:]
	return true
}

// Poll does what is due and returns when to call it again.
func (s *source) Poll(now time.Duration) (next time.Duration) {
	for len(s.repairs) > 0 && s.repair(now) {
	}
	if len(s.repairs) == 0 {
		s.repairs = nil
	}
	if now >= s.idle {
		s.control(Message{Flavor: cmdFlush, Block: s.last(), Symbol: uint8(s.filled - 1)})
		if s.flushes++; s.flushes < robust {
			s.idle = now + s.flushPause()
		} else {
			s.idle = never
		}
	}
	if now >= s.pace.next {
		s.pace.age(now, s.idle != never)
		s.probe(now)
	}
	next = min(s.idle, s.pace.next)
	if len(s.repairs) > 0 {
		next = min(next, now+s.Delay(now, nil))
	}
	return next
}
