package norm

import (
	"net/netip"
	"slices"
	"time"
)

// A sender is one sender as a receiver sees it.
type sender struct {
	node     uint32
	instance uint16
	buffer   int // bytes of the window

	host    netip.Addr // where it was heard of first
	from    netip.AddrPort
	heard   time.Duration
	grtt    time.Duration
	backoff time.Duration // a factor

	// The stream: blocks from base on are not delivered whole.
	fti     FTI
	known   bool // fti and base
	base    uint32
	symbol  int // of the base block, the next to deliver
	blocks  []*rxBlock
	ready   item // everything before this was sent
	flushed bool // and so was this
	stream  unpacker
	served  bool // has delivered something
	held    int
	moved   time.Duration // when something was delivered, or found missing
	nackAt  time.Duration // the next one, if something is missing

	// Feedback.
	congestion bool
	probe      Stamp
	probed     time.Duration
	ccSeq      uint16
	clr        bool
	rtt        time.Duration
	confirmed  bool
	feedbackAt time.Duration
	rate       meter
}

// rxBlock is a block of which something is here.
type rxBlock struct {
	vectors map[int][]byte
}

func newSender(node uint32, instance uint16, buffer int, limit int64) *sender {
	return &sender{
		node: node, instance: instance, buffer: buffer,
		grtt: firstGRTT, rtt: firstGRTT, backoff: backoff,
		stream: unpacker{limit: limit}, nackAt: never, feedbackAt: never,
	}
}

// Standing implements multicast.Session.
func (s *sender) Standing() (host netip.Addr, joined bool, heard time.Duration) {
	return s.host, s.served, s.heard
}

// waits reports whether something is missing of a stream that was delivered so far.
func (s *sender) waits() bool {
	n := s.ahead(s.ready.Block)
	return s.served && (n > 0 || n == 0 && s.symbol <= int(s.ready.Symbol) || s.stream.open())
}

// cost is what the sender holds, in bytes.
func (s *sender) cost() int { return s.held + 64*len(s.blocks) + len(s.stream.partial) }

// window is how many blocks may be kept.
func (s *sender) window() int {
	return max(2, s.buffer/(int(s.fti.SegmentSize)*int(s.fti.NumData)))
}

// ahead is how far a block is from the base; negative if it is before.
func (s *sender) ahead(number uint32) int {
	return int(int32((number-s.base)<<8) >> 8)
}

// data takes in a symbol.
func (s *sender) data(now time.Duration, m *Message, out []byte) []byte {
	if m.Flags&flagStream == 0 || m.Object != 0 || !s.join(m) || int(m.Symbol) >= int(s.fti.NumData)+int(s.fti.NumParity) ||
		len(m.Payload) < streamHeader || len(m.Payload) > streamHeader+int(s.fti.SegmentSize) {
		return out
	}
	if m.Flags&flagRepair == 0 {
		s.sentUpTo(item{Block: m.Block, Symbol: m.Symbol}, false)
	}
	n := s.ahead(m.Block)
	if n < 0 || n == 0 && int(m.Symbol) < s.symbol {
		return out
	}
	if n >= s.window() {
		out = s.moveTo((m.Block-uint32(s.window())+1)&blockMask, out)
		n = s.ahead(m.Block)
	}
	s.keep(n, int(m.Symbol), m.Payload)
	return s.deliver(out)
}

// join learns how the stream is coded and where it begins. Of what was sent before
// it asks for all that the sender may still have, as libzmq's receivers do.
func (s *sender) join(m *Message) bool {
	if s.known {
		return m.FTI.SegmentSize == 0 || m.FTI.SegmentSize == s.fti.SegmentSize && m.FTI.NumData == s.fti.NumData && m.FTI.NumParity == s.fti.NumParity
	}
	f := m.FTI
	if f.SegmentSize == 0 || f.NumData == 0 || int(f.NumData)+int(f.NumParity) > 255 {
		return false
	}
	s.fti, s.known = f, true
	s.base = m.Block
	if past := uint32(s.window() - 1); m.Block > past {
		s.base -= past
	} else {
		s.base = 0
	}
	s.ready = item{Block: s.base}
	return true
}

// sentUpTo notes how far the sender is.
func (s *sender) sentUpTo(i item, flush bool) {
	old, fresh := s.ahead(s.ready.Block), s.ahead(i.Block)
	if fresh > old || fresh == old && (i.Symbol > s.ready.Symbol || flush && i.Symbol == s.ready.Symbol) {
		s.ready, s.flushed = i, flush
	}
}

// keep stores a symbol of the block that is n ahead. The bytes are copied.
func (s *sender) keep(n, symbol int, v []byte) {
	for len(s.blocks) <= n {
		s.blocks = append(s.blocks, nil)
	}
	if s.blocks[n] == nil {
		s.blocks[n] = &rxBlock{map[int][]byte{}}
	}
	b := s.blocks[n]
	if b.vectors[symbol] == nil {
		b.vectors[symbol] = slices.Clone(v)
		s.held += len(v)
	}
}

// deliver passes on what is in order; it computes what parity makes up for.
func (s *sender) deliver(out []byte) []byte {
	for len(s.blocks) > 0 && s.blocks[0] != nil {
		b := s.blocks[0]
		v := b.vectors[s.symbol]
		if v == nil {
			if v = s.compute(b); v == nil {
				return out
			}
		}
		var err error
		if out, err = s.stream.add(out, v); err != nil {
			s.stream.lost()
		}
		s.served = s.served || s.stream.joined
		s.moved = s.heard
		if s.symbol++; s.symbol == int(s.fti.NumData) {
			s.shift()
		}
	}
	return out
}

// compute makes the next symbol from others of its block, if there are enough.
func (s *sender) compute(b *rxBlock) []byte {
	k := int(s.fti.NumData)
	if len(b.vectors) < k {
		return nil
	}
	var known []int
	for symbol := range b.vectors {
		known = append(known, symbol)
	}
	slices.Sort(known)
	known = known[:k]
	vectors := make([][]byte, k)
	for i, symbol := range known {
		vectors[i] = b.vectors[symbol]
	}
	return interpolate(known, vectors, s.symbol, streamHeader+int(s.fti.SegmentSize))
}

// shift ends the base block.
func (s *sender) shift() {
	if len(s.blocks) > 0 {
		if b := s.blocks[0]; b != nil {
			for _, v := range b.vectors {
				s.held -= len(v)
			}
		}
		s.blocks = s.blocks[1:]
	}
	s.base, s.symbol, s.moved = (s.base+1)&blockMask, 0, s.heard
}

// moveTo gives up everything before a block, and delivers what is there.
func (s *sender) moveTo(base uint32, out []byte) []byte {
	for s.ahead(base) > 0 {
		if len(s.blocks) == 0 {
			s.base, s.symbol, s.moved = base, 0, s.heard
			s.stream.lost()
			break
		}
		out = s.skip(out)
	}
	return out
}

// skip gives up the symbol that is missing, and delivers what follows it.
func (s *sender) skip(out []byte) []byte {
	s.stream.lost()
	if s.blocks[0] == nil {
		s.shift()
	} else if s.symbol++; s.symbol == int(s.fti.NumData) {
		s.shift()
	}
	return s.deliver(out)
}

// giveUp skips what was asked for too long.
func (s *sender) giveUp(now time.Duration, out []byte) []byte {
	if now-s.moved < patience {
		return out
	}
	if len(s.blocks) > 0 {
		return s.skip(out)
	}
	s.stream.lost()
	s.base, s.symbol, s.moved = (s.ready.Block+1)&blockMask, 0, now
	return out
}

// command takes in what a sender says besides data.
func (s *sender) command(now time.Duration, m *Message, node uint32, random func() float64, out []byte) []byte {
	switch m.Flavor {
	case cmdFlush:
		if s.known {
			s.sentUpTo(item{Block: m.Block, Symbol: m.Symbol}, true)
		}
	case cmdSquelch:
		if s.known && s.ahead(m.Block) > 0 && s.ahead(m.Block) <= s.ahead(s.ready.Block) {
			return s.moveTo(m.Block, out)
		}
	case cmdCC:
		s.probe, s.probed, s.ccSeq = m.Probe, now, m.CCSeq
		s.congestion = m.Rate != 0
		s.clr = false
		for _, n := range m.Nodes {
			if n.Node == node {
				s.clr = n.Flags&ccCLR != 0
				s.rtt, s.confirmed = unquantizeRTT(n.RTT), true
			}
		}
		s.schedule(now, random)
	}
	return out
}

// schedule answers a probe: the CLR at once, the others at a random moment.
func (s *sender) schedule(now time.Duration, random func() float64) {
	switch {
	case !s.congestion:
	case s.clr:
		s.feedbackAt = now
	case s.feedbackAt == never:
		s.feedbackAt = now + time.Duration(random()*float64(s.backoff*s.grtt))
	}
}

// response is the sender's own time, as it would be now.
func (s *sender) response(now time.Duration) Stamp {
	if s.probe.Sec == 0 {
		return Stamp{}
	}
	t := uint64(s.probe.Usec) + uint64((now-s.probed)/time.Microsecond)
	return Stamp{s.probe.Sec + uint32(t/1e6), uint32(t % 1e6)}
}

func (s *sender) feedback() feedback {
	f := feedback{Present: true, Seq: s.ccSeq, RTT: quantizeRTT(s.rtt)}
	if s.clr {
		f.Flags |= ccCLR
	}
	if s.confirmed {
		f.Flags |= ccRTT
	}
	loss := s.rate.loss()
	if loss == 0 {
		f.Flags |= ccStart
		f.Rate = quantizeRate(2 * s.rate.received)
		return f
	}
	f.Loss = uint32(loss * (1<<32 - 1))
	f.Rate = quantizeRate(fairRate(int(s.fti.SegmentSize), s.rtt, loss))
	return f
}

// plan makes sure that a NACK goes out if something is missing, at a random moment
// so that many receivers do not ask at once (RFC 5740 section 5.3).
func (s *sender) plan(now time.Duration, random func() float64) {
	if s.nackAt == never && s.known && s.lacking() {
		s.nackAt = now + time.Duration(random()*float64(s.backoff*max(s.grtt, leastGRTT)))
		s.moved = now
	}
}

// lacking reports whether the sender has left something behind: a whole block, or
// after a flush anything.
func (s *sender) lacking() bool {
	n := s.ahead(s.ready.Block)
	return n > 0 || n == 0 && s.flushed && s.symbol <= int(s.ready.Symbol)
}

// nackItems is how many items one NACK has at most.
const nackItems = 100

// missing is what to ask for.
func (s *sender) missing() (list []request) {
	end := s.ahead(s.ready.Block)
	for n := 0; n <= end && len(list) < nackItems; n++ {
		number := (s.base + uint32(n)) & blockMask
		from, to := 0, int(s.fti.NumData)
		if n == 0 {
			from = s.symbol
		}
		if n == end {
			if !s.flushed {
				break
			}
			to = min(to, int(s.ready.Symbol)+1)
		}
		if n >= len(s.blocks) || s.blocks[n] == nil {
			if n < end && from == 0 {
				list = wantBlocks(list, number)
				continue
			}
			list = append(list, segments(number, from, to-1))
			continue
		}
		list = s.blocks[n].missing(list, number, from, to, int(s.fti.NumData), n < end)
	}
	return list
}

// wantBlocks asks for a block, with the one before if that is asked for too.
func wantBlocks(list []request, number uint32) []request {
	i := item{Block: number}
	if n := len(list); n > 0 && list[n-1].Flags == wantBlock && list[n-1].Last.Block+1 == number {
		list[n-1].Last = i
		return list
	}
	return append(list, request{wantBlock, i, i})
}

func segments(number uint32, from, to int) request {
	return request{wantSegment, item{Block: number, Symbol: uint8(from)}, item{Block: number, Symbol: uint8(to)}}
}

// missing asks for what a block lacks, in runs; nothing if parity makes up for it.
func (b *rxBlock) missing(list []request, number uint32, from, to, numData int, whole bool) []request {
	if whole && len(b.vectors) >= numData {
		return list
	}
	for at := from; at < to; at++ {
		if b.vectors[at] != nil {
			continue
		}
		run := at
		for at+1 < to && b.vectors[at+1] == nil {
			at++
		}
		list = append(list, segments(number, run, at))
	}
	return list
}
