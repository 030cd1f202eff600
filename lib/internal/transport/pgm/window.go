package pgm

import "time"

// A window is what a receiver knows of one session's data (RFC 3208 section
// 6.3), from the oldest packet that is not delivered on. A packet that comes
// in order passes without being kept, so the window holds something only while
// something is missing:
//
//	backOff  missing; asked for at a random moment, if nobody else is faster
//	waitNCF  a NAK went out and is not confirmed
//	waitData confirmed by the source: the repair is under way
//	have     here, but something before it is missing
//	lost     given up, or no longer in the source's window
//
// After each call that may have changed its beginning, pop is called until it
// finds nothing.
type window struct {
	max int // slots

	defined bool   // the first packet has set base
	base    uint32 // the oldest packet that is not delivered
	slots   []slot // from base on
	missing int    // slots that wait for a packet
	held    int    // bytes of data in slots
	gap     bool   // packets before base were lost since this was last looked at
	due     time.Duration
}

// slot is one packet of the window.
type slot struct {
	state    state
	ncfTries uint8
	tries    uint8
	due      time.Duration
	data     []byte
	fragment Fragment
}

type state uint8

const (
	backOff state = iota
	waitNCF
	waitData
	have
	lost
)

// Times and counts as in libzmq's pgm_socket.cpp.
const (
	nakBackOff  = 50 * time.Millisecond
	nakRepeat   = 200 * time.Millisecond
	dataWait    = 200 * time.Millisecond
	ncfRetries  = 50
	dataRetries = 50
)

// slotSize is what a slot costs besides its data, in bytes.
const slotSize = 64

// idle is a time that never comes.
const idle = time.Duration(1<<63 - 1)

// before reports whether sequence number a comes before b.
func before(a, b uint32) bool { return int32(a-b) < 0 }

// end is the packet behind the newest that is known of.
func (w *window) end() uint32 { return w.base + uint32(len(w.slots)) }

// at is the slot of a sequence number; nil if the window does not have it.
func (w *window) at(sqn uint32) *slot {
	if i := sqn - w.base; i < uint32(len(w.slots)) {
		return &w.slots[i]
	}
	return nil
}

// define sets where the window begins, once.
func (w *window) define(base uint32) {
	if !w.defined {
		w.defined, w.base, w.due = true, base, idle
	}
}

// extend makes room for packets up to sequence number last, at most max ahead,
// which are missing and asked for when due comes. If there are more than max
// then, the oldest are given up.
func (w *window) extend(last uint32, due time.Duration) {
	for w.end() != last+1 {
		w.slots = append(w.slots, slot{state: backOff, due: due})
		w.missing++
	}
	w.wake(due)
	if over := len(w.slots) - w.max; over > 0 {
		w.abandon(w.base + uint32(over))
	}
}

// fill puts a packet into its place; false if it is there already or was given
// up. The data is copied.
func (w *window) fill(sqn uint32, data []byte, f Fragment) bool {
	s := w.at(sqn)
	if s == nil || s.state >= have {
		return false
	}
	s.state, s.data, s.fragment = have, append([]byte(nil), data...), f
	w.missing--
	w.held += len(data)
	return true
}

// abandon gives up what is missing before sequence number first.
func (w *window) abandon(first uint32) {
	for i := range w.slots {
		if !before(w.base+uint32(i), first) {
			return
		}
		if w.slots[i].state < have {
			w.lose(&w.slots[i])
		}
	}
}

func (w *window) lose(s *slot) {
	s.state = lost
	w.missing--
}

// skip moves an empty window forward.
func (w *window) skip(base uint32) { w.base, w.gap = base, true }

// pop takes the next packet that can be delivered.
func (w *window) pop() (s slot, ok bool) {
	for len(w.slots) > 0 && w.slots[0].state == lost {
		w.shift()
		w.gap = true
	}
	if len(w.slots) == 0 || w.slots[0].state != have {
		return slot{}, false
	}
	s = w.slots[0]
	w.held -= len(s.data)
	w.shift()
	return s, true
}

func (w *window) shift() {
	w.slots[0] = slot{}
	w.base++
	if w.slots = w.slots[1:]; len(w.slots) == 0 {
		w.slots, w.due = nil, idle
	}
}

// confirm takes note of an NCF.
func (w *window) confirm(sqn uint32, now time.Duration) {
	if s := w.at(sqn); s != nil && s.state <= waitNCF {
		s.state, s.due = waitData, now+dataWait
		w.wake(s.due)
	}
}

// wake makes sure that tick is called when due comes.
func (w *window) wake(due time.Duration) { w.due = min(w.due, due) }

// tick does what is due by now: it appends to list what is to be asked for, and
// gives up what was asked for too often. again is when that is put off to that
// waits for a next round.
func (w *window) tick(now, again time.Duration, list []uint32) []uint32 {
	if now < w.due {
		return list
	}
	w.due = idle
	for i := range w.slots {
		s := &w.slots[i]
		if s.state >= have {
			continue
		}
		if s.due <= now && w.expire(s, now, again) {
			list = append(list, w.base+uint32(i))
		}
		if s.state < have {
			w.wake(s.due)
		}
	}
	return list
}

// expire moves a slot whose time has come on to its next state; true if a NAK
// is due.
func (w *window) expire(s *slot, now, again time.Duration) bool {
	switch s.state {
	case backOff:
		s.state, s.due = waitNCF, now+nakRepeat
		return true
	case waitNCF:
		s.ncfTries++
	case waitData:
		s.tries++
	}
	s.state, s.due = backOff, again
	if s.ncfTries >= ncfRetries || s.tries >= dataRetries {
		w.lose(s)
	}
	return false
}
