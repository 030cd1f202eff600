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
func Pipe() (a, b net.Conn) {
	ab, ba := newStream(), newStream()
	return &pipeConn{in: ba, out: ab}, &pipeConn{in: ab, out: ba}
}

type pipeConn struct{ in, out *stream }

func (c *pipeConn) Read(b []byte) (int, error)  { return c.in.read(b) }
func (c *pipeConn) Write(b []byte) (int, error) { return c.out.write(b) }

func (c *pipeConn) Close() error {
	c.in.close(net.ErrClosed)
	c.out.close(io.EOF)
	return nil
}

func (c *pipeConn) LocalAddr() net.Addr  { return pipeAddr{} }
func (c *pipeConn) RemoteAddr() net.Addr { return pipeAddr{} }

func (c *pipeConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

func (c *pipeConn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(t)
	return nil
}

// SetWriteDeadline has nothing to do, as writes never wait.
func (c *pipeConn) SetWriteDeadline(time.Time) error { return nil }

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
