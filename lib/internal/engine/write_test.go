package engine

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/wire"
	"ztools/lib/internal/ztest"
)

// TestSegments writes messages of all sizes, more than a segment of them, over
// a connection with a descriptor and one without.
func TestSegments(t *testing.T) {
	messages := []message{
		{""}, {"a"}, {"", ""}, {body(254)}, {body(255)}, {body(256)}, {"a", body(4095), "b"},
		{body(4096)}, {"a", body(4096)}, {body(4097), "b"}, {body(64 << 10), body(300 << 10), ""}, {body(1 << 20)},
	}
	for range 3000 {
		messages = append(messages, message{body(100)}, message{"x", "", body(60)})
	}
	conns := map[string]func(t testing.TB) (net.Conn, *ztest.Peer){
		"tcp": loopback,
		"memory": func(t testing.TB) (net.Conn, *ztest.Peer) {
			a, b := ztest.Pipe()
			return a, ztest.NewPeer(t, b)
		},
	}
	for _, k := range kinds {
		for name, pair := range conns {
			t.Run(k.name+"/"+name, func(t *testing.T) {
				conn, peer := pair(t)
				r := newRig(func(o *option.Options) { o.SndHWM = 0 })
				r.send(t, messages[:5]...)
				l := r.connect(Config{Conn: conn, Result: k.result()})
				r.send(t, messages[5:]...)
				peer.Expect(k.wire(messages...))
				l.end()
				if n := r.port.Pipe.Unsent(); n != 0 {
					t.Errorf("%d messages count as unsent", n)
				}
			})
		}
	}
}

// resumed are messages in which a connection is cut: ten, so that their number
// is a multiple of the low-water mark.
var resumed = []message{
	{"first"}, {""}, {"a", "", "bc"}, {body(300)}, {"large", body(4096)},
	{"x"}, {body(256), "", ""}, {"y", "z"}, {body(70)}, {"last"},
}

// TestResume cuts the connection at each place. What was begun the peer does not
// get again, also if it got only a part of it, and all the rest comes over the next
// connection: so it is with libzmq, and a message that the peer refuses is not sent
// for ever.
func TestResume(t *testing.T) {
	for _, k := range sending {
		t.Run(k.name, func(t *testing.T) {
			all := k.wire(resumed...)
			large := len(k.wire(resumed[:4]...)) + 50 // one place in the large body is as good as another
			begun, next, rest := 0, 0, all
			for cut := range all {
				for cut > next {
					begun++
					next, rest = len(k.wire(resumed[:begun]...)), k.wire(resumed[begun:]...)
				}
				if cut > large && cut < large+4000 && cut%100 != 0 {
					continue
				}
				r := newRig(func(o *option.Options) { o.SndHWM = len(resumed) })
				r.send(t, resumed...)
				got := r.sendUntil(&k, cut)
				if !bytes.Equal(got, all[:cut]) {
					t.Fatalf("cut at %d: wrote %q", cut, got)
				}
				if n := r.port.Pipe.Unsent(); n != len(resumed)-begun {
					t.Fatalf("cut at %d: %d messages count as unsent, wanted %d", cut, n, len(resumed)-begun)
				}
				got = r.sendAll(&k, len(rest))
				if !bytes.Equal(got, rest) {
					t.Fatalf("cut at %d, after %d messages were begun: then wrote\n%q, wanted\n%q", cut, begun, got, rest)
				}
				if n := r.port.Pipe.Unsent(); n != 0 {
					t.Fatalf("cut at %d: %d messages count as unsent in the end", cut, n)
				}
				if n := r.sock.Room(); n != len(resumed) {
					t.Fatalf("cut at %d: afterwards there is room for %d messages", cut, n)
				}
			}
		})
	}
}

// sendUntil sends over a connection that breaks after so many bytes and returns
// those.
func (r *rig) sendUntil(k *kind, cut int) []byte {
	conn := newScript(cut)
	conn.hold = true
	r.connect(Config{Conn: conn, Result: k.result()}).wait()
	return conn.got
}

// sendAll sends over a good connection, which ends when so many bytes have come
// through, and returns what has.
func (r *rig) sendAll(k *kind, n int) []byte {
	conn := newScript(unlimited)
	conn.hold = true
	l := r.connect(Config{Conn: conn, Result: k.result()})
	conn.written(n)
	l.end()
	return conn.got
}

// TestCutGivesBodiesBack cuts the connection in the second of three large bodies,
// which are somebody's who waits for them: those that were begun are given back when
// the connection has ended, the other when nobody will connect again.
func TestCutGivesBodiesBack(t *testing.T) {
	for _, k := range sending {
		r := newRig(nil)
		freed := 0
		for range 3 {
			m := msg.Msg{Body: []byte(body(20_000)), Buf: msg.Foreign(func() { freed++ })}
			if !r.sock.Write(&m) {
				t.Fatal("no room")
			}
		}
		r.sendUntil(&k, len(k.wire(message{body(20_000)}))+100)
		if freed != 2 {
			t.Errorf("%s: %d bodies were given back after the cut", k.name, freed)
		}
		r.port.Pipe.Close()
		if freed != 3 {
			t.Errorf("%s: %d bodies were given back in the end", k.name, freed)
		}
	}
}

// TestResumeAgain breaks every connection after some bytes, until all messages
// have come through or were cut off; each comes once at most.
func TestResumeAgain(t *testing.T) {
	var messages []message
	for i := range 100 {
		messages = append(messages, message{body(i), "", body(3 * i)})
	}
	for _, k := range slices.DeleteFunc(slices.Clone(sending), func(k kind) bool { return k.name == "raw" }) {
		for limit := 1; limit < 1200; limit += 37 {
			r := newRig(func(o *option.Options) { o.SndHWM = len(messages) })
			r.send(t, messages...)
			for left := messages; len(left) > 0; {
				conn := newScript(limit)
				conn.hold = true
				l := r.connect(Config{Conn: conn, Result: k.result()})
				want := k.wire(left...)
				got := conn.written(len(want))
				l.end()
				if len(got) > len(want) || !bytes.Equal(got, want[:len(got)]) {
					t.Fatalf("%s, breaking each %d bytes: %d messages before the end wrote %q", k.name, limit, len(left), got)
				}
				for len(got) > 0 {
					got = got[min(len(got), len(k.wire(left[:1]...))):]
					left = left[1:]
				}
			}
			if n := r.sock.Room(); n != len(messages) {
				t.Fatalf("%s, breaking each %d bytes: afterwards there is room for %d messages", k.name, limit, n)
			}
		}
	}
}

// TestDowngrade checks how subscriptions look to peers of each version.
func TestDowngrade(t *testing.T) {
	topics := []string{"", "a", body(254), body(255), body(5000)}
	for _, k := range framed[:4] {
		t.Run(k.name, func(t *testing.T) {
			r := newRig(nil)
			r.send(t, message{"before", "it"})
			want := k.encode(message{"before", "it"})
			for _, topic := range topics {
				r.command(t, wire.Subscribe, topic)
				r.command(t, wire.Cancel, topic)
				if k.name == "3.1" {
					want = append(want, ztest.Frame(4, "\x09SUBSCRIBE"+topic)...)
					want = append(want, ztest.Frame(4, "\x06CANCEL"+topic)...)
				} else {
					want = append(want, k.encode(message{"\x01" + topic}, message{"\x00" + topic})...)
				}
			}
			r.send(t, message{"after"})
			want = append(want, k.encode(message{"after"})...)
			conn, peer := loopback(t)
			l := r.connect(Config{Conn: conn, Result: k.result()})
			peer.Expect(want)
			l.end()
		})
	}
}

// TestGoodbye: what was sent before the socket closed arrives, although the
// peer goes on sending, which nobody reads any more.
func TestGoodbye(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			conn, peer := loopback(t)
			r := newRig(func(o *option.Options) { o.SndHWM = 0 })
			l := r.connect(Config{Conn: conn, Result: k.result()})
			chatter := make(chan struct{})
			go func() {
				defer close(chatter)
				for noise := k.frame(0, body(1000)); k.name != "sealed"; {
					if _, err := peer.Write(noise); err != nil {
						return
					}
				}
			}()
			messages := []message{{"a"}, {body(1 << 20)}, {"b", body(1 << 20)}, {"c"}}
			r.send(t, messages...)
			r.sock.Close()
			peer.Expect(k.wire(messages...))
			if n, err := peer.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Errorf("then got %d bytes, %v", n, err)
			}
			if err := l.wait(); err != nil {
				t.Errorf("ended with %v", err)
			}
			peer.Close()
			<-chatter
		})
	}
}

// TestAbort: a port whose socket closes while there is no connection ends the
// attempt to connect as soon as nothing is left to send.
func TestAbort(t *testing.T) {
	r := newRig(nil)
	r.sock.Close()
	if !r.aborted.Load() {
		t.Error("goes on connecting with nothing to send")
	}
	conn, peer := loopback(t) // made at the same moment
	l := r.connect(Config{Conn: conn, Result: &Result{Version: wire.ZMTP31}})
	peer.ExpectEnd()
	if err := l.wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
	r = newRig(nil)
	r.send(t, message{"a"})
	r.sock.Close()
	if r.aborted.Load() {
		t.Error("gives up with a message to send")
	}
	conn, peer = loopback(t)
	l = r.connect(Config{Conn: conn, Result: &Result{Version: wire.ZMTP31}})
	peer.Expect(ztest.Frame(0, "a"))
	peer.ExpectEnd()
	if err := l.wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

// TestWriteLoopOnDemand checks who writes: WriteLoop runs only once somebody
// needs it.
func TestWriteLoopOnDemand(t *testing.T) {
	conn, peer := loopback(t)
	r := newRig(nil)
	r.send(t, message{"queued"})
	l := r.connect(Config{Conn: conn, Result: &Result{Version: wire.ZMTP31}})
	peer.Expect(ztest.Frame(0, "queued"))
	r.send(t, message{"the only one"})
	peer.Expect(ztest.Frame(0, "the only one"))
	r.eager.Store(true)
	r.send(t, message{"eager"})
	peer.Expect(ztest.Frame(0, "eager"))
	if n := r.writers.Load(); n != 0 {
		t.Errorf("WriteLoop runs although the senders could write")
	}
	r.eager.Store(false)
	r.send(t, message{"patient"}, message{"and", "more"})
	peer.Expect(framed[0].encode(message{"patient"}, message{"and", "more"}))
	if n := r.writers.Load(); n != 1 {
		t.Errorf("WriteLoop was started %d times", n)
	}
	l.end()
	r.send(t, message{"nobody is there"})
	if n := r.writers.Load(); n != 1 {
		t.Errorf("WriteLoop was started after the end")
	}
}

// TestEagerFull: the eager sender leaves to WriteLoop what the kernel does not
// take.
func TestEagerFull(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			conn, peer := loopback(t)
			r := newRig(func(o *option.Options) { o.SndHWM = 0 })
			r.eager.Store(true)
			l := r.connect(Config{Conn: conn, Result: k.result()})
			var messages []message
			for range 2000 {
				messages = append(messages, message{body(4000)})
			}
			r.send(t, messages...)
			messages = append(messages, message{"end"})
			r.send(t, message{"end"})
			peer.Expect(k.wire(messages...))
			if n := r.writers.Load(); n != 1 {
				t.Errorf("WriteLoop was started %d times", n)
			}
			l.end()
		})
	}
}

// spent is a mechanism that can seal no more.
type spent struct{ sealer }

func (s *spent) Seal(dst []byte, m *msg.Msg) ([]byte, error) {
	if s.out == 2 {
		return dst, errors.New("no more nonces")
	}
	return s.sealer.Seal(dst, m)
}

// TestSealFails: a connection that can seal no more ends, and what it did not
// send stays for the next one.
func TestSealFails(t *testing.T) {
	r := newRig(nil)
	r.send(t, message{"1"}, message{"2"}, message{"3"})
	conn, _ := ztest.Pipe()
	r.connect(Config{Conn: conn, Result: &Result{Version: wire.ZMTP31, Mechanism: &spent{}}}).wait()
	if n := r.port.Pipe.Unsent(); n != 3 {
		t.Errorf("%d messages are left", n)
	}
	conn, other := ztest.Pipe()
	l := r.connect(Config{Conn: conn, Result: &Result{Version: wire.ZMTP31}})
	peer := ztest.NewPeer(t, other)
	peer.Expect([]byte("\x00\x011\x00\x012\x00\x013"))
	peer.Close()
	l.wait()
}

// TestControlIsSealed: the engine's own frames take their turn among those of
// the socket also behind a mechanism.
func TestControlIsSealed(t *testing.T) {
	k := kinds[4]
	conn, peer := loopback(t)
	r := newRig(func(o *option.Options) { o.SndHWM = 0 })
	l := r.connect(Config{Conn: conn, Result: k.result()})
	const pings, messages = 250, 1000
	var in []byte
	for range pings {
		in = append(in, k.frame(4, "\x04PING\x00\x00x")...)
	}
	in = countFrames(in)
	go func() {
		for b := range slices.Chunk(in, len(in)/pings) {
			peer.Write(b)
		}
	}()
	go func() {
		for range messages {
			r.send(t, message{body(20)})
		}
	}()
	pongs, others := 0, 0
	for n := 1; n <= pings+messages; n++ {
		flags, sealed := peer.Frame()
		switch want := strings.TrimPrefix(string(k.frame(flags, "\x04PONGx")), string([]byte{flags, 7})); {
		case sealed[0] != byte(n):
			t.Fatalf("frame %d was sealed as number %d", n, sealed[0])
		case flags == 4 && string(sealed[1:]) == want[1:]:
			pongs++
		case flags == 0 && len(sealed) == 21:
			others++
		default:
			t.Fatalf("got frame %#x %q", flags, sealed)
		}
	}
	if pongs != pings || others != messages {
		t.Errorf("got %d pongs and %d messages", pongs, others)
	}
	l.end()
}

// TestHello: it goes out before what was queued, again on each connection.
func TestHello(t *testing.T) {
	for _, k := range sending {
		t.Run(k.name, func(t *testing.T) {
			r := newRig(nil)
			r.send(t, message{"first"})
			for _, text := range []string{"second", "third"} {
				conn, peer := loopback(t)
				l := r.connect(Config{Conn: conn, Result: k.result(), Hello: []byte("hello")})
				r.send(t, message{text})
				want := []message{{"hello"}, {text}}
				if text == "second" {
					want = []message{{"hello"}, {"first"}, {text}}
				}
				peer.Expect(k.wire(want...))
				peer.Close()
				l.wait()
			}
		})
	}
}
