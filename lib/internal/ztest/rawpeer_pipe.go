package ztest

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// Pipe is a connection in memory. Unlike net.Pipe it buffers what is written,
// as a kernel does, so both ends may speak first. Its deadlines and waits work
// in the bubbles of testing/synctest.
func Pipe() (a, b *PipeConn) {
	ab, ba := newStream(), newStream()
	return &PipeConn{in: ba, out: ab}, &PipeConn{in: ab, out: ba}
}

// PipeConn is one end of a Pipe.
type PipeConn struct{ in, out *stream }

// Read waits for bytes, the end, or the deadline.
func (c *PipeConn) Read(b []byte) (int, error) { return c.in.read(b) }

// Write never waits.
func (c *PipeConn) Write(b []byte) (int, error) { return c.out.write(b) }

// Close ends both directions; the other end still reads what was written.
func (c *PipeConn) Close() error {
	c.in.close(net.ErrClosed)
	c.out.close(io.EOF)
	return nil
}

// CloseWrite ends one direction, as a TCP connection does.
func (c *PipeConn) CloseWrite() error {
	c.out.close(io.EOF)
	return nil
}

// LocalAddr is a name.
func (c *PipeConn) LocalAddr() net.Addr { return pipeAddr{} }

// RemoteAddr is a name.
func (c *PipeConn) RemoteAddr() net.Addr { return pipeAddr{} }

// SetDeadline bounds Read.
func (c *PipeConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetReadDeadline bounds Read.
func (c *PipeConn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(t)
	return nil
}

// SetWriteDeadline has nothing to do, as writes never wait.
func (c *PipeConn) SetWriteDeadline(time.Time) error { return nil }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "memory" }
func (pipeAddr) String() string  { return "memory" }

// stream is one direction of a Pipe.
type stream struct {
	mu       sync.Mutex // guards all below
	changed  *sync.Cond
	data     []byte
	end      error // why no more can be read; nil as long as the stream is open
	deadline time.Time
	timer    *time.Timer
}

func newStream() *stream {
	s := &stream{}
	s.changed = sync.NewCond(&s.mu)
	return s
}

func (s *stream) read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.end == net.ErrClosed:
			return 0, s.end
		case !s.deadline.IsZero() && !time.Now().Before(s.deadline):
			return 0, os.ErrDeadlineExceeded
		case len(s.data) > 0:
			n := copy(b, s.data)
			s.data = s.data[n:]
			return n, nil
		case s.end != nil:
			return 0, s.end
		}
		s.changed.Wait()
	}
}

func (s *stream) write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end != nil {
		return 0, io.ErrClosedPipe
	}
	s.data = append(s.data, b...)
	s.changed.Broadcast()
	return len(b), nil
}

func (s *stream) close(end error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end == nil || end == net.ErrClosed {
		s.end = end
	}
	s.changed.Broadcast()
	s.stopLocked()
}

func (s *stream) setDeadline(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopLocked()
	s.deadline = t
	if !t.IsZero() {
		s.timer = time.AfterFunc(time.Until(t), s.wake)
	}
	s.changed.Broadcast()
}

func (s *stream) stopLocked() {
	if s.timer != nil {
		s.timer.Stop()
	}
}

func (s *stream) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed.Broadcast()
}
