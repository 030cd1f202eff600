package pipe

import (
	"slices"
	"strings"
	"testing"

	"ztools/lib/internal/msg"
)

// readShort is read, by ReadShort where that does anything.
func readShort(p *Pipe) (text string, short bool) {
	if body, _, ok := p.ReadShort(); ok {
		return string(body), true
	}
	return read(p), false
}

// ReadShort reads what Read would, or nothing: at the start of a batch, where a message
// has several parts, and in a batch that has large ones.
func TestReadShort(t *testing.T) {
	a, b, _, _ := ends(limit(0))
	medium, large := strings.Repeat("n", 300), strings.Repeat("l", msg.RefMin)
	tests := []struct {
		messages []string
		short    []bool
	}{
		{[]string{"a", "b", medium, "c.d", "e", medium}, []bool{false, true, true, false, true, true}},
		{[]string{"f", large, "g"}, []bool{false, false, false}},
		{[]string{medium, "i"}, []bool{false, true}},
	}
	for _, c := range tests {
		for _, text := range c.messages {
			write(a, text)
		}
		var texts []string
		var short []bool
		for range c.messages {
			text, ok := readShort(b)
			texts, short = append(texts, text), append(short, ok)
		}
		if !slices.Equal(texts, c.messages) || !slices.Equal(short, c.short) {
			t.Errorf("%.60q %v, want %.60q %v", texts, short, c.messages, c.short)
		}
		if text, ok := readShort(b); text != "" || ok {
			t.Errorf("%.20q was left", text)
		}
	}
}

// ReadShort acknowledges where Read does.
func TestReadShortAcknowledges(t *testing.T) {
	for hwm := 1; hwm <= 12; hwm++ {
		a, b, _, _ := ends(limit(hwm))
		x, y, _, _ := ends(limit(hwm))
		for round := range 50 {
			if got, want := fill(x, 100), fill(a, 100); got != want {
				t.Fatalf("hwm %d, round %d: room for %d, want %d", hwm, round, got, want)
			}
			for range round%hwm + 1 {
				readShort(y)
				read(b)
			}
		}
	}
}

// A message that lies in a lane is not read a second time.
func TestReadShortBehindLane(t *testing.T) {
	a, b, _, _ := ends(limit(0))
	for _, text := range []string{"a", "b", "c", "d"} {
		write(a, text)
	}
	if read(b) != "a" {
		t.Fatal("no message")
	}
	var l Lane
	b.Lay(&l, func(*Lane, *msg.Meta) {})
	if _, _, ok := b.ReadShort(); ok || l.Msgs != 0 || l.Open == 0 {
		t.Fatal("read beside the open lane")
	}
	l.At, l.Msgs = 3, 1 // the other side reads b
	for _, want := range []string{"c", "d"} {
		if got, _ := readShort(b); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
