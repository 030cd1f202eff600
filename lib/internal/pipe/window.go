package pipe

import "ztools/lib/internal/msg"

// windowFrames is how many bytes of frames a Window holds: with it all of a Window
// is four cache lines (BenchmarkPullRecvMany of pattern).
const windowFrames = 240

// A Window is a copy of the short messages that a pipe gives next. The windows of
// many pipes lie side by side in the memory of whoever takes turns with them, so that
// the processor, which has forgotten a pipe by the time its turn comes again, must
// find that pipe only once for all the messages of a window:
//
//	1 Open    copies what comes next
//	2 Read    the reader reads from the window instead of the pipe
//	3 Settle  the pipe is told what was read, before anything else is done with it
//
// A message in the window is one that was not read yet. The one whose reading is to
// be acknowledged is never there, so credit is given when it always was; a limit that
// changes meanwhile counts from the end of the window on.
// The zero value is a window with nothing in it.
type Window struct {
	meta    *msg.Meta
	at, end uint16 // what was not read is frames[at:end]
	read    uint16 // messages that were read
	frames  [windowFrames]byte
}

// Open copies the short messages that are read next from p into w, which is empty
// and settled.
func (p *Pipe) Open(w *Window) {
	if p.cur.mark != plain || p.laid != nil {
		return
	}
	b := p.r.Bytes[p.cur.At:]
	b = b[:min(len(b), windowFrames)]
	end := 0
	for left := p.ackAt.Load() - p.read; left > 1 && end+2 <= len(b) && b[end] == 0; left-- {
		next := end + 2 + int(b[end+1])
		if next > len(b) {
			break
		}
		end = next
	}
	if end > 0 {
		w.meta, w.end = p.cur.meta, uint16(copy(w.frames[:], b[:end]))
	}
}

// Settle tells p what was read from w, and empties that.
func (p *Pipe) Settle(w *Window) {
	if w.end > 0 {
		p.cur.At += int(w.at)
		p.read += uint64(w.read)
		w.at, w.end, w.read = 0, 0, 0
	}
}

// Empty reports whether nothing is left to read.
func (w *Window) Empty() bool { return w.at == w.end }

// Touch is Pipe.Touch for a window that is not empty.
func (w *Window) Touch() int { return int(w.frames[w.at]) }

// first is the body of the first message that was not read.
func (w *Window) first() []byte {
	from := w.at + 2
	to := from + uint16(w.frames[from-1])
	return w.frames[from:to:to]
}

// Peek is Pipe.Peek for a window that is not empty.
func (w *Window) Peek(m *msg.Msg) {
	m.Flags, m.Meta, m.Buf, m.Body = 0, w.meta, nil, w.first()
}

// Next is Pipe.ReadShort for a window that is not empty.
func (w *Window) Next() (body []byte, meta *msg.Meta) {
	body = w.first()
	w.at += uint16(2 + len(body))
	w.read++
	return body, w.meta
}

// Read is Pipe.Read for a window that is not empty.
func (w *Window) Read(m *msg.Msg) {
	m.Flags, m.Buf = 0, nil
	m.Body, m.Meta = w.Next()
}
