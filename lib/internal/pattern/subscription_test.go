package pattern

import (
	"bytes"
	"testing"

	"ztools/lib/internal/msg"
)

func FuzzParseSubscription(f *testing.F) {
	for _, body := range []string{"", "\x00", "\x01", "\x02", "\x01a", "\x09SUBSCRIBE", "\x09SUBSCRIBEa", "\x06CANCEL", "\x06CANCELb", "\x09SUBSCRIB", "\x04PING"} {
		f.Add([]byte(body), true)
		f.Add([]byte(body), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, isCommand bool) {
		m := msg.Msg{Body: body}
		if isCommand {
			m.Flags = msg.Command
		}
		topic, v := parseSubscription(&m)
		var again []byte
		switch {
		case v == data:
			if topic != nil {
				t.Errorf("data with topic %q", topic)
			}
			return
		case isCommand:
			again = appendSubscription(nil, v, topic)
		default:
			again = frame(v, topic)
		}
		if !bytes.Equal(again, body) {
			t.Errorf("%q is read as %d %q", body, v, topic)
		}
	})
}
