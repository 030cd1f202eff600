package wire

import "ztools/lib/internal/msg"

// Walk reads frames of ZMTP 2.0 form from buffers that are cut only between two
// frames or between a header and its body. The bytes are trusted: they are this
// side's own. The zero value has no frames.
type Walk struct {
	b    []byte
	rest [][]byte
}

// NewWalk begins at the first frame of bufs, which it does not change.
func NewWalk(bufs [][]byte) Walk { return Walk{rest: bufs} }

// Next is the next frame. The body points into the buffers. ok is false behind
// the last frame.
func (w *Walk) Next() (flags msg.Flags, body []byte, ok bool) {
	if !w.load() {
		return 0, nil, false
	}
	flags, size, n := msg.ConsumeHeader(w.b)
	w.b = w.b[n:]
	if size > 0 {
		w.load()
	}
	body = w.b[:size:size]
	w.b = w.b[size:]
	return flags &^ msg.Long, body, true
}

// load makes b the next bytes; false if there are none.
func (w *Walk) load() bool {
	for len(w.b) == 0 {
		if len(w.rest) == 0 {
			return false
		}
		w.b, w.rest = w.rest[0], w.rest[1:]
	}
	return true
}
