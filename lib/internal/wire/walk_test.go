package wire

import (
	"bytes"
	"slices"
	"testing"

	"ztools/lib/internal/msg"
)

func TestWalk(t *testing.T) {
	type frame struct {
		flags msg.Flags
		body  string
	}
	large := string(bytes.Repeat([]byte("x"), 300))
	frames := []frame{{msg.More, "a"}, {0, ""}, {0, large}, {msg.Command, "b"}, {msg.More, ""}, {0, ""}}
	var whole []byte
	var apart [][]byte // each header and each body in a buffer of its own
	for _, f := range frames {
		head := msg.AppendHeader(nil, f.flags, len(f.body))
		whole = append(append(whole, head...), f.body...)
		apart = append(apart, head, []byte(f.body))
	}
	for name, bufs := range map[string][][]byte{
		"one buffer": {whole}, "cut": apart, "nothing": nil, "empty": {{}, nil},
	} {
		want := frames
		if name == "nothing" || name == "empty" {
			want = nil
		}
		var got []frame
		w := NewWalk(bufs)
		for flags, body, ok := w.Next(); ok; flags, body, ok = w.Next() {
			got = append(got, frame{flags, string(body)})
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
