package tap_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ztools/lib/internal/ztest"
	"ztools/lib/tap"
)

// collect is a conversation whose items go to a list of lines.
func collect(lines *[]string) *tap.Conversation {
	return tap.New(func(it tap.Item) { *lines = append(*lines, it.From.String()+" "+it.String()) })
}

func side(fromClient bool) tap.Side {
	if fromClient {
		return tap.Client
	}
	return tap.Server
}

func TestFlows(t *testing.T) {
	for flow, want := range map[string][]string{
		"sub_pub.flow": {
			`client greeting ZMTP 3.1 NULL`,
			`client command READY Socket-Type="SUB", 25 bytes`,
			`client command SUBSCRIBE "weather", 17 bytes`,
			`server greeting ZMTP 3.1 NULL`,
			`server command READY Socket-Type="PUB", 25 bytes`,
		},
		"raw_2.0_sub.flow":          {"client greeting ZMTP 2.0 DEALER", "server greeting ZMTP 3.1 SUB", `server identity ""`, "server frame SUBSCRIBE"},
		"raw_3.0_pub.flow":          {"client greeting ZMTP 3.0 NULL", "client frame SUBSCRIBE"},
		"raw_1.0_greeting_sub.flow": {"client greeting ZMTP 1.0", "server frame SUBSCRIBE"},
		"raw_1.0_dealer.flow":       {"client greeting ZMTP 1.0", `client identity "`},
		"req_rep.flow":              {`client command READY Socket-Type="REQ" Identity=`, `client frame, 0 bytes, more`, `server frame, 0 bytes, more`},
	} {
		f := ztest.ReadFlow(t, filepath.Join("../../testdata/flows", flow))
		var lines []string
		c := collect(&lines)
		for _, chunk := range f.Chunks {
			c.Feed(side(chunk.FromClient), chunk.Bytes)
		}
		for _, w := range want {
			if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, w) }) {
				t.Errorf("%s: no %q in\n%s", flow, w, strings.Join(lines, "\n"))
			}
		}
	}
}

// However the bytes are cut, each side says the same.
func TestCutsDoNotMatter(t *testing.T) {
	flows, _ := filepath.Glob("../../testdata/flows/*.flow")
	if len(flows) < 30 {
		t.Fatalf("%d flows", len(flows))
	}
	for _, path := range flows {
		f := ztest.ReadFlow(t, path)
		var whole, bytewise []string
		c, d := collect(&whole), collect(&bytewise)
		for _, chunk := range f.Chunks {
			c.Feed(side(chunk.FromClient), chunk.Bytes)
			for i := range chunk.Bytes {
				d.Feed(side(chunk.FromClient), chunk.Bytes[i:i+1])
			}
		}
		for _, from := range []string{"client ", "server "} {
			if a, b := only(whole, from), only(bytewise, from); !slices.Equal(a, b) {
				t.Errorf("%s: %q whole, %q byte by byte", filepath.Base(path), a, b)
			}
		}
		if len(whole) < 2 || strings.Contains(strings.Join(whole, "\n"), "broken") {
			t.Errorf("%s: %q", filepath.Base(path), whole)
		}
	}
}

func only(lines []string, prefix string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return !strings.HasPrefix(l, prefix) })
}

func TestCommands(t *testing.T) {
	for _, test := range []struct {
		mechanism, command, want string
	}{
		{"NULL", "\x04PING\x00\x0actx", "command PING ttl 1s, 10 bytes"},
		{"NULL", "\x04PING", "command PING, 5 bytes"},
		{"NULL", "\x05ERROR\x03bad", `command ERROR "bad", 10 bytes`},
		{"NULL", "\x04JOINgroup", `command JOIN "group", 10 bytes`},
		{"NULL", "\x09SUBSCRIBE", `command SUBSCRIBE "", 10 bytes`},
		{"NULL", "\x05READY\x03abc\x00\x00\x00\x01x\x09", `command READY abc="x", 16 bytes`},
		{"PLAIN", "\x05HELLO\x05admin\x06secret", `command HELLO "admin", 19 bytes`},
		{"CURVE", "\x05HELLO\x01\x00secret", "command HELLO, 14 bytes"},
		{"CURVE", "\x05READY\x03abc\x00\x00\x00\x01x", "command READY, 15 bytes"},
		{"NULL", "\x40x", "command, 2 bytes"},
		{"NULL", "\x03a\x1bb", `command "a\x1bb", 4 bytes`},
	} {
		var lines []string
		c := collect(&lines)
		c.Feed(tap.Client, ztest.Greeting(test.mechanism))
		c.Feed(tap.Client, ztest.Frame(4, test.command))
		if want := "client " + test.want; len(lines) != 2 || lines[1] != want {
			t.Errorf("%s %q: got %q, want %q", test.mechanism, test.command, lines, want)
		}
	}
}

func TestALargeFrameIsNotKept(t *testing.T) {
	var lines []string
	c := collect(&lines)
	c.Feed(tap.Server, ztest.Greeting("NULL"))
	c.Feed(tap.Server, []byte{2, 0, 0, 1, 0, 0, 0, 0, 0}) // 2^40 bytes are announced
	c.Feed(tap.Server, make([]byte, tap.Shown))
	if len(lines) != 2 || !strings.HasPrefix(lines[1], "server frame, 1099511627776 bytes: ") {
		t.Fatalf("got %q", lines)
	}
	chunk := make([]byte, 64<<10)
	if n := testing.AllocsPerRun(100, func() { c.Feed(tap.Server, chunk) }); n > 0 {
		t.Errorf("%v allocations for what is skipped", n)
	}
}

func TestGarbageEndsOneSide(t *testing.T) {
	var lines []string
	c := collect(&lines)
	c.Feed(tap.Client, ztest.Greeting("NULL"))
	c.Feed(tap.Client, []byte("\xf0garbage"))
	c.Feed(tap.Client, []byte("more"))
	c.Feed(tap.Server, ztest.Greeting("NULL"))
	want := []string{"client greeting ZMTP 3.1 NULL", "client broken: ", "server greeting ZMTP 3.1 NULL"}
	if !slices.EqualFunc(lines, want, strings.HasPrefix) {
		t.Errorf("got %q, want %q", lines, want)
	}
}

func FuzzConversation(f *testing.F) {
	flows, _ := filepath.Glob("../../testdata/flows/*.flow")
	for _, path := range flows {
		flow := ztest.ReadFlow(f, path)
		f.Add(flow.Sent(true), flow.Sent(false))
	}
	f.Fuzz(func(t *testing.T, client, server []byte) {
		c := tap.New(func(it tap.Item) { _ = it.String() })
		for len(client)+len(server) > 0 {
			n, m := min(len(client), 7), min(len(server), 11)
			c.Feed(tap.Client, client[:n])
			c.Feed(tap.Server, server[:m])
			client, server = client[n:], server[m:]
		}
	})
}
