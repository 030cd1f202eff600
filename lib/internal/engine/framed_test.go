package engine

import (
	"io"
	"net"
	"slices"
	"testing"

	"ztools/lib/internal/msg"
	"ztools/lib/internal/option"
	"ztools/lib/internal/wire"
)

// postbox is a framed connection whose other end is the test.
type postbox struct {
	net.Conn             // only Read is called
	sent     chan string // frames that were written: flags and body
	over     chan struct{}
}

func newPostbox() (box *postbox, far net.Conn) {
	near, far := net.Pipe()
	return &postbox{near, make(chan string, 16), make(chan struct{})}, far
}

func (b *postbox) WriteFrames(bufs [][]byte) (n int, err error) {
	for _, p := range bufs {
		n += len(p)
	}
	w := wire.NewWalk(bufs)
	for flags, body, ok := w.Next(); ok; flags, body, ok = w.Next() {
		b.sent <- string(rune('0'+flags)) + string(body)
	}
	return n, nil
}

func (b *postbox) Close() error {
	close(b.over)
	return b.Conn.Close()
}

func TestFramedConnection(t *testing.T) {
	r := newRig(nil)
	box, far := newPostbox()
	large := string(make([]byte, 2*msg.RefMin))
	r.send(t, message{"a", large, "b"}, message{"c"})
	l := r.connect(Config{Conn: box, Result: Bare()})
	for _, want := range []string{"1a", "1" + large, "0b", "0c"} {
		if got := <-box.sent; got != want {
			t.Errorf("sent %.20q, want %.20q", got, want)
		}
	}
	var b []byte
	b = wire.AppendFrameV2(b, msg.More, []byte("x"))
	b = wire.AppendFrameV2(b, 0, []byte(large))
	b = wire.AppendFrameV2(b, msg.Command, []byte("\x04PING\x00\x00")) // means nothing here
	b = wire.AppendFrameV2(b, 0, []byte("y"))
	if _, err := far.Write(b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []message{{"x", large}, {"y"}} {
		if got := r.recv(); !slices.Equal(got, want) {
			t.Errorf("received %.20q, want %.20q", got, want)
		}
	}
	r.sock.Hangup()
	r.sock.Close()
	<-box.over // what was queued is sent, and that is the end
	if err := l.wait(); err == nil {
		t.Error("the connection ended in order: closing a carrier is an error of Read")
	}
}

// Neither commands nor heartbeats exist on a bare connection.
func TestBareConnectionIsSilent(t *testing.T) {
	r := newRig(func(o *option.Options) { o.HeartbeatIvl = 1 })
	box, far := newPostbox()
	r.command(t, wire.Subscribe, "topic")
	l := r.connect(Config{Conn: box, Result: Bare()})
	if got := <-box.sent; got != "0\x01topic" {
		t.Errorf("sent %q", got)
	}
	far.Close()
	if err := l.wait(); err != io.EOF {
		t.Errorf("ended with %v", err)
	}
	if len(box.sent) > 0 {
		t.Errorf("sent %q", <-box.sent)
	}
}
