package engine

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"ztools/lib/internal/option"
)

// TestJam: a connection is full both ways, and the system's buffer has overflowed.
// Though nobody receives, so much is read that it takes packets again, and that comes
// first when somebody does.
func TestJam(t *testing.T) {
	var frames []byte
	padding := strings.Repeat(".", 100)
	const all = 40000
	for i := range all {
		frames = append(frames, framed[0].frame(0, strconv.Itoa(i)+padding)...)
	}
	for range 60 { // about every fourth time it overflows
		r := newRig(func(o *option.Options) { o.RcvHWM = 1 })
		l, peer, left := r.fill(t, frames)
		if l.link.jammed() == 0 {
			l.end()
			continue
		}
		for until := time.Now().Add(20 * jamAfter); l.link.jammed() > 0; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(until) {
				t.Fatal("nothing was read ahead")
			}
		}
		go io.Copy(io.Discard, peer)
		go left.WriteTo(peer)
		for i := range all {
			if got := r.recv(); got[0] != strconv.Itoa(i)+padding {
				t.Fatalf("message %d is %q", i, got)
			}
		}
		l.end()
		return
	}
	t.Skip("the buffers of this system do not overflow")
}

// fill connects the rig and has both ends send until neither can, the peer in pieces
// that differ much. It returns what the peer has still to send.
func (r *rig) fill(t *testing.T, frames []byte) (*running, net.Conn, *bytes.Reader) {
	conn, peer := loopback(t)
	for _, c := range []net.Conn{conn, peer.Conn} {
		c.(*net.TCPConn).SetReadBuffer(100 << 10)
		c.(*net.TCPConn).SetWriteBuffer(100 << 10)
	}
	l := r.connect(Config{Conn: conn, Result: framed[0].result()})
	for range 900 {
		r.send(t, message{body(4000)})
	}
	left := bytes.NewReader(frames)
	for {
		at := len(frames) - left.Len()
		piece := 1 + rand.IntN([]int{200, 3000, 65536}[rand.IntN(3)])
		peer.SetWriteDeadline(time.Now().Add(30 * time.Millisecond))
		n, err := peer.Write(frames[at:min(at+piece, len(frames))])
		left.Seek(int64(n), io.SeekCurrent)
		if err != nil {
			peer.SetWriteDeadline(time.Time{})
			return l, peer, left
		}
	}
}
