package pipe

import (
	"encoding/binary"

	"ztools/lib/internal/msg"
)

// A Batch is a run of frames, encoded as ZMTP 2.0 and 3.x put them on the
// wire (RFC 37): flags, a size of 1 or 8 bytes, the body. The queue between two
// goroutines is therefore what the writer of a NULL connection sends, as it
// stands: a frame is encoded once, while the sender's bytes are hot, and it
// costs the garbage collector nothing.
//
// Bodies of msg.RefMin bytes and more stand beside the bytes in Ext, in order.
type Batch struct {
	Bytes []byte
	Ext   []Ext
	// Msgs counts the whole messages; routing-id frames are not messages.
	Msgs int
	// Commands says that at least one frame is a ZMTP command.
	Commands bool

	buf   *msg.Buf // holds Bytes
	marks []mark   // where the connection's properties change
}

// Ext is a body that travels by reference.
type Ext struct {
	At   int // offset in Bytes right behind the frame's header
	Body []byte
	Buf  *msg.Buf
}

// mark says which connection the frames from At on came over.
type mark struct {
	at   int
	meta *msg.Meta
}

// addShort appends the commonest frame: a message of one part, shorter than 256 bytes.
// false if it is longer, or if there is no room for it, which Add would make.
func (b *Batch) addShort(body []byte) bool {
	at, n := len(b.Bytes), len(body)
	if n > 255 || cap(b.Bytes)-at < 2+n {
		return false
	}
	dst := b.Bytes[at : at+2+n]
	dst[0], dst[1] = 0, byte(n)
	copy(dst[2:], body)
	b.Bytes = b.Bytes[:at+2+n]
	b.Msgs++
	return true
}

// addLonger is addShort for all that is shorter than msg.RefMin.
func (b *Batch) addLonger(body []byte) bool {
	if cap(b.Bytes)-len(b.Bytes) < msg.HeaderMax+len(body) {
		return false
	}
	b.addPart(0, body)
	b.Msgs++
	return true
}

// addParts is addShort for a message of several parts.
func (b *Batch) addParts(parts []msg.Part) bool {
	need := 0
	for i := range parts {
		n := len(parts[i].Body)
		if n >= msg.RefMin {
			return false
		}
		need += msg.HeaderMax + n
	}
	if cap(b.Bytes)-len(b.Bytes) < need {
		return false
	}
	last := len(parts) - 1
	for i := range last {
		b.addPart(msg.More, parts[i].Body)
	}
	b.addPart(0, parts[last].Body)
	b.Msgs++
	return true
}

// addPart appends a frame for which there is room.
func (b *Batch) addPart(flags msg.Flags, body []byte) {
	b.Bytes = append(msg.AppendHeader(b.Bytes, flags, len(body)), body...)
}

// Add appends one frame. A body of msg.RefMin bytes and more belongs to the batch.
func (b *Batch) Add(m *msg.Msg, pool *msg.Pool) {
	n := len(m.Body)
	need := msg.HeaderMax
	if n < msg.RefMin {
		need += n
	}
	if cap(b.Bytes)-len(b.Bytes) < need {
		b.grow(need, pool)
	}
	if n < 256 { // the common case, without a call
		at := len(b.Bytes)
		dst := b.Bytes[: at+2+n : cap(b.Bytes)]
		dst[at], dst[at+1] = byte(m.Flags), byte(n)
		copy(dst[at+2:], m.Body)
		b.Bytes = dst
	} else {
		b.Bytes = msg.AppendHeader(b.Bytes, m.Flags, n)
		if n < msg.RefMin {
			b.Bytes = append(b.Bytes, m.Body...)
		} else {
			b.addExt(Ext{At: len(b.Bytes), Body: m.Body, Buf: m.Buf}, pool)
		}
	}
	if m.Flags&(msg.More|msg.Identity) == 0 {
		b.Msgs++
	}
	if m.Flags&msg.Command != 0 {
		b.Commands = true
	}
}

// grow makes room for n more bytes.
func (b *Batch) grow(n int, pool *msg.Pool) {
	next := pool.Get(max(2*cap(b.Bytes), len(b.Bytes)+n))
	next.B = next.B[:cap(next.B)]
	b.Bytes = next.B[:copy(next.B, b.Bytes)]
	pool.Put(b.buf)
	b.buf = next
}

// splice appends the frames of from, whose messages thereby change hands.
func (b *Batch) splice(from *Batch, pool *msg.Pool) {
	b.addRun(from, Cursor{}, Cursor{At: len(from.Bytes), Ext: int32(len(from.Ext))}, pool)
	b.Msgs += from.Msgs
	b.Commands = b.Commands || from.Commands
}

// setMeta notes that the frames added from here on belong to meta.
func (b *Batch) setMeta(meta *msg.Meta) {
	b.marks = append(b.marks, mark{len(b.Bytes), meta})
}

// Reset empties the batch and keeps its memory for the next run.
func (b *Batch) Reset() {
	b.Bytes = b.Bytes[:0]
	clear(b.Ext)
	b.Ext = b.Ext[:0]
	clear(b.marks)
	b.marks = b.marks[:0]
	b.Msgs, b.Commands = 0, false
}

// A batch at rest keeps room for some bodies by reference. A list that becomes longer
// is exchanged for a long one, all of which pass from batch to batch: the rows idle,
// allocs/tcp/64K and allocs/proxy/queue/64K of make compare.
const (
	extFirst = 8
	extKept  = 64
	extLong  = 1024
)

// addExt appends to Ext.
func (b *Batch) addExt(e Ext, pool *msg.Pool) {
	if n := len(b.Ext); n == cap(b.Ext) && (n == 0 || n >= extKept) {
		b.growExt(pool)
	}
	b.Ext = append(b.Ext, e)
}

// growExt exchanges Ext for a long list. A new long one is made only if that is needed.
func (b *Batch) growExt(pool *msg.Pool) {
	list, ok := pool.Lists.Get().(*[]Ext)
	if !ok {
		if len(b.Ext) == 0 {
			b.Ext = make([]Ext, 0, extFirst)
			return
		}
		list = new([]Ext)
	}
	if cap(*list) <= len(b.Ext) {
		*list = make([]Ext, 0, max(extLong, 2*len(b.Ext)))
	}
	b.Ext = append(*list, b.Ext...)
	*list = nil
	pool.Boxes.Put(list)
}

// release empties the batch and gives its memory back, so that a connection
// at rest owns no buffer.
func (b *Batch) release(pool *msg.Pool) {
	b.Reset()
	pool.Put(b.buf)
	b.buf, b.Bytes = nil, nil
	if cap(b.Ext) >= extLong {
		list, ok := pool.Boxes.Get().(*[]Ext)
		if !ok {
			list = new([]Ext)
		}
		*list, b.Ext = b.Ext, nil
		pool.Lists.Put(list)
	}
}

// releaseBytes gives the memory of an empty batch back. What connection the
// next frames come over stays noted.
func (b *Batch) releaseBytes(pool *msg.Pool) {
	pool.Put(b.buf)
	b.buf, b.Bytes = nil, nil
}

// empty drops the frames but not what connection the next ones come over.
func (b *Batch) empty(pool *msg.Pool) {
	n := len(b.marks)
	if n == 0 {
		b.Drop(pool)
		return
	}
	meta := b.marks[n-1].meta
	b.Drop(pool)
	b.setMeta(meta)
}

// Drop empties the batch and gives all memory back, that of the bodies too: nobody
// will read them.
func (b *Batch) Drop(pool *msg.Pool) {
	for i := range b.Ext {
		pool.Put(b.Ext[i].Buf)
	}
	b.release(pool)
}

// A Cursor walks the frames of a Batch.
type Cursor struct {
	At   int   // offset of the next frame in Bytes
	Ext  int32 // index of the next Ext
	mark int32 // index of the next mark, or plain
	meta *msg.Meta
}

// plain is the mark of a Cursor if there are none any more, and no Ext: nothing of
// the Batch matters then but Bytes. Next finds that out.
const plain = -1

// mistrust makes Next look again.
func (c *Cursor) mistrust(b *Batch) {
	if c.mark == plain {
		c.mark = int32(len(b.marks))
	}
}

// Done reports whether no frame is left.
func (c *Cursor) Done(b *Batch) bool { return c.At >= len(b.Bytes) }

// nextSmall is Next for a part of a message, shorter than 256 bytes; false if there
// is none, or if the frame is something else.
func (c *Cursor) nextSmall(b *Batch, m *msg.Msg) bool {
	if c.mark != plain || c.At >= len(b.Bytes) {
		return false
	}
	flags := msg.Flags(b.Bytes[c.At])
	if flags&^msg.More != 0 {
		return false
	}
	at := c.At + 2
	end := at + int(b.Bytes[c.At+1])
	m.Flags, m.Meta, m.Buf = flags, c.meta, nil
	m.Body = b.Bytes[at:end:end]
	c.At = end
	return true
}

// nextShort is Next for a message of one part, shorter than msg.RefMin; false if there
// is none, or if the frame is something else.
func (c *Cursor) nextShort(b *Batch) (body []byte, ok bool) {
	if c.mark != plain || c.At+2 > len(b.Bytes) {
		return nil, false
	}
	at := c.At + 2
	size := int(b.Bytes[c.At+1])
	if flags := msg.Flags(b.Bytes[c.At]); flags != 0 {
		if flags != msg.Long {
			return nil, false
		}
		at = c.At + msg.HeaderMax
		size = int(binary.BigEndian.Uint64(b.Bytes[c.At+1:]))
	}
	c.At = at + size
	return b.Bytes[at:c.At:c.At], true
}

// Next reads the frame under the cursor into m and moves behind it. The body
// of m points into b. Next must not be called when Done.
func (c *Cursor) Next(b *Batch, m *msg.Msg) {
	for c.mark != plain && int(c.mark) < len(b.marks) && b.marks[c.mark].at <= c.At {
		c.meta = b.marks[c.mark].meta
		c.mark++
	}
	if int(c.mark) == len(b.marks) && len(b.Ext) == 0 {
		c.mark = plain
	}
	flags, size, n := msg.ConsumeHeader(b.Bytes[c.At:])
	at := c.At + n
	m.Flags = flags &^ msg.Long
	m.Meta = c.meta
	if int(c.Ext) < len(b.Ext) && b.Ext[c.Ext].At == at {
		e := &b.Ext[c.Ext]
		m.Body, m.Buf = e.Body, e.Buf
		c.Ext++
		c.At = at
		return
	}
	end := at + int(size)
	m.Body, m.Buf = b.Bytes[at:end:end], nil
	c.At = end
}
