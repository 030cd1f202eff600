package engine

import (
	"io"
	"reflect"
	"testing"

	"ztools/lib/internal/option"
	"ztools/lib/internal/wire"
	"ztools/lib/internal/ztest"
)

// FuzzReadLoop gives the engine arbitrary bytes after a handshake of each kind,
// and then a number of zeros, which may be the body of a large frame. What it makes of them must not depend on the pieces in which they come, and
// what it keeps must not be more than it was sent.
func FuzzReadLoop(f *testing.F) {
	for i, k := range framed {
		seed := k.wire(message{"a", ""}, message{"end"})
		f.Add(uint8(i), uint8(0), seed, uint16(0))
		f.Add(uint8(i), uint8(0), append(seed, announce(&k, 5000)...), uint16(5001))
		f.Add(uint8(i), uint8(1), append(seed, announce(&k, 1<<33)...), uint16(10))
	}
	commands := append(ztest.Frame(4, "\x09SUBSCRIBEa"), ztest.Frame(4, "\x04PING\x00\x0aabc")...)
	f.Add(uint8(0), uint8(2), append(commands, ztest.Frame(4, "\x06CANCELa")...), uint16(0))
	f.Add(uint8(0), uint8(4), ztest.Frame(1, "\x03FOO"), uint16(300))
	f.Add(uint8(len(kinds)-1), uint8(0), []byte("GET / HTTP/1.1\r\n\r\n"), uint16(9000))
	f.Fuzz(func(t *testing.T, which, how uint8, in []byte, zeros uint16) {
		in = append(in, make([]byte, zeros)...)
		k := &kinds[int(which)%len(kinds)]
		want, end := fuzzed(t, k, how, in, len(in)+1)
		for _, piece := range []int{1, 13} {
			got, err := fuzzed(t, k, how, in, piece)
			if k.name == "raw" {
				continue // each piece is a message
			}
			if !reflect.DeepEqual(got, want) || CauseOf(err) != CauseOf(end) {
				t.Fatalf("in pieces of %d: got %q, %v; at once %q, %v", piece, got, err, want, end)
			}
		}
	})
}

// fuzzed is what one engine delivers of in, and why it ended. The bits of how
// choose the options.
func fuzzed(t *testing.T, k *kind, how uint8, in []byte, piece int) ([]message, error) {
	r := newRig(func(o *option.Options) {
		o.RcvHWM = 0
		if how&1 != 0 {
			o.MaxMsgSize = 1000
		}
	})
	host := &later{}
	r.port.host = host
	c := Config{
		Conn:     newScript(unlimited, cutInto(in, piece)...),
		Options:  &r.opts,
		Pool:     &r.pool,
		Result:   k.result(),
		Deaf:     how&4 != 0,
		Commands: commands(how&2 != 0),
	}
	if how&8 != 0 {
		c.Guard = onlyShort{}
	}
	e := New(c, r.port)
	err := e.ReadLoop()
	if e.in.mem != nil && cap(e.in.mem.B) > max(firstTrust, 4*len(in)) {
		t.Fatalf("%d bytes of memory for %d", cap(e.in.mem.B), len(in))
	}
	if host.asked && e.version < wire.ZMTP30 {
		t.Fatal("answers a command of a version without commands")
	}
	e.Stop()
	if host.asked {
		e.WriteLoop()
	}
	e.Detach()
	if err == nil || CauseOf(err) == Lost && err != io.EOF {
		t.Fatalf("ended with %v", err)
	}
	return r.received(), err
}

// later is a Host whose user runs WriteLoop when it is asked for, so that there
// is no second goroutine.
type later struct{ asked bool }

func (h *later) Write(*Engine) { h.asked = true }
func (h *later) Abort()        {}
