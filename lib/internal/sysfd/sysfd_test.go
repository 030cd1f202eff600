//go:build unix

package sysfd

import (
	"testing"

	"golang.org/x/sys/unix"
)

// readable asks the system, without waiting.
func readable(t *testing.T, fd int) bool {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	if err != nil {
		t.Fatal(err)
	}
	return n == 1
}

func TestReadableWhileSet(t *testing.T) {
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	steps := []struct {
		name string
		do   func()
		want bool
	}{
		{"new", func() {}, false},
		{"set", s.Set, true},
		{"set again", s.Wake, true},
		{"clear", s.Clear, false},
		{"clear again", s.Clear, false},
		{"set anew", s.Set, true},
	}
	for _, step := range steps {
		step.do()
		if got := readable(t, s.FD()); got != step.want {
			t.Errorf("%s: readable is %v", step.name, got)
		}
	}
}

func TestClosedDoesNothing(t *testing.T) {
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	s.Close()
	s.Set()
	s.Clear()
	if s.set {
		t.Error("set after Close")
	}
}
