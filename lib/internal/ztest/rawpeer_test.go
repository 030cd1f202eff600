package ztest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestMain(m *testing.M) { Main(m) }

func TestBytes(t *testing.T) {
	tests := map[string]string{
		"":                     "",
		"ff 00*3 01":           "\xff\x00\x00\x00\x01",
		"05 'READY' 0102*2":    "\x05READY\x01\x02\x01\x02",
		"'it's' 20 'so'":       "it's so",
		"00*0":                 "",
		"'<a>'\n  DEADbeef 7f": "<a>\xde\xad\xbe\xef\x7f",
	}
	for text, want := range tests {
		if got := Bytes(text); string(got) != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		begin := time.Now()
		a.SetDeadline(begin.Add(time.Minute))
		if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begin) != time.Minute {
			t.Errorf("got %v after %v", err, time.Since(begin))
		}
		a.SetDeadline(time.Time{})
		go func() {
			<-time.After(time.Hour)
			b.Write([]byte("xyz"))
			b.CloseWrite()
		}()
		if got, err := io.ReadAll(a); string(got) != "xyz" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		a.Write([]byte("bye"))
		a.Close()
		if _, err := a.Read(nil); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read from a closed end: %v", err)
		}
		if _, err := b.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("write to a closed end: %v", err)
		}
		if got, err := io.ReadAll(b); string(got) != "bye" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

func TestPeer(t *testing.T) {
	l := Listen(t, "tcp", "127.0.0.1:0")
	client := Dial(t, "tcp", l.Addr().String())
	server := l.Peer()
	long := bytes.Repeat([]byte("x"), 300)
	client.Dribble(Frame(1, "ab"))
	client.Send(Frame(0, long), Greeting("NULL"), Ready("REQ", "id"))
	if flags, body := server.Frame(); flags != 1 || string(body) != "ab" {
		t.Errorf("got %x %q", flags, body)
	}
	if flags, body := server.Frame(); flags != 2 || !bytes.Equal(body, long) {
		t.Errorf("got %x %q", flags, body)
	}
	if got := server.Shake("REP", ""); !bytes.HasSuffix(got, []byte("\x08Identity\x00\x00\x00\x02id")) {
		t.Errorf("got %q", got)
	}
	client.Expect(append(Greeting("NULL"), Ready("REP", "")...))
	client.Close()
	server.ExpectEnd()
}

func TestFlow(t *testing.T) {
	f := &Flow{About: "two peers", Client: End{"REQ", ""}, Server: End{"ROUTER", "me"}}
	f.Add(true, []byte("ab"))
	f.Add(true, bytes.Repeat([]byte("c"), 100))
	f.Add(false, []byte{0})
	f.Add(true, []byte("d"))
	path := filepath.Join(t.TempDir(), "x.flow")
	f.Write(t, path)
	if got := ReadFlow(t, path); !reflect.DeepEqual(got, f) {
		t.Errorf("got %+v, want %+v", got, f)
	}
	if got := f.Sent(true); len(got) != 103 || got[102] != 'd' {
		t.Errorf("the client sent %q", got)
	}
}

// Other tests' goroutines may end meanwhile, so the test looks for its own.
func TestStacks(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	go func() { <-stop }()
	if !slices.ContainsFunc(stacks(), func(s string) bool { return strings.Contains(s, "created by ztools/lib/internal/ztest.TestStacks") }) {
		t.Error("a running goroutine is not listed")
	}
}
