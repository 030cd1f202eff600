// Package multicast carries the reliable multicast protocols: what pgm and norm
// have in common when a state machine meets the network and the clock.
//
//	frames → Publisher → Source   → Link → group
//	         Publisher → Source   ← Link ← what receivers ask for
//	frames ← Subscriber ← Receiver ← Link ← group
//
// Times are since the carrier was opened.
package multicast

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"ztools/lib/internal/wire"
)

// A Source is the sending half of a protocol, without a clock and a network.
type Source interface {
	// Next is memory for the payload of the next packet.
	Next() []byte
	// Delay is how long that packet must wait for the rate.
	Delay(now time.Duration, payload []byte) time.Duration
	// Commit sends it, and returns when Poll is to be called.
	Commit(now time.Duration, payload []byte) (due time.Duration)
	// Handle takes in a packet from a receiver.
	Handle(now time.Duration, packet []byte)
	// Poll does what is due and returns when to call it again.
	Poll(now time.Duration) (next time.Duration)
	// Flush says that there is nothing more to send for now.
	Flush(now time.Duration)
	// Finish says that the session has ended.
	Finish()
}

// A Packer cuts messages into packets. It calls next for each, and then send.
type Packer interface {
	Pack(frames wire.Walk, next func() []byte, send func(payload []byte) error) error
}

// A Receiver is the receiving half of a protocol, without a clock and a network.
type Receiver interface {
	// Handle takes in a packet.
	Handle(now time.Duration, packet []byte, from netip.AddrPort, group netip.Addr)
	// Poll does what is due and returns when to call it again.
	Poll(now time.Duration) (next time.Duration)
	// Take returns the messages that are whole, in ZMTP 2.0 framing. They are
	// read before the next call of any method.
	Take() []byte
}

// base is what the two carriers share.
type base struct {
	*Link
	endpoint string
	start    time.Time
	buf      []byte // for packets; owned by the reader
}

// leastBuffer has room for what is asked for in reply to small packets.
const leastBuffer = 2048

func newBase(l *Link, endpoint string, packet int) base {
	return base{Link: l, endpoint: endpoint, start: time.Now(), buf: make([]byte, max(packet, leastBuffer))}
}

// Endpoint implements transport.Carrier.
func (b *base) Endpoint() string { return b.endpoint }

// RemoteAddr implements net.Conn: there is no one peer.
func (b *base) RemoteAddr() net.Addr { return nil }

// now is the time since the carrier was opened.
func (b *base) now() time.Duration { return time.Since(b.start) }

// total is the length of all frames.
func total(bufs [][]byte) (n int) {
	for _, b := range bufs {
		n += len(b)
	}
	return n
}

// failure is err, unless it only says that it is time for something else.
func failure(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}

// A Publisher is a carrier that sends. WriteFrames waits for the rate; Read never
// has anything to say, but lets the source answer its receivers.
type Publisher struct {
	base

	packer Packer      // owned by the writer
	timer  *time.Timer // the writer's
	done   chan struct{}
	close  sync.Once

	mu     sync.Mutex // guards the fields below
	source Source
	alarm  time.Duration // when the reader looks at the time again
	until  time.Time     // when Read ends; zero: when closed
}

// NewPublisher makes a carrier of a source, which sends by the link's Write.
// Packets from receivers have at most so many bytes.
func NewPublisher(l *Link, endpoint string, packet int, s Source, p Packer) *Publisher {
	c := &Publisher{base: newBase(l, endpoint, packet), packer: p, source: s, done: make(chan struct{}), timer: time.NewTimer(time.Hour)}
	c.timer.Stop()
	return c
}

// WriteFrames implements transport.Framed.
func (p *Publisher) WriteFrames(bufs [][]byte) (int, error) {
	if err := p.packer.Pack(wire.NewWalk(bufs), p.next, p.send); err != nil {
		return 0, err
	}
	return total(bufs), nil
}

// Write implements net.Conn; it is not used.
func (p *Publisher) Write([]byte) (int, error) { return 0, errors.ErrUnsupported }

func (p *Publisher) next() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.source.Next()
}

// send waits until the rate lets a packet go.
func (p *Publisher) send(payload []byte) error {
	for {
		d, ok := p.trySend(payload)
		if ok {
			return nil
		}
		p.timer.Reset(d)
		select {
		case <-p.timer.C:
		case <-p.done:
			return net.ErrClosed
		}
	}
}

// trySend sends the packet if the rate allows, and else says when to try again.
func (p *Publisher) trySend(payload []byte) (wait time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if wait = p.source.Delay(now, payload); wait > 0 {
		return wait, false
	}
	p.alert(p.source.Commit(now, payload))
	return 0, true
}

// alert makes the reader look at the time when due comes.
func (p *Publisher) alert(due time.Duration) {
	if due < p.alarm {
		p.alarm = due
		p.Link.SetReadDeadline(p.start.Add(due))
	}
}

// Read implements net.Conn. It returns when the carrier is closed or at the
// deadline.
func (p *Publisher) Read([]byte) (int, error) {
	for {
		if err := p.poll(); err != nil {
			return 0, err
		}
		b, _, _, err := p.Link.Read(p.buf)
		if err == nil {
			p.handle(b)
		} else if err = failure(err); err != nil {
			return 0, err
		}
	}
}

// longest is how long a reader sleeps at most.
const longest = time.Hour

// poll does what is due, and sets when to look again.
func (p *Publisher) poll() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	next := min(p.source.Poll(now), now+longest)
	if !p.until.IsZero() {
		left := p.until.Sub(p.start)
		if left <= now {
			return os.ErrDeadlineExceeded
		}
		next = min(next, left)
	}
	if p.alarm <= now || next < p.alarm {
		p.alarm = next
		p.Link.SetReadDeadline(p.start.Add(next))
	}
	return nil
}

func (p *Publisher) handle(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.source.Handle(p.now(), b)
}

// SetReadDeadline implements net.Conn: when Read ends.
func (p *Publisher) SetReadDeadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until = t
	if !t.IsZero() {
		p.alert(t.Sub(p.start))
	}
	return nil
}

// SetDeadline implements net.Conn.
func (p *Publisher) SetDeadline(t time.Time) error { return p.SetReadDeadline(t) }

// CloseWrite lets the last packets still be repaired for a moment.
func (p *Publisher) CloseWrite() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	p.source.Flush(now)
	p.alert(p.source.Poll(now))
	return nil
}

// Close says that the session has ended.
func (p *Publisher) Close() (err error) {
	p.close.Do(func() {
		close(p.done)
		p.mu.Lock()
		p.source.Finish()
		p.mu.Unlock()
		err = p.Link.Close()
	})
	return err
}

// A Subscriber is a carrier that receives. All of it belongs to the reader.
type Subscriber struct {
	base
	receiver Receiver
	tell     func(error)   // of losses; may be nil
	ready    []byte        // of what Take has returned, what is not read yet
	alarm    time.Duration // the deadline that is set
}

// NewSubscriber makes a carrier of a receiver, which sends by the link's Write.
// Packets from sources have at most so many bytes.
func NewSubscriber(l *Link, endpoint string, packet int, r Receiver) *Subscriber {
	return &Subscriber{base: newBase(l, endpoint, packet), receiver: r}
}

// Report implements transport.Reporter.
func (s *Subscriber) Report(tell func(error)) { s.tell = tell }

// Lost tells of a loss. The receiver calls it within its methods.
func (s *Subscriber) Lost(err error) {
	if s.tell != nil {
		s.tell(err)
	}
}

// WriteFrames implements transport.Framed: subscriptions stay at home.
func (s *Subscriber) WriteFrames(bufs [][]byte) (int, error) { return total(bufs), nil }

// Write implements net.Conn; it is not used.
func (s *Subscriber) Write([]byte) (int, error) { return 0, errors.ErrUnsupported }

// Read implements net.Conn: it reads packets until messages are whole.
func (s *Subscriber) Read(p []byte) (int, error) {
	for len(s.ready) == 0 {
		if err := s.step(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.ready)
	s.ready = s.ready[n:]
	return n, nil
}

// step does what is due and takes in one packet, or lets time pass.
func (s *Subscriber) step() error {
	now := s.now()
	if next := min(s.receiver.Poll(now), now+longest); next < s.alarm || s.alarm <= now {
		s.alarm = next
		s.Link.SetReadDeadline(s.start.Add(next))
	}
	b, from, group, err := s.Link.Read(s.buf)
	if err == nil {
		s.receiver.Handle(s.now(), b, from, group)
	}
	s.ready = s.receiver.Take()
	return failure(err)
}
