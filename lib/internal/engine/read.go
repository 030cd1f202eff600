package engine

import (
	"math"
	"slices"
	"time"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/wire"
)

// The way in:
//
//	1 ReadLoop  reads what is there into one buffer, or a large body straight
//	            to its place
//	2 run       passes all whole small messages in the buffer to the pipe as
//	            they stand, under one lock
//	3 frame     takes everything else one frame at a time: commands, large
//	            bodies, older framings, sealed frames, half messages
//	4 deliver   hands a frame to the pipe; while the pipe is full nothing is
//	            read, so that the kernel pushes back

// direct is the body size from which the read after a header asks only for
// that body and a little more, so that nearly nothing of it is copied:
// BenchmarkThroughput/tcp/65536 (lib/zmq).
const direct = 32 << 10

// firstTrust is how much memory a peer gets for a body that it has only
// announced, or as much as for the largest body that it has sent. After that the
// memory grows as the bytes arrive.
// BenchmarkThroughput/tcp/65536 and /tcp/1048576 (lib/zmq) show what it costs.
const firstTrust = 64 << 10

// reader is the state of the way in.
type reader struct {
	buf  buffer
	rest []byte // read beyond the handshake
	max  int    // how much the next read may take into buf, at most
	each int    // about how many bytes a message has

	// A body of msg.RefMin bytes and more that is under way.
	large bool
	size  int // of the whole body
	have  int // bytes of it that are there
	mem   *msg.Buf
	flags msg.Flags
	mask  uint32 // of WebSocket
	trust int    // the largest body this peer has sent

	partial bool // the last frame delivered had More
	fresh   bool // something was delivered since the last read, so that the socket comes to fetch it

	jam jam     // of a connection that is full both ways
	m   msg.Msg // the frame that is being delivered
}

// release gives all memory back.
func (in *reader) release(pool *msg.Pool) {
	pool.Put(in.mem)
	pool.Put(in.buf.mem)
	in.mem, in.buf.mem = nil, nil
}

// ReadLoop receives until the connection ends. It returns nil if this side
// ended it in order, and else why it ended.
func (e *Engine) ReadLoop() error {
	in := &e.in
	in.buf.pool, in.max = e.pool, bufferSize
	in.buf.load(in.rest)
	in.rest = nil
	decode := e.decode
	if e.raw {
		decode, in.each = e.decodeRaw, bufferSize
	}
	for {
		in.fresh = false
		e.loan.missed.Store(false) // who waits now is woken by what is delivered
		if err := decode(); err != nil {
			return err
		}
		if in.fresh && len(in.jam.ahead) == 0 && e.port.Lend.Load() && e.lendable() {
			if err := e.lend(); err != nil {
				return err
			}
			if err := decode(); err != nil { // what a borrower had no room for
				return err
			}
		}
		if err := e.read(); err != nil && !e.lingers(err) {
			return e.readError(err)
		}
	}
}

// read waits for bytes and reads what is there.
func (e *Engine) read() error {
	in := &e.in
	var body []byte
	if in.large {
		body = in.mem.B[in.have:min(in.size, len(in.mem.B))]
	}
	n, err := e.next(body)
	if err != nil {
		return err
	}
	direct := min(n, len(body))
	in.have += direct
	in.buf.w += n - direct
	return nil
}

// next reads into body first, if it is not empty, and returns how many bytes came.
func (e *Engine) next(body []byte) (int, error) {
	in := &e.in
	switch {
	case len(in.jam.ahead) == 0:
		return e.link.read(&in.buf, body, e.limit())
	case len(body) == 0:
		body = in.buf.space(e.limit())
	}
	return in.jam.take(body), nil
}

// limit is how much the next read may take: about what the pipe has room for, as the
// size of the last messages tells. The rest stays with the kernel; otherwise each of
// ten thousand peers whose pipes are full would have its buffer here, and a cold one
// (make compare CELL=peers). It is a little more than fits, so that ReadLoop then
// waits for room and does not read again.
func (e *Engine) limit() int {
	in := &e.in
	each := max(in.each, 2)
	if room := e.port.Pipe.Room(); room < in.max/each {
		return min(in.max, (room+2)*each+msg.RefMin/4)
	}
	return in.max
}

// readError says what the end of reading means.
func (e *Engine) readError(err error) error {
	switch {
	case e.deadline.lapsed.Load():
		return errno.ETIMEDOUT
	case e.deadline.closing.Load():
		return nil
	}
	return err
}

// decode delivers all that has arrived whole.
func (e *Engine) decode() error {
	in := &e.in
	for {
		if e.loan.lent && !in.partial {
			if err := e.roomLent(); err != nil {
				return err
			}
		}
		if in.large {
			done, err := e.body()
			if err != nil || !done {
				return err
			}
			continue
		}
		if e.runs && !in.partial && e.guard == nil && !e.deaf {
			n, err := e.run()
			if err != nil {
				return err
			}
			if n > 0 {
				e.heard()
				in.max = bufferSize
				continue
			}
		}
		if ok, err := e.frame(); err != nil || !ok {
			return err
		}
	}
}

// run delivers the whole messages at the head of the buffer that can go as
// they stand, and returns how many those were.
func (e *Engine) run() (int, error) {
	in := &e.in
	if in.buf.w-in.buf.r < 2 {
		return 0, nil
	}
	if e.port.Pipe.Room() == 0 {
		in.buf.shrink()
	}
	room, err := e.room()
	if err != nil {
		return 0, err
	}
	b := in.buf.bytes()
	if e.framing.Web() {
		return e.runWeb(b, room), nil
	}
	at, end, msgs := 0, 0, 0
	for msgs < room && len(b)-at >= 2 && b[at]&^byte(msg.More) == 0 {
		next := at + 2 + int(b[at+1])
		if next > len(b) || e.tooLong(next-at-2) {
			break
		}
		if b[at] == 0 {
			msgs++
			end = next
		}
		at = next
	}
	// Frames of 256 bytes and more have a long header.
	for msgs < room && len(b)-at >= 9 && b[at]&^byte(msg.More|msg.Long) == 0 {
		h, ok, err := wire.ConsumeHeader(wire.V2, b[at:])
		if err != nil || !ok || h.Size >= msg.RefMin || int(h.Size) > len(b)-at-h.Len || e.tooLong(int(h.Size)) {
			break
		}
		at += h.Len + int(h.Size)
		if h.Flags&msg.More == 0 {
			msgs++
			end = at
		}
	}
	if msgs > 0 {
		e.port.Pipe.WriteRun(b[:end], msgs)
		in.fresh = true
		in.buf.r += end
		in.each = end / msgs
	}
	return msgs, nil
}

// tooLong reports whether a body of size bytes breaks MAXMSGSIZE.
func (e *Engine) tooLong(size int) bool {
	return e.opts.MaxMsgSize >= 0 && int64(size) > e.opts.MaxMsgSize
}

// frame takes one frame from the buffer; false if more bytes are needed.
func (e *Engine) frame() (bool, error) {
	in := &e.in
	b := in.buf.bytes()
	h, ok, err := wire.ConsumeHeader(e.framing, b)
	if err != nil || !ok {
		return false, err
	}
	if h.Size > math.MaxInt-16 {
		return false, wire.ErrSize
	}
	if err := h.Limit(e.opts.MaxMsgSize); err != nil {
		return false, err
	}
	size := int(h.Size)
	if size >= msg.RefMin {
		e.begin(h, b[h.Len:])
		return true, nil
	}
	if len(b) < h.Len+size {
		return false, nil
	}
	in.buf.r += h.Len + size
	in.each = max(in.each, h.Len+size)
	in.m = msg.Msg{Flags: h.Flags &^ msg.Long, Body: b[h.Len : h.Len+size]}
	h.Unmask(in.m.Body)
	e.heard()
	if h.Control() {
		return true, e.webEvent(h.Op, in.m.Body)
	}
	return true, e.accept(&in.m)
}

// begin starts a large body, of which b may hold the first bytes.
func (e *Engine) begin(h wire.Header, b []byte) {
	in := &e.in
	size := int(h.Size)
	in.large, in.size, in.flags, in.mask = true, size, h.Flags&^msg.Long, h.Mask
	in.each = size
	in.mem = e.pool.Get(min(size, max(firstTrust, in.trust)))
	in.have = copy(in.mem.B[:min(size, len(in.mem.B))], b)
	in.buf.r = in.buf.w - len(b) + in.have
	in.max = bufferSize
	if size >= direct {
		in.max = msg.RefMin
	}
}

// body goes on with a large body; false if more bytes are needed.
func (e *Engine) body() (bool, error) {
	in := &e.in
	for in.have < in.size {
		if in.have == len(in.mem.B) {
			e.growBody()
		}
		n := copy(in.mem.B[in.have:min(in.size, len(in.mem.B))], in.buf.bytes())
		if n == 0 {
			return false, nil
		}
		in.have += n
		in.buf.r += n
	}
	in.m = msg.Msg{Flags: in.flags, Body: in.mem.B[:in.size:in.size], Buf: in.mem}
	wire.Header{Mask: in.mask}.Unmask(in.m.Body)
	in.trust = max(in.trust, in.size)
	in.large, in.mem = false, nil
	e.heard()
	return true, e.accept(&in.m)
}

// growBody makes room for as much again as has arrived.
func (e *Engine) growBody() {
	in := &e.in
	next := e.pool.Get(min(in.size, 2*in.have))
	copy(next.B, in.mem.B[:in.have])
	e.pool.Put(in.mem)
	in.mem = next
}

// accept handles one whole frame.
func (e *Engine) accept(m *msg.Msg) error {
	if e.mech != nil {
		if err := e.mech.Open(m); err != nil {
			return err
		}
	}
	if m.Flags&msg.Command != 0 {
		return e.command(m)
	}
	if e.guard != nil && !e.guard.Check(m) {
		return wire.Violation(wire.Unspecified, "message does not fit the socket type")
	}
	if e.deaf {
		e.pool.Put(m.Buf)
		return nil
	}
	return e.deliver(m)
}

// deliver writes one frame to the pipe and waits while the pipe is full.
func (e *Engine) deliver(m *msg.Msg) error {
	if !e.in.partial {
		if _, err := e.room(); err != nil {
			return err
		}
	}
	written := e.port.Pipe.Write(m)
	if written {
		e.in.partial = m.HasMore()
		e.in.fresh = e.in.fresh || !e.in.partial
	}
	if !written || len(m.Body) < msg.RefMin { // the socket has closed its end, or the body was copied
		e.pool.Put(m.Buf)
	}
	return nil
}

// room waits until the pipe takes a message and returns how many it takes. A
// pipe whose socket has closed takes any number: they are dropped.
func (e *Engine) room() (int, error) {
	if n := e.port.Pipe.Room(); n > 0 {
		return n, nil
	}
	long := e.in.jam.await()
	defer e.in.jam.timer.Stop()
	for {
		if n := e.port.Pipe.Room(); n > 0 {
			return n, nil
		}
		if e.port.Pipe.Gone() {
			return math.MaxInt, nil
		}
		if e.deadline.lapsed.Load() {
			return 0, errno.ETIMEDOUT
		}
		select {
		case <-e.port.writable: // or the peer is silent
		case <-e.done:
			return 0, errno.ECONNABORTED
		case <-long:
			e.unjam()
		}
	}
}

// command handles a ZMTP command (RFC 37). Unknown ones are ignored, as the
// RFC asks.
func (e *Engine) command(m *msg.Msg) error {
	if e.version < wire.ZMTP30 { // which has no commands
		e.pool.Put(m.Buf)
		return nil
	}
	name, data, err := wire.ParseCommand(m.Body)
	if err != nil {
		return err
	}
	switch string(name) {
	case wire.Ping:
		ttl, context, err := wire.ParsePing(data)
		if err != nil {
			return err
		}
		if ttl > 0 {
			e.await(time.Duration(ttl) * 100 * time.Millisecond)
		}
		e.loan.pinged.Store(true)
		e.sendControl(wire.AppendCommand(nil, wire.Pong, context))
	case wire.Pong:
		e.trip.hear()
	default:
		if slices.Contains(e.takes, string(name)) {
			return e.deliver(&msg.Msg{Flags: msg.Command, Body: m.Body, Buf: m.Buf})
		}
	}
	return nil
}

// decodeRaw delivers bytes without framing, for a STREAM socket, in pieces of
// IN_BATCH_SIZE at most.
func (e *Engine) decodeRaw() error {
	in := &e.in
	b := in.buf.bytes()
	in.max = e.opts.InBatchSize
	if len(b) == 0 {
		return nil
	}
	m := msg.Msg{Body: b}
	if len(b) >= msg.RefMin {
		m.Body, m.Buf = e.pool.Copy(b)
	}
	in.buf.r = in.buf.w
	return e.deliver(&m)
}
