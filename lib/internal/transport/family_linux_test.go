package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ztools/lib/internal/errno"
)

// local is a family that every Linux has: sockets with names that are no files.
var local = &Family{Domain: unix.AF_UNIX, Name: func(sa unix.Sockaddr) string {
	return "local://" + sa.(*unix.SockaddrUnix).Name
}}

// abstract is a free address.
func abstract(t *testing.T) unix.Sockaddr {
	return &unix.SockaddrUnix{Name: "@ztools/" + t.Name() + "/" + time.Now().Format(time.RFC3339Nano)}
}

func TestFamily(t *testing.T) {
	at := abstract(t)
	l, err := local.Listen(at, "", 10)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if !strings.HasPrefix(l.Endpoint(), "local://@ztools/") {
		t.Errorf("endpoint %q", l.Endpoint())
	}
	accepted := make(chan net.Conn)
	go func() {
		c, err := l.Accept()
		if err != nil {
			t.Error(err)
		}
		accepted <- c
	}()
	c, err := local.Dial(context.Background(), at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s := <-accepted
	defer s.Close()
	if Endpoint(c.RemoteAddr()) != l.Endpoint() || Endpoint(s.LocalAddr()) != l.Endpoint() || c.RemoteAddr().Network() != "local" {
		t.Errorf("addresses %v and %v", c.RemoteAddr(), s.LocalAddr())
	}
	if _, err := c.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(s); string(got) != "hello" || err != nil {
		t.Errorf("received %q, %v", got, err)
	}
	c.SetReadDeadline(time.Now().Add(time.Millisecond))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read until a deadline: %v", err)
	}
}

func TestFamilyErrors(t *testing.T) {
	at := abstract(t)
	if _, err := local.Dial(context.Background(), at); Errno(err) != errno.ECONNREFUSED {
		t.Errorf("nobody listens: %v", err)
	}
	l, err := local.Listen(at, "local://here", 10)
	if err != nil {
		t.Fatal(err)
	}
	if l.Endpoint() != "local://here" {
		t.Errorf("endpoint %q", l.Endpoint())
	}
	if _, err := local.Listen(at, "", 10); Errno(err) != errno.EADDRINUSE {
		t.Errorf("bound twice: %v", err)
	}
	over := make(chan error)
	go func() {
		_, err := l.Accept()
		over <- err
	}()
	l.Close()
	var one *AcceptError
	if err := <-over; Errno(err) != errno.ENOTSOCK || errors.As(err, &one) {
		t.Errorf("Accept after Close: %v", err)
	}
	none := &Family{Domain: 200} // of nothing
	if _, err := none.Listen(nil, "", 10); Errno(err) != errno.EAFNOSUPPORT {
		t.Errorf("unknown family: %v", err)
	}
	picky := &Family{Domain: unix.AF_UNIX, Name: local.Name, Prepare: func(int) error { return unix.EACCES }}
	if _, err := picky.Dial(context.Background(), at); Errno(err) != errno.EACCES {
		t.Errorf("option that is refused: %v", err)
	}
}

// A full backlog makes a connect wait; the context ends that.
func TestFamilyDialEnds(t *testing.T) {
	stream := &Family{Domain: unix.AF_INET, Name: func(unix.Sockaddr) string { return "local://" }}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	to := &unix.SockaddrInet4{Port: 9, Addr: [4]byte{127, 0, 0, 1}}
	if _, err := stream.Dial(ctx, to); err == nil {
		t.Error("connected though the context is done")
	}
}

// A dial whose context is done never returns a connection, whose deadline would have
// passed then.
func TestFamilyDialTooLate(t *testing.T) {
	at := abstract(t)
	l, err := local.Listen(at, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 50 {
		if c, err := local.Dial(ctx, at); err == nil {
			c.Close()
			t.Fatal("connected though the context is done")
		}
	}
}
