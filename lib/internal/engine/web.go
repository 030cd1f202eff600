package engine

import (
	"encoding/binary"
	"math/rand/v2"
	"time"

	"ztools/lib/internal/msg"
	"ztools/lib/internal/transport"
	"ztools/lib/internal/wire"
)

// What is different over WebSocket (RFC 45): the frames have another form, the
// heartbeats are those of RFC 6455, which no mechanism seals, and a peer says
// CLOSE before it leaves.

// runWeb is run for the frames of b. Messages of one part are rewritten in place
// as they stand in a pipe, as long as that takes no more room: always where the
// peer masks, and up to 255 bytes where it does not.
func (e *Engine) runWeb(b []byte, room int) (msgs int) {
	at, end := 0, 0
	for msgs < room {
		h, ok, err := wire.ConsumeHeader(e.framing, b[at:])
		size := int(h.Size)
		if err != nil || !ok || h.Control() || h.Flags != 0 || h.Size >= msg.RefMin || e.tooLong(size) {
			break
		}
		next := at + h.Len + size
		if next > len(b) || end+headerLen(size) > at+h.Len {
			break
		}
		end = len(msg.AppendHeader(b[:end], 0, size))
		if h.Mask == 0 {
			copy(b[end:], b[at+h.Len:next])
		} else {
			wire.WSMask(b[end:end+size], b[at+h.Len:next], h.Mask, 0)
		}
		end += size
		at = next
		msgs++
	}
	if msgs > 0 {
		e.port.Pipe.WriteRun(b[:end], msgs)
		e.in.fresh = true
		e.in.buf.r += at
		e.in.each = at / msgs
	}
	return msgs
}

// appendWeb appends a frame. What the mechanism has sealed is a frame of another
// form, of which only the body goes.
func (e *Engine) appendWeb(dst []byte, m *msg.Msg) ([]byte, error) {
	f := e.framing.Reverse()
	if e.runs {
		return encode(dst, f, m.Flags, m.Body), nil
	}
	at := len(dst)
	dst, err := e.mech.Seal(dst, m)
	if err != nil {
		return dst, err
	}
	end := len(dst)
	flags, _, n := msg.ConsumeHeader(dst[at:])
	dst = encode(dst, f, flags, dst[at+n:end])
	return dst[:at+copy(dst[at:], dst[end:])], nil
}

// webEvent handles a frame of WebSocket's own.
func (e *Engine) webEvent(op wire.WSOp, payload []byte) error {
	switch op {
	case wire.WSPing:
		e.sendControl(wire.AppendCommand(nil, wire.Pong, payload))
	case wire.WSPong:
		e.trip.hear()
	case wire.WSClose:
		e.webClose(payload)
		return errEOF
	}
	return nil
}

// webControl is the engine's own frames in b as they go over WebSocket: a PING or
// PONG by its own means (as libzmq's, a PING says nothing), a hello as any message.
func (e *Engine) webControl(b []byte) (out []byte) {
	for len(b) > 0 {
		flags, size, n := msg.ConsumeHeader(b)
		m := msg.Msg{Flags: flags &^ msg.Long, Body: b[n : n+int(size)]}
		b = b[n+int(size):]
		var err error
		if out, err = e.appendControl(out, &m); err != nil {
			e.out.broken = true
			e.Stop()
			return nil
		}
	}
	return out
}

func (e *Engine) appendControl(dst []byte, m *msg.Msg) ([]byte, error) {
	if m.Flags&msg.Command == 0 {
		return e.appendWeb(dst, m)
	}
	name, data, err := wire.ParseCommand(m.Body)
	if string(name) == wire.Ping {
		return e.appendEvent(dst, wire.WSPing, nil), err
	}
	return e.appendEvent(dst, wire.WSPong, data), err
}

func (e *Engine) appendEvent(dst []byte, op wire.WSOp, payload []byte) []byte {
	masked := e.framing.Reverse() == wire.WSMasked
	mask := uint32(0)
	if masked {
		mask = rand.Uint32()
	}
	return wire.AppendControlWS(dst, op, payload, masked, mask)
}

// closeReply is how long a peer that has said CLOSE is given to take the answer.
const closeReply = 100 * time.Millisecond

// webClose answers a CLOSE, unless a write is under way. Nothing more is sent.
func (e *Engine) webClose(payload []byte) {
	w := &e.out
	if !w.mu.TryLock() {
		return
	}
	defer w.mu.Unlock()
	if !w.broken && len(w.bufs) == 0 {
		e.conn.SetWriteDeadline(time.Now().Add(closeReply))
		transport.Write(e.conn, e.appendEvent(nil, wire.WSClose, payload))
	}
	w.broken = true
}

// webLeave says CLOSE.
func (e *Engine) webLeave() {
	const normal = 1000 // RFC 6455, section 7.4.1
	transport.Write(e.conn, e.appendEvent(nil, wire.WSClose, binary.BigEndian.AppendUint16(nil, normal)))
}
