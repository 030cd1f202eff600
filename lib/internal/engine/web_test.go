package engine

import (
	"io"
	"reflect"
	"slices"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/wire"
)

// webFrame is a frame that was written, unmasked.
type webFrame struct {
	op    wire.WSOp
	flags msg.Flags
	body  string
}

// webFrames are the whole frames in b.
func webFrames(t *testing.T, f wire.Framing, b []byte) (frames []webFrame) {
	t.Helper()
	b = slices.Clone(b)
	for len(b) > 0 {
		h, ok, err := wire.ConsumeHeader(f, b)
		if err != nil {
			t.Fatal(err)
		}
		if !ok || len(b) < h.Len+int(h.Size) {
			return frames
		}
		body := b[h.Len : h.Len+int(h.Size)]
		h.Unmask(body)
		frames = append(frames, webFrame{h.Op, h.Flags, string(body)})
		b = b[h.Len+int(h.Size):]
	}
	return frames
}

var webSides = map[string]wire.Framing{"server": wire.WSMasked, "client": wire.WS} // what comes in

func TestWebSends(t *testing.T) {
	for name, in := range webSides {
		r := newRig(nil)
		conn := newScript(unlimited)
		conn.hold = true
		l := r.connect(Config{Conn: conn, Result: overWS(in)()})
		r.send(t, message{"a", body(300), ""}, message{body(70 << 10)})
		r.command(t, wire.Subscribe, "topic")
		want := []webFrame{
			{wire.WSBinary, msg.More, "a"}, {wire.WSBinary, msg.More, body(300)}, {wire.WSBinary, 0, ""},
			{wire.WSBinary, 0, body(70 << 10)}, {wire.WSBinary, 0, "\x01topic"},
		}
		var got []webFrame
		for n := 1; len(got) < len(want); n++ {
			b := conn.written(n)
			n = len(b)
			got = webFrames(t, in.Reverse(), b)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s sent %.300q", name, got)
		}
		l.end()
	}
}

func TestWebAnswers(t *testing.T) {
	for name, in := range webSides {
		masked := in == wire.WSMasked
		control := func(op wire.WSOp, payload string) []byte {
			return wire.AppendControlWS(nil, op, []byte(payload), masked, 0xCAFEBABE)
		}
		r := newRig(nil)
		conn := newScript(unlimited, control(wire.WSPing, "are you there, said the peer"), control(wire.WSPong, ""))
		conn.hold = true
		l := r.connect(Config{Conn: conn, Result: overWS(in)()})
		pong := webFrames(t, in.Reverse(), conn.written(30))
		if want := []webFrame{{wire.WSPong, 0, "are you there, said the peer"}}; !reflect.DeepEqual(pong, want) {
			t.Errorf("%s answers a PING with %q", name, pong)
		}
		l.end()

		conn = newScript(unlimited, control(wire.WSClose, "\x03\xe8bye"))
		r = newRig(nil)
		if err := r.connect(Config{Conn: conn, Result: overWS(in)()}).wait(); err != io.EOF {
			t.Errorf("%s: CLOSE ends with %v", name, err)
		}
		if got, want := webFrames(t, in.Reverse(), conn.written(0)), []webFrame{{wire.WSClose, 0, "\x03\xe8bye"}}; !reflect.DeepEqual(got, want) {
			t.Errorf("%s answers a CLOSE with %q", name, got)
		}
	}
}

// Heartbeats are WebSocket's and are not sealed.
func TestWebHeartbeat(t *testing.T) {
	for name, in := range webSides {
		conn := newScript(unlimited)
		conn.hold = true
		r := newRig(func(o *option.Options) { o.HeartbeatIvl, o.HeartbeatTimeout = 1, 0 })
		l := r.connect(Config{Conn: conn, Result: &Result{Version: wire.ZMTP31, Web: in, Mechanism: &sealer{}}})
		got := webFrames(t, in.Reverse(), conn.written(6))
		if len(got) == 0 || got[0] != (webFrame{wire.WSPing, 0, ""}) {
			t.Errorf("%s sent %q", name, got)
		}
		l.end()
	}
}

// Frames that are none of ZWS 2.0 end the connection for good.
func TestWebRefuses(t *testing.T) {
	for _, b := range []string{"\x81\x01x", "\x02\x01x", "\x82\x81mask", "\x82\x00", "\x82\x01\x03"} {
		r := newRig(nil)
		err := r.connect(Config{Conn: newScript(unlimited, []byte(b)), Result: overWS(wire.WS)()}).wait()
		if !violation(err, errno.EPROTO) {
			t.Errorf("%q: ended with %v", b, err)
		}
	}
}

func FuzzWebReadLoop(f *testing.F) {
	masked := func(op wire.WSOp, payload string) []byte {
		return wire.AppendControlWS(nil, op, []byte(payload), true, 1)
	}
	server, client := receiving[len(receiving)-2], receiving[len(receiving)-1]
	f.Add(true, server.wire(message{"a", ""}, message{body(300)}), uint16(0))
	f.Add(true, append(masked(wire.WSPing, "x"), masked(wire.WSClose, "")...), uint16(0))
	f.Add(false, client.wire(message{"a"}, message{body(300)}, message{"b"}), uint16(3))
	f.Add(false, []byte("\x82\x7f\x00\x00\x00\x01\x00\x00\x00\x00\x00"), uint16(9000))
	f.Fuzz(func(t *testing.T, isServer bool, in []byte, zeros uint16) {
		k := client
		if isServer {
			k = server
		}
		in = append(in, make([]byte, zeros)...)
		want, end := fuzzed(t, &k, 0, in, len(in)+1)
		for _, piece := range []int{1, 13} {
			got, err := fuzzed(t, &k, 0, in, piece)
			if !reflect.DeepEqual(got, want) || CauseOf(err) != CauseOf(end) {
				t.Fatalf("in pieces of %d: got %q, %v; at once %q, %v", piece, got, err, want, end)
			}
		}
	})
}
