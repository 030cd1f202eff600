package norm

import (
	"bytes"
	"encoding/hex"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// flow is what libzmq and NRL's library sent.
func flow(t testing.TB) (messages [][]byte) {
	t.Helper()
	text, err := os.ReadFile("testdata/flow.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 2 {
			b, err := hex.DecodeString(fields[1])
			if err != nil {
				t.Fatal(err)
			}
			messages = append(messages, b)
		}
	}
	if len(messages) == 0 {
		t.Fatal("no messages in the flow")
	}
	return messages
}

// The end of a transmission has a header of 16 bytes (RFC 5740 section 4.2.3.2).
func TestEOT(t *testing.T) {
	m := Message{Type: Cmd, Seq: 1, From: 2, Instance: 3, GRTT: 4, BackoffGS: 5, Flavor: cmdEOT}
	b := m.Append(nil)
	if want := []byte{0x13, 4, 0, 1, 0, 0, 0, 2, 0, 3, 4, 5, cmdEOT, 0, 0, 0}; !bytes.Equal(b, want) {
		t.Errorf("got % x, want % x", b, want)
	}
	var again Message
	if err := again.Parse(b); err != nil || again.Flavor != cmdEOT {
		t.Errorf("read as %+v, %v", again, err)
	}
}

// What NRL's library sent is understood, and comes out again as it was, except
// that each item of a NACK becomes a request of its own.
func TestMessagesOfNRL(t *testing.T) {
	types := map[Type]int{}
	for i, b := range flow(t) {
		var m, again Message
		if err := m.Parse(b); err != nil {
			t.Fatalf("message %d, %x: %v", i, b, err)
		}
		types[m.Type]++
		got := m.Append(nil)
		if m.Type != Nack {
			if !bytes.Equal(got, b) {
				t.Errorf("message %d:\ngot  %x\nwant %x", i, got, b)
			}
			continue
		}
		if err := again.Parse(got); err != nil || !reflect.DeepEqual(m, again) || len(m.Requests) == 0 {
			t.Errorf("message %d: %+v, then %+v, %v", i, m, again, err)
		}
	}
	if len(types) != 4 {
		t.Errorf("the flow has only %v", types)
	}
}

func TestMessagesCutShort(t *testing.T) {
	for _, b := range flow(t) {
		for n := range int(b[1]) * 4 {
			if new(Message).Parse(b[:n]) == nil {
				t.Errorf("%x cut to %d bytes is understood", b, n)
			}
		}
		other := bytes.Clone(b)
		if other[0] ^= 0x30; new(Message).Parse(other) == nil {
			t.Errorf("%x of another version is understood", other)
		}
	}
}

func TestQuantize(t *testing.T) {
	for q := range 256 {
		if got := quantizeRTT(unquantizeRTT(uint8(q))); q < 31 && int(got) != q || q > 33 && (int(got) < q || int(got) > q+1) {
			t.Errorf("round-trip time %d becomes %d", q, got)
		}
	}
	// 0x94 and 0xccd3 are how NRL's library begins.
	if got := unquantizeRTT(0x94).Round(time.Millisecond); got != 266*time.Millisecond {
		t.Errorf("first round-trip time %v", got)
	}
	if got := quantizeRate(8000); got != 0xccd3 {
		t.Errorf("first rate %x", got)
	}
	for _, rate := range []float64{1, 9.99, 1000, 123456, 1e9} {
		if got := unquantizeRate(quantizeRate(rate)); got < rate*0.999 || got > rate*1.001 {
			t.Errorf("rate %v becomes %v", rate, got)
		}
	}
}

func FuzzMessage(f *testing.F) {
	for _, b := range flow(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var m, again Message
		if m.Parse(b) != nil {
			return
		}
		if len(m.Requests) > maxRequests || len(m.Nodes) > maxNodes || len(m.Payload) > len(b) {
			t.Fatalf("%+v from %d bytes", m, len(b))
		}
		if len(m.Requests) > 100 || m.Type == Cmd && m.Flavor != cmdCC && m.Flavor != cmdFlush {
			return // what is not sent in this form
		}
		if err := again.Parse(m.Append(nil)); err != nil {
			t.Fatalf("%+v cannot be parsed again: %v", m, err)
		}
	})
}
