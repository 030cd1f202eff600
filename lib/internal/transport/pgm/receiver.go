package pgm

import (
	"net/netip"
	"time"

	"ztools/lib/internal/transport/multicast"
)

// A receiver is the receiving half for all sessions of its groups and port (RFC
// 3208 section 6.3). It is told of packets and of time, and emits NAKs and
// SPMRs; whole messages are appended to out in ZMTP 2.0 framing:
//
//	Handle   SPM: the window's edges; ODATA, RDATA: data; NCF: be patient
//	Poll     what is due by now: NAKs, SPMRs, sessions that fell silent
//	Take     the messages that are whole
//
// What cannot be had any more is skipped, and told to the owner; the message
// that was under way is dropped whole.
//
// All memory is bounded, whoever sends: sessions, the window of each, and the
// bytes held over all of them.
type receiver struct {
	// Constant.
	port   uint16 // data-destination port
	window int    // packets
	limit  int64  // of a message's frame, in bytes; negative: none
	naks   int    // the most numbers in a NAK
	budget int    // bytes held over all sessions
	emit   func(packet []byte, to multicast.Target)
	random func(time.Duration) time.Duration // from 0 to below
	report func(tsi TSI)                     // data was lost; may be nil

	peers   multicast.Crowd[TSI, *peer]
	held    int // bytes, as peers account for them
	out     []byte
	taken   bool   // out was returned by Take
	packet  Packet // scratch
	list    []uint32
	scratch []byte
}

// A peer is one session.
type peer struct {
	tsi    TSI
	host   netip.Addr // where the first packet came from
	from   netip.Addr // where its packets come from
	nla    netip.Addr // where NAKs go, once an SPM has told
	group  netip.Addr // where its packets go
	heard  time.Duration
	asks   time.Duration // when to ask for an SPM; idle: not
	spmSqn uint32
	window window
	parts  assembly
	stream unpacker
	served bool // has delivered something
	size   int  // bytes it holds
}

const (
	maxPeers   = 256
	peerExpiry = 300 * time.Second
	spmrWait   = 25 * time.Millisecond

	// heldBytes is how much a receiver holds at most besides what windows ask
	// for.
	heldBytes = 64 << 20
)

// receiverConfig is what a receiver is made from.
type receiverConfig struct {
	Port   uint16
	TPDU   int   // bytes
	Window int   // packets
	Limit  int64 // MAXMSGSIZE
	Emit   func(packet []byte, to multicast.Target)
	Random func(time.Duration) time.Duration
	Report func(TSI)
}

func newReceiver(c receiverConfig) *receiver {
	return &receiver{
		port:   c.Port,
		window: c.Window,
		limit:  c.Limit,
		naks:   nakLimit(c.TPDU),
		budget: heldBytes + 2*c.Window*c.TPDU,
		emit:   c.Emit,
		random: c.Random,
		report: c.Report,
		peers:  multicast.NewCrowd[TSI, *peer](),
	}
}

// nakLimit is how many numbers fit a NAK: OpenPGM reads no packet that is longer
// than what it sends.
func nakLimit(tpdu int) int {
	const ip, udp, nak, options = 20, 8, 20, 8
	return max(1, min(MaxList, 1+(tpdu-ip-udp-headerLen-nak-options)/4))
}

// Handle takes in a packet that came from a host to one of the groups.
func (r *receiver) Handle(now time.Duration, b []byte, from netip.AddrPort, group netip.Addr) {
	r.fresh()
	p := &r.packet
	if p.Parse(b) != nil {
		return
	}
	if p.Type == SPMR {
		r.suppress(p)
		return
	}
	if p.Dest != r.port || p.Type == NAK {
		return
	}
	peer := r.peer(now, TSI{p.GSI, p.Source}, p.Type, from.Addr())
	if peer == nil {
		return
	}
	peer.heard, peer.from, peer.group = now, from.Addr(), group
	switch p.Type {
	case SPM:
		r.spm(now, peer, p)
	case ODATA, RDATA:
		r.data(now, peer, p)
	case NCF:
		for _, sqn := range p.List {
			peer.window.confirm(sqn, now)
		}
	}
	r.account(peer)
}

// suppress: another receiver has just asked for the SPM.
func (r *receiver) suppress(p *Packet) {
	if peer := r.peers.Sessions[TSI{p.GSI, p.Dest}]; peer != nil && p.Source == r.port {
		peer.asks = idle
	}
}

// Take returns the messages that have become whole.
func (r *receiver) Take() []byte {
	r.taken = true
	return r.out
}

// fresh begins a new out after the last one was taken.
func (r *receiver) fresh() {
	if !r.taken {
		return
	}
	if r.taken = false; cap(r.out) > keep {
		r.out = nil
	}
	r.out = r.out[:0]
}

// peer finds the session of a packet. An unknown one is taken in by an SPM or
// data; if there are too many, it takes the place of another.
func (r *receiver) peer(now time.Duration, tsi TSI, t Type, host netip.Addr) *peer {
	if p := r.peers.Sessions[tsi]; p != nil || t == NCF {
		return p
	}
	if len(r.peers.Sessions) >= maxPeers {
		r.forget(r.peers.Weakest())
	}
	p := &peer{tsi: tsi, host: host, asks: now + spmrWait, window: window{max: r.window}, stream: unpacker{limit: r.limit}}
	r.peers.Add(tsi, p)
	return p
}

// Standing implements multicast.Session.
func (p *peer) Standing() (host netip.Addr, joined bool, heard time.Duration) {
	return p.host, p.served, p.heard
}

// forget forgets a session. If something of it was missing that is lost.
func (r *receiver) forget(p *peer) {
	r.peers.Remove(p.tsi)
	r.held -= p.size
	if p.served && (p.window.missing > 0 || p.parts.open() || p.stream.open()) {
		r.lost(p)
	}
}

// account keeps the sum of what is held. Beyond the budget the session with the
// most loses everything.
func (r *receiver) account(p *peer) {
	size := p.window.held + slotSize*len(p.window.slots) + len(p.parts.data) + len(p.stream.partial)
	r.held += size - p.size
	p.size = size
	for r.held > r.budget {
		most := p
		for _, other := range r.peers.Sessions {
			if other.size > most.size {
				most = other
			}
		}
		r.forget(most)
	}
}

// spm takes note of where the source's window stands. Old ones are ignored.
func (r *receiver) spm(now time.Duration, p *peer, spm *Packet) {
	if p.nla.IsValid() && before(spm.Sqn, p.spmSqn) {
		return
	}
	p.nla, p.spmSqn, p.asks = spm.NLA, spm.Sqn, idle
	w := &p.window
	w.define(spm.Lead + 1)
	r.trail(p, spm.Trail)
	if !before(spm.Lead, w.end()) {
		r.reach(now, p, spm.Lead)
	}
}

// data takes in ODATA or RDATA.
func (r *receiver) data(now time.Duration, p *peer, d *Packet) {
	if before(d.Sqn, d.Trail) {
		return
	}
	w := &p.window
	w.define(d.Sqn)
	r.trail(p, d.Trail)
	switch {
	case before(d.Sqn, w.base):
		return
	case d.Sqn == w.base && len(w.slots) == 0:
		w.base++
		r.deliver(p, d.Sqn, d.Data, d.Fragment)
		return
	case !before(d.Sqn, w.end()):
		r.reach(now, p, d.Sqn)
	}
	w.fill(d.Sqn, d.Data, d.Fragment)
	r.drain(p)
}

// trail gives up what the source cannot repair any more.
func (r *receiver) trail(p *peer, first uint32) {
	w := &p.window
	if !before(w.base, first) {
		return
	}
	w.abandon(first)
	r.drain(p)
	if before(w.base, first) && len(w.slots) == 0 {
		w.skip(first)
		r.drain(p)
	}
}

// reach makes the window reach up to sequence number last. If that is further
// than it is wide, all it had is given up.
func (r *receiver) reach(now time.Duration, p *peer, last uint32) {
	w := &p.window
	if ahead := int(int32(last + 1 - w.end())); ahead > w.max {
		w.abandon(w.end())
		r.drain(p)
		w.skip(last + 1 - uint32(w.max))
	}
	w.extend(last, now+r.random(nakBackOff))
	r.drain(p)
}

// drain delivers what is in order now.
func (r *receiver) drain(p *peer) {
	for {
		s, ok := p.window.pop()
		if p.window.gap {
			p.window.gap = false
			r.lost(p)
		}
		if !ok {
			return
		}
		r.deliver(p, p.window.base-1, s.data, s.fragment)
	}
}

// lost drops the message that was under way and tells the owner.
func (r *receiver) lost(p *peer) {
	p.parts.reset()
	p.stream.lost()
	if r.report != nil {
		r.report(p.tsi)
	}
}

// deliver passes on data that is in order.
func (r *receiver) deliver(p *peer, sqn uint32, data []byte, f Fragment) {
	if p.parts.open() && (f.Length == 0 || f.First == sqn) { // the rest of the last one is not coming
		r.lost(p)
	}
	if f.Length > 0 {
		whole, err := p.parts.add(sqn, data, f)
		if err != nil {
			r.lost(p)
			return
		}
		if data = whole; data == nil {
			return
		}
	}
	var err error
	if r.out, err = p.stream.add(r.out, data); err != nil {
		r.lost(p)
	}
	p.served = p.served || p.stream.joined
}

// Poll does what is due and returns when to call it again.
func (r *receiver) Poll(now time.Duration) (next time.Duration) {
	r.fresh()
	next = idle
	for _, p := range r.peers.Sessions {
		if now-p.heard >= peerExpiry {
			r.forget(p)
			continue
		}
		if now >= p.asks {
			p.asks = idle
			r.ask(p)
		}
		if now >= p.window.due && p.window.defined {
			r.list = p.window.tick(now, now+r.random(nakBackOff), r.list[:0])
			r.request(p, r.list)
			r.drain(p)
			r.account(p)
		}
		next = min(next, p.asks, p.heard+peerExpiry)
		if p.window.missing > 0 {
			next = min(next, p.window.due)
		}
	}
	return next
}

// ask sends an SPMR: to the other receivers, so that they do not, and to the
// source (RFC 3208 section 13.3).
func (r *receiver) ask(p *peer) {
	r.send(p, Packet{Type: SPMR}, multicast.Target{Near: true})
	r.send(p, Packet{Type: SPMR}, unicast(p.from))
}

// request sends NAKs for the packets in list, to where the last SPM said.
// Before the first SPM that is where the data came from.
func (r *receiver) request(p *peer, list []uint32) {
	nla := p.nla
	if !nla.IsValid() {
		nla = p.from
	}
	for len(list) > 0 {
		n := min(len(list), r.naks)
		r.send(p, Packet{Type: NAK, NLA: nla, Group: p.group, List: list[:n]}, unicast(nla))
		list = list[n:]
	}
}

func unicast(a netip.Addr) multicast.Target {
	return multicast.Target{Host: netip.AddrPortFrom(a, 0)}
}

// send emits a packet towards a source: the ports change places.
func (r *receiver) send(p *peer, q Packet, to multicast.Target) {
	q.Source, q.Dest, q.GSI = r.port, p.tsi.Port, p.tsi.GSI
	r.scratch = q.Append(r.scratch[:0])
	r.emit(r.scratch, to)
}
