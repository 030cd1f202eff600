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

// TestJam: a connection is full both ways, and the system's buffer has overflowed, long
// after ReadLoop began to wait. Though nobody receives, so much is read that it takes
// packets again, and that comes first when somebody does.
func TestJam(t *testing.T) {
	var frames []byte
	for i := range jamMessages {
		frames = append(frames, framed[0].frame(0, jamMessage(i))...)
	}
	for range 5 {
		var all [12]*jammable // about every fourth overflows
		for i := range all {
			all[i] = newJammable(t, frames)
			defer all[i].end()
		}
		time.Sleep(jamAfter * 5 / 4) // all have looked, and found no jam
		for _, j := range all {
			j.fill(t)
			if j.link.jammed() == 0 {
				continue
			}
			for until := time.Now().Add(20 * jamAfter); j.link.jammed() > 0; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(until) {
					t.Fatal("nothing was read ahead")
				}
			}
			j.empty(t)
			return
		}
	}
	t.Skip("the buffers of this system do not overflow")
}

// jammable is a connection that nobody receives from, whose peer reads nothing.
type jammable struct {
	*running
	rig  *rig
	peer net.Conn
	left *bytes.Reader // what the peer has still to send
}

const jamMessages = 40000

func jamMessage(i int) string { return strconv.Itoa(i) + strings.Repeat(".", 100) }

// newJammable connects one whose ReadLoop waits for room.
func newJammable(t *testing.T, frames []byte) *jammable {
	conn, peer := loopback(t)
	for _, c := range []net.Conn{conn, peer.Conn} {
		c.(*net.TCPConn).SetReadBuffer(100 << 10)
		c.(*net.TCPConn).SetWriteBuffer(100 << 10)
	}
	r := newRig(func(o *option.Options) { o.RcvHWM = 1 })
	j := &jammable{r.connect(Config{Conn: conn, Result: framed[0].result()}), r, peer, bytes.NewReader(frames)}
	j.write(1000)
	return j
}

// write sends n bytes; false if that takes long.
func (j *jammable) write(n int) bool {
	piece := make([]byte, n)
	n, _ = j.left.Read(piece)
	j.peer.SetWriteDeadline(time.Now().Add(30 * time.Millisecond))
	written, err := j.peer.Write(piece[:n])
	j.left.Seek(int64(written-n), io.SeekCurrent)
	return err == nil
}

// fill has both ends send until neither can, the peer in pieces that differ much.
func (j *jammable) fill(t *testing.T) {
	for range 900 {
		j.rig.send(t, message{body(4000)})
	}
	for j.write(1 + rand.IntN([]int{200, 3000, 65536}[rand.IntN(3)])) {
	}
}

// empty has the peer read, and receives all that it sends.
func (j *jammable) empty(t *testing.T) {
	j.peer.SetWriteDeadline(time.Time{})
	go io.Copy(io.Discard, j.peer)
	go j.left.WriteTo(j.peer)
	for i := range jamMessages {
		if got := j.rig.recv(); got[0] != jamMessage(i) {
			t.Fatalf("message %d is %q", i, got)
		}
	}
}
