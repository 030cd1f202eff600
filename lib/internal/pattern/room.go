package pattern

import "ztools/lib/internal/pipe"

// Roomy is a Pattern that can say how many messages it would take now.
type Roomy interface {
	// Room is that number, or enough if it is larger. 0 means that Send would
	// fail with EAGAIN, and that the socket is told when that changes.
	Room(enough int) int
}

func (s *push) Room(enough int) int   { return s.lb.room(enough) }
func (s *dealer) Room(enough int) int { return s.lb.room(enough) }

func (s *pair) Room(enough int) int {
	if s.pipe == nil {
		return 0
	}
	return roomOf([]*pipe.Pipe{s.pipe}, enough)
}

// room is how many messages the active pipes would take.
func (l *lb) room(enough int) int { return roomOf(l.pipes[:l.active], enough) }

func roomOf(pipes []*pipe.Pipe, enough int) (n int) {
	for _, p := range pipes {
		if n += min(p.Room(), enough); n >= enough {
			return enough
		}
	}
	return n
}
