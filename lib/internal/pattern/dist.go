package pattern

import (
	"ztools/lib/internal/msg"
	"ztools/lib/internal/pipe"
)

// dist distributes: a message goes to each pipe that was matched before its
// first frame. A pipe without room is left out until it has room again, so it
// gets messages whole or not at all (libzmq's dist.cpp).
type dist struct {
	list
	matching int    // the first pipes: those that get the message being sent
	active   int    // the first pipes: those that may have room
	turn     uint64 // counts the messages
}

func newDist() dist { return dist{list: list{slot: outSlot}} }

// attach adds p.
func (d *dist) attach(p *pipe.Pipe) {
	d.add(p)
	d.activate(p)
}

// activate says that p may have room again. It does nothing if p is active
// or not in the list.
func (d *dist) activate(p *pipe.Pipe) {
	if i := p.Index[d.slot]; i >= d.active {
		d.swap(i, d.active)
		d.active++
	}
}

// remove takes p out, if it is in.
func (d *dist) remove(p *pipe.Pipe) {
	if d.has(p) {
		d.suspend(p)
		d.list.remove(p)
	}
}

// suspend takes p out of the matching and the active pipes.
func (d *dist) suspend(p *pipe.Pipe) {
	if p.Index[d.slot] < d.matching {
		d.matching--
		d.swap(p.Index[d.slot], d.matching)
	}
	if p.Index[d.slot] < d.active {
		d.active--
		d.swap(p.Index[d.slot], d.active)
	}
}

// match marks p to get the next message, if it is active.
func (d *dist) match(p *pipe.Pipe) {
	switch i := p.Index[d.slot]; {
	case i >= d.active:
		d.drop(p)
	case i >= d.matching:
		d.swap(i, d.matching)
		d.matching++
	}
}

// drop counts a message that p does not get, once.
func (d *dist) drop(p *pipe.Pipe) {
	if p.Turn != d.turn {
		p.Turn = d.turn
		p.Dropped++
	}
}

// matchAll marks all active pipes.
func (d *dist) matchAll() {
	d.turn++
	d.matching = d.active
	for _, p := range d.pipes[d.active:] {
		d.drop(p)
	}
}

// unmatch marks none, before a message.
func (d *dist) unmatch() {
	d.turn++
	d.matching = 0
}

// invert marks those active pipes that are not marked, and no others. What match has
// dropped for the others was not for them.
func (d *dist) invert() {
	for _, p := range d.pipes[d.active:] {
		if p.Turn == d.turn {
			p.Dropped--
		} else {
			d.drop(p)
		}
	}
	n := d.matching
	d.matching = 0
	for i := n; i < d.active; i++ {
		d.swap(i, d.matching)
		d.matching++
	}
}

// full reports whether a marked pipe has no room for a message. A peer that
// is gone does not count: it never will have. A pipe is asked only when all that it
// had room for may have been sent, or when its limit was changed.
func (d *dist) full() bool {
	for _, p := range d.pipes[:d.matching] {
		if p.Credit <= 0 || p.Limited.Load() {
			p.Limited.Store(false)
			p.Credit = p.Room()
			if p.Credit == 0 && !p.Gone() {
				return true
			}
		}
	}
	return false
}

// sendSole writes a message of one part to the marked pipe if there is just one, and
// has done nothing if that has no room.
func (d *dist) sendSole(m *msg.Msg) bool {
	if d.matching != 1 || m.HasMore() || !d.pipes[0].Write(m) {
		return false
	}
	d.pipes[0].Credit--
	return true
}

// send writes one frame to all marked pipes; those without room drop out for
// the whole message. A body that several pipes share is left to the garbage
// collector.
func (d *dist) send(m *msg.Msg) {
	if d.matching > 1 {
		m.Buf = nil
	}
	for i := 0; i < d.matching; {
		if p := d.pipes[i]; p.Write(m) {
			if i++; !m.HasMore() {
				p.Credit--
			}
		} else {
			d.drop(p)
			d.suspend(p)
		}
	}
}
