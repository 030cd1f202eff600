// Package ztest is what the tests of several packages share. This file is a
// scripted peer: it sends exactly the bytes that a test says, in the pieces that
// it says, and checks exactly the bytes that come back. It knows nothing of the
// library, so the two cannot share a mistake.
package ztest

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// patience bounds everything that a Peer does, so that a broken test ends.
const patience = time.Minute

// Peer is one end of a connection, played by a test.
type Peer struct {
	net.Conn
	t testing.TB
}

// NewPeer plays conn, which is closed when the test ends.
func NewPeer(t testing.TB, conn net.Conn) *Peer {
	conn.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() { conn.Close() })
	return &Peer{conn, t}
}

// Dial plays a peer that connects, as net.Dial has it.
func Dial(t testing.TB, network, address string) *Peer {
	t.Helper()
	conn, err := net.DialTimeout(network, address, patience)
	if err != nil {
		t.Fatal(err)
	}
	return NewPeer(t, conn)
}

// Listener waits for connections to play.
type Listener struct {
	net.Listener
	t testing.TB
}

// Listen makes a Listener, as net.Listen has it, which is closed when the test
// ends.
func Listen(t testing.TB, network, address string) *Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return &Listener{l, t}
}

// Peer plays the next connection.
func (l *Listener) Peer() *Peer {
	l.t.Helper()
	conn, err := l.Accept()
	if err != nil {
		l.t.Fatal(err)
	}
	return NewPeer(l.t, conn)
}

// Send writes each piece with a call of its own.
func (p *Peer) Send(pieces ...[]byte) {
	p.t.Helper()
	for _, b := range pieces {
		if _, err := p.Write(b); err != nil {
			p.t.Fatalf("send %x: %v", b, err)
		}
	}
}

// Dribble writes one byte at a time.
func (p *Peer) Dribble(b []byte) {
	p.t.Helper()
	for i := range b {
		p.Send(b[i : i+1])
	}
}

// Take reads n bytes.
func (p *Peer) Take(n int) []byte {
	p.t.Helper()
	b := make([]byte, n)
	if got, err := io.ReadFull(p, b); err != nil {
		p.t.Fatalf("wanted %d bytes, got %x: %v", n, b[:got], err)
	}
	return b
}

// Expect reads as many bytes as want has and compares them.
func (p *Peer) Expect(want []byte) {
	p.t.Helper()
	if got := p.Take(len(want)); !bytes.Equal(got, want) {
		p.t.Fatalf("got\n%s\nwanted\n%s", hex.Dump(got), hex.Dump(want))
	}
}

// ExpectEnd checks that the other side ends the connection without another
// byte.
func (p *Peer) ExpectEnd() {
	p.t.Helper()
	var b [64]byte
	n, err := p.Read(b[:])
	if n > 0 {
		p.t.Fatalf("got %x, wanted the end", b[:n])
	}
	if e, ok := err.(net.Error); ok && e.Timeout() {
		p.t.Fatal("the connection does not end")
	}
}

// Frame reads one frame of ZMTP 2.0 or 3.x.
func (p *Peer) Frame() (flags byte, body []byte) {
	p.t.Helper()
	head := p.Take(2)
	if head[0]&2 == 0 {
		return head[0], p.Take(int(head[1]))
	}
	size := append(head[1:], p.Take(7)...)
	return head[0], p.Take(int(binary.BigEndian.Uint64(size)))
}

// Shake makes the whole handshake of ZMTP 3.1 with NULL, as a socket of that
// type, and returns the body of the other side's READY.
func (p *Peer) Shake(socketType, id string) []byte {
	p.t.Helper()
	p.Send(Greeting("NULL"), Ready(socketType, id))
	p.Take(64)
	flags, body := p.Frame()
	if flags != 4 || !bytes.HasPrefix(body, []byte("\x05READY")) {
		p.t.Fatalf("got frame %#x %q, wanted READY", flags, body)
	}
	return body
}

// Greeting is that of a ZMTP 3.1 peer with an empty routing id.
func Greeting(mechanism string) []byte {
	b := make([]byte, 64)
	copy(b, Bytes("ff 00*7 01 7f 03 01"))
	copy(b[12:32], mechanism)
	return b
}

// Ready is the frame that ends the NULL handshake for a socket of that type.
// The types that have a routing id tell it.
func Ready(socketType, id string) []byte {
	body := append([]byte("\x05READY\x0bSocket-Type\x00\x00\x00"), byte(len(socketType)))
	body = append(body, socketType...)
	switch socketType {
	case "REQ", "DEALER", "ROUTER":
		body = append(body, "\x08Identity\x00\x00\x00"...)
		body = append(append(body, byte(len(id))), id...)
	}
	return Frame(4, body)
}

// Frame is a frame of ZMTP 2.0 and 3.x with a short size if the body allows.
func Frame[T string | []byte](flags byte, body T) []byte {
	if len(body) < 256 {
		return append([]byte{flags, byte(len(body))}, body...)
	}
	b := binary.BigEndian.AppendUint64([]byte{flags | 2}, uint64(len(body)))
	return append(b, body...)
}

// Bytes reads bytes as a test writes them: words of hex digits, of which "00*7"
// is one seven times over, and 'text' between quotes, which holds no space. It
// panics if text is something else.
func Bytes(text string) []byte {
	var b []byte
	for _, word := range strings.Fields(text) {
		if s, ok := strings.CutPrefix(word, "'"); ok {
			b = append(b, strings.TrimSuffix(s, "'")...)
			continue
		}
		word, count, repeated := strings.Cut(word, "*")
		n := 1
		if repeated {
			n = must(strconv.Atoi(count))
		}
		b = append(b, bytes.Repeat(must(hex.DecodeString(word)), n)...)
	}
	return b
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
