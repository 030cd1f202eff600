package main

import (
	"encoding/binary"
	"sync"
)

// Every message of at least stampSize bytes begins with a stamp: two words, the
// first with a mark and 48 bits of meaning, the second the sequence number. A
// receiver tells by the mark whether a message is zbench's own.
const (
	stampSize = 16
	markBits  = 16
	mark      = 0x7a42 // "zB"
)

// stamp is what a message begins with. In a stream extra is its origin; in an
// open loop it is how late the message left, in nanoseconds.
type stamp struct {
	extra uint64 // 48 bits
	seq   uint64
}

// head is the first word.
func (s stamp) head() uint64 { return mark | s.extra<<markBits }

func (s stamp) put(body []byte) {
	binary.LittleEndian.PutUint64(body, s.head())
	binary.LittleEndian.PutUint64(body[8:], s.seq)
}

// readStamp reads the stamp of a message; ok is false if it bears none.
func readStamp(body []byte) (s stamp, ok bool) {
	if len(body) < stampSize {
		return stamp{}, false
	}
	first := binary.LittleEndian.Uint64(body)
	return stamp{first >> markBits, binary.LittleEndian.Uint64(body[8:])}, first&(1<<markBits-1) == mark
}

// origin is which stream of numbers a message belongs to, and with how many bits
// they are written: 64, or fewer where the bodies themselves are sent by
// reference, a few of them again and again.
type origin struct {
	run    uint64 // 24 bits
	sender uint64 // 16 bits
	bits   uint64 // 8 bits
}

func (o origin) extra() uint64 { return o.run<<24&(1<<48-1) | o.sender<<8&0xffff00 | o.bits }

// bitsOf is how many bits of a number are written.
func bitsOf(extra uint64) uint64 { return min(max(extra&0xff, 1), 64) }

// tally is what became of numbered messages.
type tally struct {
	Received   int64 `json:"received"`
	Bytes      int64 `json:"bytes"` // of all that were received
	Lost       int64 `json:"lost"`
	Duplicated int64 `json:"duplicated"`
	Reordered  int64 `json:"reordered"`
	Unnumbered int64 `json:"unnumbered"` // without a stamp: too short, or of another program
}

func (t *tally) add(o tally) {
	t.Received += o.Received
	t.Bytes += o.Bytes
	t.Lost += o.Lost
	t.Duplicated += o.Duplicated
	t.Reordered += o.Reordered
	t.Unnumbered += o.Unnumbered
}

// meanBytes is the length of a message, on the average.
func (t *tally) meanBytes() float64 { return float64(t.Bytes) / float64(max(t.Received, 1)) }

// ledger follows the sequence numbers that one receiver sees.
type ledger struct {
	mu sync.Mutex // guards all where another goroutine looks on (poll)
	tally
	shared  bool // others receive parts of the same streams: gaps are no losses
	lossy   bool // long gaps are usual: where few bits are written they mean what is lost, never what is late
	streams map[uint64]*stream
	last    *stream // the stream of the last message
}

// see counts a message.
func (l *ledger) see(body []byte) {
	if !l.goesOn(body) {
		l.place(body)
	}
}

// goesOn counts a message if it is the next one of the stream of the last: the
// usual case, which has to be cheap, so it is small enough to be inlined.
func (l *ledger) goesOn(body []byte) bool {
	if l.last == nil || len(body) < stampSize ||
		l.last.head != binary.LittleEndian.Uint64(body) || l.last.next != binary.LittleEndian.Uint64(body[8:]) {
		return false
	}
	l.last.next++
	l.Received++
	l.Bytes += int64(len(body))
	return true
}

// inTurn is goesOn for many senders that take turns: the stream is the one whose
// message came last time after one of the last.
func (l *ledger) inTurn(body []byte) bool {
	if l.last == nil || l.last.after == nil || len(body) < stampSize {
		return false
	}
	s := l.last.after
	if s.head != binary.LittleEndian.Uint64(body) || s.next != binary.LittleEndian.Uint64(body[8:]) {
		return false
	}
	l.last = s
	s.next++
	l.Received++
	l.Bytes += int64(len(body))
	return true
}

// place counts a message whose place in its stream has to be found.
func (l *ledger) place(body []byte) {
	l.Received++
	l.Bytes += int64(len(body))
	s, ok := readStamp(body)
	if !ok {
		l.Unnumbered++
		return
	}
	if now := l.follow(s.extra); now == nil {
		l.Unnumbered++
	} else {
		now.see(s.seq, l)
	}
}

// follow finds the stream of the next message. Senders take turns, so it is mostly
// the one that came after the last one before; nil if there are too many.
func (l *ledger) follow(id uint64) *stream {
	last := l.last
	switch {
	case last == nil:
		l.last = l.stream(id)
	case last.is(id):
	case last.after != nil && last.after.is(id):
		l.last = last.after
	default:
		if l.last = l.stream(id); l.last != nil {
			last.after = l.last
		}
	}
	return l.last
}

// mostStreams is how many streams a ledger follows: the wire decides how many
// there are.
const mostStreams = 1 << 16

// stream finds or begins a stream; nil if there are too many.
func (l *ledger) stream(extra uint64) *stream {
	if l.streams == nil {
		l.streams = map[uint64]*stream{}
	}
	if l.streams[extra] == nil && len(l.streams) < mostStreams {
		l.streams[extra] = &stream{head: stamp{extra: extra}.head(), unused: 64 - bitsOf(extra)}
	}
	return l.streams[extra]
}

// mostGaps is how many gaps a stream remembers; messages of older ones that come
// after all are taken for duplicates.
const mostGaps = 4096

// stream is one sender's numbers. They count from 0, so messages lost at the
// beginning count too.
type stream struct {
	head   uint64  // of its stamps
	next   uint64  // expected
	unused uint64  // bits of a number that are not written
	after  *stream // whose message came last time after one of this stream
	gaps   []gap   // in order of their numbers
}

// gap is a range of numbers that did not come.
type gap struct{ from, to uint64 } // without to

func (s *stream) is(extra uint64) bool { return s.head == stamp{extra: extra}.head() }

func (s *stream) see(seq uint64, l *ledger) {
	// The distance to what was expected, with the sign that fewer bits have, too.
	ahead := int64((seq-s.next)<<s.unused) >> s.unused
	if l.lossy && s.unused > 0 {
		ahead = int64((seq - s.next) << s.unused >> s.unused)
	}
	switch {
	case ahead == 0:
		s.next++
	case ahead > 0:
		s.skip(uint64(ahead), l)
	case l.shared || s.fill(s.next-uint64(-ahead), l):
		l.Reordered++
	default:
		l.Duplicated++
	}
}

// skip notes n numbers as lost and the one after them as seen.
func (s *stream) skip(n uint64, l *ledger) {
	if !l.shared {
		l.Lost += int64(n)
		s.gaps = append(s.gaps, gap{s.next, s.next + n})
		if len(s.gaps) > mostGaps {
			s.gaps = s.gaps[1:]
		}
	}
	s.next += n + 1
}

// fill takes a number out of its gap; false if it is in none.
func (s *stream) fill(seq uint64, l *ledger) bool {
	for i, g := range s.gaps {
		if seq < g.from || seq >= g.to {
			continue
		}
		rest := s.gaps[i+1:]
		kept := append([]gap{}, s.gaps[:i]...)
		for _, part := range []gap{{g.from, seq}, {seq + 1, g.to}} {
			if part.from < part.to {
				kept = append(kept, part)
			}
		}
		s.gaps = append(kept, rest...)
		l.Lost--
		return true
	}
	return false
}
