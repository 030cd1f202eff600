package engine

import (
	"bytes"
	"errors"
	"io"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/wire"
	"ztools/lib/internal/ztest"
)

// cutInto cuts b into pieces of n bytes.
func cutInto(b []byte, n int) [][]byte { return slices.Collect(slices.Chunk(bytes.Clone(b), n)) }

// TestReceive delivers messages of all sizes, in pieces of several sizes, also
// when the first bytes came together with the handshake's.
func TestReceive(t *testing.T) {
	short := []message{
		{""}, {"a"}, {"", "", ""}, {body(255)}, {body(256), "x"}, {"a", body(300), body(4095), "b"},
		{body(4096)}, {"a", body(4097)}, {"end"},
	}
	long := append(short, message{body(32 << 10)}, message{"x", body(70 << 10), ""}, message{body(300 << 10)}, message{"end"})
	for _, k := range receiving {
		for _, piece := range []int{1, 2, 9, 1000, 4096, bufferSize, 1 << 20} {
			messages := short
			if piece >= 1000 {
				messages = long
			}
			in := k.wire(messages...)
			for _, rest := range []int{0, 1, 700, len(in)} {
				r := newRig(nil)
				result := k.result()
				result.Rest = in[:rest]
				l := r.connect(Config{Conn: newScript(unlimited, cutInto(in[rest:], piece)...), Result: result})
				if err := l.wait(); err != io.EOF {
					t.Errorf("%s in pieces of %d: ended with %v", k.name, piece, err)
				}
				if got := r.received(); !reflect.DeepEqual(got, messages) {
					t.Errorf("%s in pieces of %d, %d with the handshake: got %.300q", k.name, piece, rest, got)
				}
			}
		}
	}
}

// TestReceiveFromDescriptor is the same over the network, where large bodies
// are read straight to their place.
func TestReceiveFromDescriptor(t *testing.T) {
	var messages []message
	for i := range 60 {
		messages = append(messages, message{body(1 << (i % 20)), "x"}, message{body(i)}, message{body(40<<10 - i)})
	}
	for _, k := range receiving {
		t.Run(k.name, func(t *testing.T) {
			conn, peer := loopback(t)
			r := newRig(func(o *option.Options) { o.RcvHWM = 3 })
			l := r.connect(Config{Conn: conn, Result: k.result()})
			go peer.Write(k.wire(messages...))
			for i, want := range messages {
				if got := r.recv(); !reflect.DeepEqual(got, want) {
					t.Fatalf("message %d: got %.300q", i, got)
				}
			}
			peer.Close()
			if err := l.wait(); err == nil {
				t.Error("the peer's leaving is no error")
			}
		})
	}
}

// TestPartialMessageIsDropped: of a message that is cut nothing is delivered,
// and the next connection begins with a new one.
func TestPartialMessageIsDropped(t *testing.T) {
	for _, k := range receiving {
		r := newRig(nil)
		in := k.wire(message{"whole"}, message{"half", body(5000), "end"})
		for _, cut := range []int{len(in) - 1, len(in) - 6, len(in) - 300} {
			r.connect(Config{Conn: newScript(unlimited, in[:cut]), Result: k.result()}).wait()
		}
		r.connect(Config{Conn: newScript(unlimited, k.wire(message{"next"})), Result: k.result()}).wait()
		want := []message{{"whole"}, {"whole"}, {"whole"}, {"next"}}
		if got := r.received(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %.100q", k.name, got)
		}
	}
}

// violation reports whether err says that the peer broke the protocol with that
// number of zmq.h.
func violation(err error, n errno.Errno) bool {
	return CauseOf(err) == Violated && errors.Is(err, n)
}

// TestMaxMsgSize sends bodies of the limit, which pass, and one byte more.
func TestMaxMsgSize(t *testing.T) {
	for _, k := range slices.DeleteFunc(slices.Clone(receiving), func(k kind) bool { return k.name == "sealed" }) {
		for _, limit := range []int{0, 1, 100, 255, 256, 4095, 4096, 100_000} {
			r := newRig(func(o *option.Options) { o.MaxMsgSize = int64(limit) })
			in := k.wire(message{body(limit)}, message{"", body(limit), body(limit)}, message{body(limit + 1)}, message{""})
			err := r.connect(Config{Conn: newScript(unlimited, in), Result: k.result()}).wait()
			if !violation(err, errno.EMSGSIZE) {
				t.Errorf("%s, limit %d: ended with %v", k.name, limit, err)
			}
			if got := len(r.received()); got != 2 {
				t.Errorf("%s, limit %d: %d messages passed", k.name, limit, got)
			}
		}
	}
}

// announce is the header of a frame in the long form.
func announce(k *kind, size uint64) []byte {
	b := []byte{2, 0, 0, 0, 0, 0, 0, 0, 0}
	if k.name == "1.0" {
		b, size = []byte{255, 0, 0, 0, 0, 0, 0, 0, 0, 0}, size+1
	}
	for i := range 8 {
		b[8-i] = byte(size >> (8 * i))
	}
	return b
}

// TestLyingLength: a peer announces much and sends little. What it costs grows
// with what it has sent.
func TestLyingLength(t *testing.T) {
	for _, k := range framed {
		for _, size := range []uint64{1 << 30, 1 << 40, math.MaxInt64 - 16} {
			synctest.Test(t, func(t *testing.T) {
				conn, other := ztest.Pipe()
				r := newRig(nil)
				l := r.connect(Config{Conn: conn, Result: k.result()})
				other.Write(append(announce(&k, size), "ten bytes!"...))
				for sent := 10; sent < 1<<20; sent += 50_000 {
					synctest.Wait()
					if l.in.have != sent {
						t.Fatalf("%s: noticed %d bytes of %d", k.name, l.in.have, sent)
					}
					if n := cap(l.in.mem.B); n > firstTrust && n > 2*sent {
						t.Errorf("%s: %d bytes of memory after %d", k.name, n, sent)
					}
					other.Write(make([]byte, 50_000))
				}
				l.end()
			})
		}
	}
}

// TestTrust: a peer that has sent a large body gets so much memory at once for the
// next one, and no more.
func TestTrust(t *testing.T) {
	for _, k := range framed {
		synctest.Test(t, func(t *testing.T) {
			conn, other := ztest.Pipe()
			r := newRig(nil)
			l := r.connect(Config{Conn: conn, Result: k.result()})
			other.Write(k.wire(message{body(100 << 10)}))
			other.Write(announce(&k, 1<<30))
			synctest.Wait()
			if n := cap(l.in.mem.B); n != 128<<10 {
				t.Errorf("%s: %d bytes of memory", k.name, n)
			}
			l.end()
		})
	}
}

// TestImpossibleLength sends sizes beyond any memory.
func TestImpossibleLength(t *testing.T) {
	for _, k := range framed {
		for _, size := range []uint64{math.MaxInt64 - 15, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64 - 1} {
			r := newRig(nil)
			err := r.connect(Config{Conn: newScript(unlimited, announce(&k, size)), Result: k.result()}).wait()
			if !violation(err, errno.EMSGSIZE) {
				t.Errorf("%s, %d bytes: ended with %v", k.name, size, err)
			}
		}
	}
}

// TestCommands sends commands among messages.
func TestCommands(t *testing.T) {
	tests := []struct {
		name string
		body string
		got  []message // between "a" and "b"; nil if the connection ends
	}{
		{"unknown", "\x03FOObar", []message{}},
		{"pong", "\x04PONG", []message{}},
		{"ready again", "\x05READY", []message{}},
		{"ping", "\x04PING\x00\x00", []message{}},
		{"short ping", "\x04PING\x00", nil},
		{"subscribe", "\x09SUBSCRIBEtopic", []message{{"cmd:\x09SUBSCRIBEtopic"}}},
		{"cancel", "\x06CANCEL", []message{{"cmd:\x06CANCEL"}}},
		{"large", "\x09SUBSCRIBE" + body(5000), []message{{"cmd:\x09SUBSCRIBE" + body(5000)}}},
		{"no name", "", nil},
		{"empty name", "\x00", nil},
		{"name beyond the end", "\x04PIN", nil},
	}
	for _, test := range tests {
		for _, subscriptions := range []bool{true, false} {
			k := framed[0]
			in := slices.Concat(k.frame(0, "a"), ztest.Frame(4, test.body), k.frame(0, "b"))
			r := newRig(nil)
			err := r.connect(Config{Conn: newScript(unlimited, in), Result: k.result(), Commands: commands(subscriptions)}).wait()
			want := []message{{"a"}}
			if test.got != nil {
				if subscriptions {
					want = append(want, test.got...)
				}
				want = append(want, message{"b"})
			}
			if got := r.received(); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got %.100q", test.name, got)
			}
			if violation(err, errno.EPROTO) != (test.got == nil) {
				t.Errorf("%s: ended with %v", test.name, err)
			}
		}
	}
}

// TestBadFlags sends frames whose flags no version knows.
func TestBadFlags(t *testing.T) {
	for _, flags := range []byte{5, 7, 8, 0x10, 0x20, 0x40, 0x80, 0x48} {
		r := newRig(nil)
		in := append(ztest.Frame(0, "a"), flags, 0, 0, 0, 0, 0, 0, 0, 1, 'x')
		err := r.connect(Config{Conn: newScript(unlimited, in), Result: &Result{Version: wire.ZMTP31}}).wait()
		if !violation(err, errno.EPROTO) {
			t.Errorf("flags %#x: ended with %v", flags, err)
		}
		if got := r.received(); len(got) != 1 {
			t.Errorf("flags %#x: got %q", flags, got)
		}
	}
}

// TestRcvHWM: beyond RCVHWM nothing is delivered, and but for one frame that
// waits nothing is taken from the buffer, so that the peer is slowed down.
func TestRcvHWM(t *testing.T) {
	const all, limit = 20, 4
	for _, k := range framed[:4] {
		synctest.Test(t, func(t *testing.T) {
			conn, other := ztest.Pipe()
			r := newRig(func(o *option.Options) { o.RcvHWM = limit })
			l := r.connect(Config{Conn: conn, Result: k.result()})
			other.Write(bytes.Repeat(k.frame(0, "message"), all))
			for read := range all {
				synctest.Wait()
				taken := all - len(l.in.buf.bytes())/len(k.frame(0, "message"))
				if taken <= read || taken > read+limit+1 {
					t.Errorf("%s: %d messages are taken after %d were read", k.name, taken, read)
				}
				if got := r.recv(); got[0] != "message" {
					t.Errorf("%s: got %q", k.name, got)
				}
			}
			other.Write(bytes.Repeat(k.frame(0, "more"), limit+1))
			synctest.Wait()
			if err := l.end(); !errors.Is(err, errno.ECONNABORTED) {
				t.Errorf("%s: ended with %v while the pipe was full", k.name, err)
			}
		})
	}
}

// TestFullPipe: who waits for room has read little more than there was room for, and
// keeps that in a small buffer. In the end all comes.
func TestFullPipe(t *testing.T) {
	const all, limit = 6000, 100
	for _, k := range framed[:3] {
		synctest.Test(t, func(t *testing.T) {
			conn, other := ztest.Pipe()
			r := newRig(func(o *option.Options) { o.RcvHWM = limit })
			l := r.connect(Config{Conn: conn, Result: k.result()})
			var sent []byte
			for i := range all {
				sent = append(sent, k.frame(0, strconv.Itoa(i))...)
			}
			go other.Write(sent)
			for i := range all {
				if i == all/2 {
					synctest.Wait()
					if n := len(l.in.buf.mem.B); n > shrinkMax {
						t.Errorf("%s: a buffer of %d bytes is kept", k.name, n)
					}
				}
				if got := r.recv(); got[0] != strconv.Itoa(i) {
					t.Fatalf("%s: message %d is %q", k.name, i, got)
				}
			}
			l.end()
		})
	}
}

// TestSocketGone: what comes for a socket that has closed is dropped, and the
// peer is not held up.
func TestSocketGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, other := ztest.Pipe()
		r := newRig(func(o *option.Options) { o.RcvHWM = 1 })
		l := r.connect(Config{Conn: conn, Result: &Result{Version: wire.ZMTP31}})
		for range 3 {
			other.Write(slices.Concat(ztest.Frame(0, "a"), ztest.Frame(1, body(5000)), ztest.Frame(0, "b")))
		}
		synctest.Wait()
		r.sock.Close()
		other.Write(ztest.Frame(0, body(100_000)))
		synctest.Wait()
		if n := l.in.buf.w - l.in.buf.r; n != 0 || l.in.large {
			t.Errorf("%d bytes are stuck", n)
		}
		if err := l.wait(); err != nil {
			t.Errorf("ended with %v", err)
		}
	})
}

// TestDeaf: messages to a socket that never receives are dropped, commands are
// not.
func TestDeaf(t *testing.T) {
	for _, k := range framed[:2] {
		conn, peer := loopback(t)
		r := newRig(func(o *option.Options) { o.RcvHWM = 1 })
		l := r.connect(Config{Conn: conn, Result: k.result(), Deaf: true})
		for range 10 {
			peer.Send(k.wire(message{"a"}, message{"b", body(10_000)}))
		}
		peer.Send(ztest.Frame(4, "\x04PING\x00\x00me"))
		peer.Expect(ztest.Frame(4, "\x04PONGme"))
		l.end()
		if got := r.received(); got != nil {
			t.Errorf("%s: got %q", k.name, got)
		}
	}
}

// onlyShort is a Guard for bodies of one byte.
type onlyShort struct{}

func (onlyShort) Check(m *msg.Msg) bool { return len(m.Body) == 1 }

func TestGuard(t *testing.T) {
	r := newRig(nil)
	in := framed[0].wire(message{"a"}, message{"b", "c"}, message{"d", "long"}, message{"e"})
	err := r.connect(Config{Conn: newScript(unlimited, in), Result: &Result{Version: wire.ZMTP31}, Guard: onlyShort{}}).wait()
	if got := r.received(); !violation(err, errno.EPROTO) || !reflect.DeepEqual(got, []message{{"a"}, {"b", "c"}}) {
		t.Errorf("got %q, ended with %v", got, err)
	}
}

// TestRaw: bytes without framing come in pieces of at most 8192, and go out as
// they are.
func TestRaw(t *testing.T) {
	conn, peer := loopback(t)
	r := newRig(nil)
	l := r.connect(Config{Conn: conn})
	in := body(50_000)
	go peer.Write([]byte(in))
	var got strings.Builder
	for got.Len() < len(in) {
		m := r.recv()
		if len(m) != 1 || len(m[0]) == 0 || len(m[0]) > r.opts.InBatchSize {
			t.Fatalf("got %d parts, the first of %d bytes", len(m), len(m[0]))
		}
		got.WriteString(m[0])
	}
	if got.String() != in {
		t.Error("got other bytes")
	}
	r.send(t, message{"out"}, message{body(9000)})
	peer.Expect([]byte("out" + body(9000)))
	l.end()
}

// TestPingFlood: a peer that asks and never listens costs little, and its
// messages are delivered all the same.
func TestPingFlood(t *testing.T) {
	conn, other := ztest.Pipe()
	r := newRig(nil)
	l := r.connect(Config{Conn: deafPeer{conn, make(chan struct{})}, Result: &Result{Version: wire.ZMTP31}})
	for range 10_000 {
		other.Write(ztest.Frame(4, "\x04PING\x00\x00sixteen bytes ok"))
	}
	other.Write(ztest.Frame(0, "and a message"))
	if got := r.recv(); got[0] != "and a message" {
		t.Errorf("got %q", got)
	}
	l.ctl.mu.Lock()
	if n := len(l.ctl.bytes); n > maxControl+100 {
		t.Errorf("owes %d bytes of answers", n)
	}
	l.ctl.mu.Unlock()
	l.end()
}

// deafPeer is a connection on which writes wait for the end.
type deafPeer struct {
	*ztest.PipeConn
	closed chan struct{}
}

func (c deafPeer) Write([]byte) (int, error) {
	<-c.closed
	return 0, io.ErrClosedPipe
}

func (c deafPeer) Close() error {
	close(c.closed)
	return c.PipeConn.Close()
}
