//go:build unix

package zmq

import (
	"bytes"
	"testing"

	"golang.org/x/sys/unix"
)

// outside receives as code outside Go does that waits as long as it takes. It counts
// in *heard how often it was the connection that it heard.
func outside(t *testing.T, s *Socket, heard *int) (string, error) {
	t.Helper()
	signal, err := NewSignal()
	if err != nil {
		t.Fatal(err)
	}
	defer signal.Close()
	s.Watch(signal)
	defer s.Unwatch(signal)
	for hears := false; ; {
		var p Part
		fd, err := s.AwaitPart(&p, nil, hears)
		if err != EAGAIN {
			defer p.Release()
			return string(bytes.Clone(p.Body)), err
		}
		fds := []unix.PollFd{{Fd: int32(signal.FD()), Events: unix.POLLIN}, {Fd: int32(fd), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); err != nil && err != unix.EINTR {
			t.Fatal(err)
		}
		signal.Clear()
		if hears = fds[1].Revents != 0; hears {
			*heard++
		}
	}
}

// outsideLater is outside in another goroutine.
func outsideLater(t *testing.T, s *Socket) <-chan error {
	got := make(chan error, 1)
	go func() {
		heard := 0
		_, err := outside(t, s, &heard)
		got <- err
	}()
	return got
}

// Whoever waits outside Go for the only peer reads from the network itself, and gets
// all the same what it would have got.
func TestAwaitPart(t *testing.T) {
	req, rep, _ := lockstep(t)
	const rounds = 300
	heard := 0
	done := make(chan error, 1)
	go func() {
		for range rounds {
			got, err := outside(t, rep, &heard)
			if err == nil {
				err = rep.TrySend([]byte(got))
			}
			if err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for range rounds {
		ask(t, req, "x")
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if heard == 0 {
		t.Error("it has never read itself")
	}
}

// Such a wait is ended by Close, by Shutdown, by a peer that leaves and by another one
// that comes.
func TestAwaitPartIsInterrupted(t *testing.T) {
	endsWith(t, outsideLater)
	t.Run("another peer", func(t *testing.T) {
		req, rep, endpoint := lockstep(t)
		got := outsideLater(t, rep)
		req.Close()
		other := newTestSocket(t, rep.ctx, Req)
		if err := other.Connect(endpoint); err != nil {
			t.Fatal(err)
		}
		if err := other.Send(t.Context(), []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if err := <-got; err != nil {
			t.Fatal(err)
		}
	})
}

// Once the socket is asked without waiting, ReadLoop reads again.
func TestAwaitPartAndPolls(t *testing.T) {
	req, rep, _ := lockstep(t)
	for range 20 {
		got := outsideLater(t, rep)
		if err := req.Send(t.Context(), []byte("x")); err != nil {
			t.Fatal(err)
		}
		if err := <-got; err != nil {
			t.Fatal(err)
		}
		if err := rep.TrySend([]byte("y")); err != nil {
			t.Fatal(err)
		}
		if _, err := req.Recv(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := req.Send(t.Context(), []byte("x")); err != nil {
			t.Fatal(err)
		}
		for in := false; !in; {
			var err error
			if in, _, err = rep.Ready(); err != nil {
				t.Fatal(err)
			}
		}
		if err := echo(rep, 1); err != nil {
			t.Fatal(err)
		}
		if _, err := req.Recv(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
