package pgm

import (
	"encoding/binary"
	"net/netip"
	"time"

	"ztools/lib/internal/transport/multicast"
)

// A source is the sending half of a session (RFC 3208 section 6.1 and 6.2): it
// numbers data, keeps what it sent in the transmit window, repairs from there
// and tells by SPMs where the window stands.
//
//	open      three SPMs
//	Next      a place for the payload of the next packet
//	Commit    the payload is there: it is numbered, kept and sent
//	Handle    NAK: NCF at once, RDATA as the rate allows; SPMR: an SPM
//	Poll      what is due by now: repairs, SPMs
//	Finish    three SPMs with OPT_FIN
//
// It neither reads the clock nor touches the network: times are since the
// session began, packets leave through emit. Its owner keeps calls apart.
type source struct {
	// Constant.
	tsi      TSI
	port     uint16     // data-destination port
	nla      netip.Addr // own address
	group    netip.Addr
	overhead int // bytes of IP and UDP header, which count for the rate
	maxTPDU  int // without overhead
	emit     func(packet []byte, to multicast.Target)

	bucket bucket
	slots  []sent // the window as a ring; grows up to window
	window int
	trail  uint32 // oldest in the window
	lead   uint32 // newest; trail - 1 if the window is empty

	repairs []uint32 // to be sent again, in the order asked for
	spmSqn  uint32
	spmLast time.Duration // when the last one was sent
	ambient time.Duration // when the next one is due if nothing is sent
	beat    time.Duration // when the next heartbeat is due
	beats   int           // heartbeats since the last data; len(heartbeats): no more
	packet  Packet        // scratch
	scratch []byte
}

// sent is a packet of the window, as it went out.
type sent struct {
	bytes  []byte
	repair bool // stands in repairs
}

// SPMs of a source that has nothing to send (libzmq's pgm_socket.cpp).
const ambientSPM = 30 * time.Second

// heartbeats are the pauses between the SPMs after the last data, so that the
// loss of the last packet is noticed soon (RFC 3208 section 6.1.2).
var heartbeats = [...]time.Duration{
	100 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond,
	1300 * time.Millisecond, 7 * time.Second, 16 * time.Second, 25 * time.Second, 30 * time.Second,
}

// spmLeast is how old the last SPM may be when data is sent: a receiver that joins
// in the middle learns from it where to send NAKs. OpenPGM's receivers give up at
// once what they miss before.
const spmLeast = time.Second

// openSPMs is how many SPMs announce a session, and its end.
const openSPMs = 3

// sourceConfig is what a source is made from.
type sourceConfig struct {
	TSI        TSI
	Port       uint16
	NLA, Group netip.Addr
	Overhead   int   // bytes of IP and UDP header
	TPDU       int   // bytes of a packet with Overhead
	Rate       int64 // bytes per second
	Window     int   // packets
	Emit       func(packet []byte, to multicast.Target)
}

func newSource(c sourceConfig) *source {
	return &source{
		tsi:      c.TSI,
		port:     c.Port,
		nla:      c.NLA,
		group:    c.Group,
		overhead: c.Overhead,
		maxTPDU:  c.TPDU - c.Overhead,
		emit:     c.Emit,
		bucket:   newBucket(c.Rate, c.TPDU),
		window:   c.Window,
		lead:     ^uint32(0),
		beats:    len(heartbeats),
	}
}

// open announces the session.
func (s *source) open(now time.Duration) {
	s.ambient = now + ambientSPM
	for range openSPMs {
		s.spm(false)
	}
}

// Flush tells where the window ends, so that receivers ask for what they miss.
func (s *source) Flush(now time.Duration) {
	if s.beats < len(heartbeats) {
		s.announce(now)
	}
}

// Finish announces the end.
func (s *source) Finish() {
	for range openSPMs {
		s.spm(true)
	}
}

// announce sends an SPM because it is time to.
func (s *source) announce(now time.Duration) {
	s.spm(false)
	s.spmLast, s.ambient = now, now+ambientSPM
}

// spm sends an SPM. It does not count for the rate: there are few.
func (s *source) spm(fin bool) {
	s.send(Packet{Type: SPM, Sqn: s.spmSqn, Trail: s.trail, Lead: s.lead, NLA: s.nla, Fin: fin})
	s.spmSqn++
}

// send emits a packet to the group that is not data.
func (s *source) send(p Packet) {
	p.Source, p.Dest, p.GSI = s.tsi.Port, s.port, s.tsi.GSI
	s.scratch = p.Append(s.scratch[:0])
	s.emit(s.scratch, multicast.Target{})
}

// Next is the empty payload of the next packet; its capacity is what fits. If
// the window is full, the oldest packet leaves it and its memory is used again.
func (s *source) Next() []byte {
	slot := s.slot(s.lead + 1)
	slot.repair = false
	if int(s.lead-s.trail)+1 == s.window {
		oldest := s.slot(s.trail)
		slot.bytes, oldest.bytes = oldest.bytes, slot.bytes
		s.trail++
	}
	if slot.bytes == nil {
		slot.bytes = make([]byte, headerLen+dataLen, s.maxTPDU)
	}
	return slot.bytes[headerLen+dataLen : headerLen+dataLen : s.maxTPDU]
}

// slot is the place of a sequence number in the ring, whose size is a power of
// two so that the numbers may wrap. It is grown until the window is full for the
// first time; numbers begin with 0, so all keep their places.
func (s *source) slot(sqn uint32) *sent {
	if int(sqn) >= len(s.slots) && len(s.slots) < s.window {
		grown := make([]sent, max(64, 2*len(s.slots)))
		copy(grown, s.slots)
		s.slots = grown
	}
	return &s.slots[sqn&uint32(len(s.slots)-1)]
}

// Delay is how long the packet with that payload must wait for the rate.
func (s *source) Delay(now time.Duration, payload []byte) time.Duration {
	return s.bucket.wait(now, s.overhead+headerLen+dataLen+len(payload))
}

// Commit sends the payload that was put into Next, and returns when a heartbeat
// is due.
func (s *source) Commit(now time.Duration, payload []byte) time.Duration {
	if now-s.spmLast >= spmLeast {
		s.announce(now)
	}
	n := len(payload)
	s.lead++
	slot := s.slot(s.lead)
	slot.bytes = slot.bytes[:headerLen+dataLen+n]
	b := slot.bytes
	binary.BigEndian.PutUint16(b, s.tsi.Port)
	binary.BigEndian.PutUint16(b[2:], s.port)
	b[4], b[5] = byte(ODATA), 0
	copy(b[8:], s.tsi.GSI[:])
	binary.BigEndian.PutUint16(b[14:], uint16(n))
	binary.BigEndian.PutUint32(b[16:], s.lead)
	s.transmit(now, b)
	return s.beat
}

// transmit sends data, for the first time or again.
func (s *source) transmit(now time.Duration, b []byte) {
	binary.BigEndian.PutUint32(b[20:], s.trail)
	seal(b)
	s.bucket.take(s.overhead + len(b))
	s.emit(b, multicast.Target{})
	s.beats, s.beat = 0, now+heartbeats[0]
}

// Handle takes in a packet from a receiver; what is not for this session is
// ignored.
func (s *source) Handle(now time.Duration, b []byte) {
	p := &s.packet
	if p.Parse(b) != nil || p.Source != s.port || p.Dest != s.tsi.Port || p.GSI != s.tsi.GSI {
		return
	}
	switch p.Type {
	case SPMR:
		s.spm(false)
	case NAK:
		if p.NLA == s.nla && p.Group == s.group {
			s.confirm(p.List)
			s.Poll(now)
		}
	}
}

// confirm answers a NAK for what the window still has. Numbers outside get no
// answer: SPMs tell where the window stands (RFC 3208 section 6.2).
func (s *source) confirm(list []uint32) {
	known := list[:0]
	for _, sqn := range list {
		if sqn-s.trail > s.lead-s.trail || s.trail == s.lead+1 {
			continue
		}
		known = append(known, sqn)
		if slot := s.slot(sqn); !slot.repair {
			slot.repair = true
			s.repairs = append(s.repairs, sqn)
		}
	}
	if len(known) > 0 {
		s.send(Packet{Type: NCF, NLA: s.nla, Group: s.group, List: known})
	}
}

// repair sends one packet again, if the rate allows.
func (s *source) repair(now time.Duration) (sent bool) {
	sqn := s.repairs[0]
	slot := s.slot(sqn)
	if slot.repair && sqn-s.trail <= s.lead-s.trail { // else it has left the window
		if s.bucket.wait(now, s.overhead+len(slot.bytes)) > 0 {
			return false
		}
		slot.bytes[4] = byte(RDATA)
		s.transmit(now, slot.bytes)
		slot.repair = false
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
	for s.beats < len(heartbeats) && now >= s.beat {
		s.announce(now)
		s.step(now)
	}
	if now >= s.ambient {
		s.announce(now)
	}
	next = s.ambient
	if s.beats < len(heartbeats) {
		next = min(next, s.beat)
	}
	if len(s.repairs) > 0 {
		next = min(next, now+s.bucket.wait(now, s.maxTPDU+s.overhead))
	}
	return next
}

// step sets when the next heartbeat is due; those that were missed are skipped.
func (s *source) step(now time.Duration) {
	for s.beats++; s.beats < len(heartbeats); s.beats++ {
		if s.beat += heartbeats[s.beats]; s.beat > now {
			return
		}
	}
}
