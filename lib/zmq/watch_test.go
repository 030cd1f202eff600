//go:build unix

package zmq_test

import (
	"context"
	"testing"

	"golang.org/x/sys/unix"

	"ztools/lib/zmq"
)

// bell is a Watcher that a test can wait for.
type bell chan struct{}

func (b bell) Wake() {
	select {
	case b <- struct{}{}:
	default:
	}
}

func TestWatch(t *testing.T) {
	pull, push := joined(t, zmq.Pull, zmq.Push)
	b := make(bell, 1)
	pull.Watch(b)
	if in, _, _ := pull.Ready(); in {
		t.Fatal("ready before anything was sent")
	}
	for range len(b) {
		<-b
	}
	go push.Send(context.Background(), []byte("x"))
	<-b
	recvPart(t, pull, "x", false)
	pull.Unwatch(b)
	if in, _, _ := pull.Ready(); in {
		t.Fatal("ready after all was received")
	}
	for range len(b) {
		<-b
	}
	sendParts(t, push, "y")
	if len(b) != 0 {
		t.Error("woken after Unwatch")
	}
}

// polled asks the system whether the descriptor is readable.
func polled(t *testing.T, fd any) bool {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(fd.(int)), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	if err != nil {
		t.Fatal(err)
	}
	return n == 1
}

// FD is readable from a change until a call has looked at it, and told once per
// change from empty, as libzmq's is.
func TestDescriptor(t *testing.T) {
	pull, push := joined(t, zmq.Pull, zmq.Push)
	fd, err := pull.Get(zmq.FD)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := pull.Get(zmq.FD); again != fd {
		t.Errorf("FD is %v and then %v", fd, again)
	}
	if in, _, _ := pull.Ready(); in || polled(t, fd) {
		t.Fatal("readable before anything was sent")
	}
	sendParts(t, push, "a")
	if !polled(t, fd) {
		t.Fatal("not readable after a message came")
	}
	if in, _, _ := pull.Ready(); !in || polled(t, fd) {
		t.Fatal("readable after EVENTS were read")
	}
	sendParts(t, push, "b") // not told: the socket was not found empty
	recvPart(t, pull, "a", false)
	recvPart(t, pull, "b", false)
	if in, _, _ := pull.Ready(); in {
		t.Fatal("ready after all was received")
	}
	sendParts(t, push, "c")
	if !polled(t, fd) {
		t.Error("not readable after the next message")
	}
}

func TestDescriptorTellsTheEnd(t *testing.T) {
	c := zmq.NewContext()
	s := open(t, c, zmq.Pair)
	fd, err := s.Get(zmq.FD)
	if err != nil {
		t.Fatal(err)
	}
	c.Shutdown()
	if !polled(t, fd) {
		t.Error("not readable after Shutdown")
	}
	expectErr(t, "ready", func() error { _, _, err := s.Ready(); return err }(), zmq.ETERM)
	s.Close()
	c.Close()
}
