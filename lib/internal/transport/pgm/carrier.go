package pgm

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"ztools/lib/internal/option"
	"ztools/lib/internal/wire"
)

// A publisher is a carrier that sends. WriteFrames waits for the rate; Read
// never has anything to say, but answers NAKs, sends repairs and SPMs.
type publisher struct {
	base

	packer packer      // owned by the writer
	timer  *time.Timer // the writer's
	buf    []byte      // owned by the reader
	done   chan struct{}
	close  sync.Once

	mu     sync.Mutex // guards the fields below
	source *source
	alarm  time.Duration // when the reader looks at the time again
	until  time.Time     // when Read ends; zero: when closed
}

// leastBuffer has room for the longest NAK, whatever MULTICAST_MAXTPDU says.
const leastBuffer = 2048

func newPublisher(b base, o *option.Options) *publisher {
	p := &publisher{base: b, done: make(chan struct{}), timer: time.NewTimer(time.Hour), buf: make([]byte, max(tpdu(o), leastBuffer))}
	p.timer.Stop()
	p.source = newSource(sourceConfig{
		TSI: newTSI(b.port), Port: b.port, NLA: b.own, Group: b.group,
		Overhead: overhead(b.raw), TPDU: tpdu(o), Rate: int64(o.Rate) * 1000 / 8, Window: windowSize(o),
		Emit: b.link.write,
	})
	p.packer = packer{next: p.next, send: p.send}
	p.source.open(p.now())
	return p
}

// WriteFrames implements transport.Framed.
func (p *publisher) WriteFrames(bufs [][]byte) (n int, err error) {
	if err := p.packer.write(wire.NewWalk(bufs)); err != nil {
		return 0, err
	}
	for _, b := range bufs {
		n += len(b)
	}
	return n, nil
}

// Write implements net.Conn; it is not used.
func (p *publisher) Write([]byte) (int, error) { return 0, errors.ErrUnsupported }

func (p *publisher) next() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.source.next()
}

// send waits until the rate lets a packet go. Repairs are the reader's and go
// first, as they have asked for the rate before.
func (p *publisher) send(payload []byte) error {
	for {
		d, ok := p.trySend(len(payload))
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
func (p *publisher) trySend(n int) (wait time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if wait = p.source.delay(now, n); wait > 0 {
		return wait, false
	}
	p.source.commit(now, n)
	p.alert(p.source.beat)
	return 0, true
}

// alert makes the reader look at the time when due comes.
func (p *publisher) alert(due time.Duration) {
	if due < p.alarm {
		p.alarm = due
		p.link.SetReadDeadline(p.start.Add(due))
	}
}

// Read implements net.Conn. It returns when the carrier is closed or at the
// deadline.
func (p *publisher) Read([]byte) (int, error) {
	for {
		if err := p.poll(); err != nil {
			return 0, err
		}
		b, _, _, err := p.link.read(p.buf)
		if err == nil {
			p.handle(b)
		} else if err = failure(err); err != nil {
			return 0, err
		}
	}
}

// poll does what is due, and sets when to look again.
func (p *publisher) poll() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	next := p.source.poll(now)
	if !p.until.IsZero() {
		left := p.until.Sub(p.start)
		if left <= now {
			return os.ErrDeadlineExceeded
		}
		next = min(next, left)
	}
	if p.alarm <= now || next < p.alarm {
		p.alarm = next
		p.link.SetReadDeadline(p.start.Add(next))
	}
	return nil
}

func (p *publisher) handle(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.source.handle(p.now(), b)
}

// SetReadDeadline implements net.Conn: when Read ends.
func (p *publisher) SetReadDeadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until = t
	if !t.IsZero() {
		p.alert(t.Sub(p.start))
	}
	return nil
}

// SetDeadline implements net.Conn.
func (p *publisher) SetDeadline(t time.Time) error { return p.SetReadDeadline(t) }

// CloseWrite lets the last packets still be repaired for a moment.
func (p *publisher) CloseWrite() error { return nil }

// Close says that the session has ended.
func (p *publisher) Close() (err error) {
	p.close.Do(func() {
		close(p.done)
		p.mu.Lock()
		p.source.finish()
		p.mu.Unlock()
		err = p.link.Close()
	})
	return err
}

// RemoteAddr implements net.Conn: there is no one peer.
func (b *base) RemoteAddr() net.Addr { return nil }

// A subscriber is a carrier that receives. All of it belongs to the reader.
type subscriber struct {
	base
	receiver *receiver
	buf      []byte
	ready    []byte        // of receiver.out, what is not read yet
	alarm    time.Duration // the deadline that is set
}

func newSubscriber(b base, o *option.Options) *subscriber {
	s := &subscriber{base: b, buf: make([]byte, max(tpdu(o), leastBuffer))}
	s.receiver = newReceiver(receiverConfig{
		Port: b.port, TPDU: tpdu(o), Window: windowSize(o), Limit: o.MaxMsgSize,
		Emit: b.link.write, Random: random,
	})
	return s
}

// WriteFrames implements transport.Framed: subscriptions stay at home.
func (s *subscriber) WriteFrames(bufs [][]byte) (n int, err error) {
	for _, b := range bufs {
		n += len(b)
	}
	return n, nil
}

// Write implements net.Conn; it is not used.
func (s *subscriber) Write([]byte) (int, error) { return 0, errors.ErrUnsupported }

// Read implements net.Conn: it reads packets until messages are whole.
func (s *subscriber) Read(p []byte) (int, error) {
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
func (s *subscriber) step() error {
	r := s.receiver
	if cap(r.out) > keep {
		r.out = nil
	}
	r.out = r.out[:0]
	now := s.now()
	if next := min(r.poll(now), now+peerExpiry); next < s.alarm || s.alarm <= now {
		s.alarm = next
		s.link.SetReadDeadline(s.start.Add(next))
	}
	b, from, group, err := s.link.read(s.buf)
	if err == nil {
		r.handle(s.now(), b, from, group)
	}
	s.ready = r.out
	return failure(err)
}

// failure is err, unless it only says that it is time for something else.
func failure(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}
