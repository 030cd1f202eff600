package zmq_test

import (
	"slices"
	"strings"
	"testing"

	"ztools/lib/zmq"
)

// partsOf are the parts of a message as text.
func partsOf(m *zmq.Message) (parts []string) {
	for _, p := range m.Parts() {
		parts = append(parts, string(p))
	}
	return parts
}

// A Message that receives one message after the other has nothing left of the one
// before, whatever that was and whatever its user did with it.
func TestMessageReceivesAgain(t *testing.T) {
	medium, large := strings.Repeat("m", 300), strings.Repeat("l", 5000)
	sent := [][]string{
		{"a"}, {"b"}, {""}, {"c"}, {medium}, {"d"}, {"e", "f"}, {"g"}, {large}, {"h"}, {"i"}, {medium, large}, {medium}, {medium}, {"jk"}, {"lm"},
	}
	uses := map[string]func(m *zmq.Message){
		"nothing":    func(*zmq.Message) {},
		"Append":     func(m *zmq.Message) { m.Append([]byte("x")) },
		"AppendCopy": func(m *zmq.Message) { m.AppendCopy([]byte("x")) },
		"Replace":    func(m *zmq.Message) { m.Replace(0, []byte("x")) },
		"Reset":      func(m *zmq.Message) { m.Reset() },
		"SetGroup":   func(m *zmq.Message) { _ = m.SetGroup("x"); _ = m.SetRoutingID(1) },
		"made anew":  func(m *zmq.Message) { m.Reset(); m.AppendCopy([]byte("y")) },
	}
	for _, kinds := range [][2]zmq.Type{{zmq.Push, zmq.Pull}, {zmq.Dealer, zmq.Dealer}, {zmq.Pair, zmq.Pair}} {
		for _, endpoint := range []string{"inproc://again", "tcp://127.0.0.1:*"} {
			for name, use := range uses {
				c := newContext(t)
				a, b := open(t, c, kinds[0]), open(t, c, kinds[1])
				join(t, a, b, endpoint)
				var m zmq.Message
				for _, parts := range sent {
					send(t, a, parts...)
				}
				for _, want := range sent {
					if err := b.RecvMessage(deadline(t), &m); err != nil {
						t.Fatal(err)
					}
					if got := partsOf(&m); !slices.Equal(got, want) || m.Group() != "" || m.RoutingID() != 0 {
						t.Fatalf("%v over %s, %s: %.40q, want %.40q", kinds, endpoint[:6], name, got, want)
					}
					use(&m)
				}
			}
		}
	}
}

// Who has received from one peer alone hears another one from the next message on, in
// turn, and goes on with it alone when the first has left.
func TestSecondPeerHasItsTurn(t *testing.T) {
	c := newContext(t)
	pull, first, second := open(t, c, zmq.Pull), open(t, c, zmq.Push), open(t, c, zmq.Push)
	join(t, pull, first, "inproc://turns")
	var m zmq.Message
	receive := func(n int) (got string) {
		for range n {
			if err := pull.RecvMessage(deadline(t), &m); err != nil {
				t.Fatal(err)
			}
			got += string(m.Bytes())
		}
		return got
	}
	for _, text := range strings.Split("abcdef", "") {
		send(t, first, text)
	}
	if got := receive(3); got != "abc" {
		t.Fatalf("received %q", got)
	}
	connect(t, second, pull.LastEndpoint())
	for _, text := range strings.Split("123456", "") {
		send(t, second, text)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if got := receive(7); got != "d1e2f34" {
		t.Errorf("received %q", got)
	}
	if got := receive(2); got != "56" {
		t.Errorf("received %q", got)
	}
}
