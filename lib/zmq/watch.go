package zmq

import (
	"slices"

	"ztools/lib/internal/sysfd"
)

// Whoever cannot wait inside a call of the socket, because other sockets or an
// event loop have a say as well, waits in this order:
//
//	1 Watch, or Get(FD)       from now on changes are told
//	2 Ready, or a Try call    nothing there
//	3 wait for Wake, or for the descriptor, and go on with 2
//
// Since 1 comes before 2, no change is lost in between.

// A Watcher is woken when something happens to a socket.
type Watcher interface {
	// Wake says that Ready may give another answer than before. It is called with
	// locks held: it must return at once and call nothing of this package.
	Wake()
}

// Signal is a Watcher with a descriptor that is readable while it is set, for those
// who wait outside Go. It is safe for use by many goroutines.
type Signal = sysfd.Signal

// NewSignal makes a signal that is not set. The error is that of the system, or
// ENOTSUP where there is no such descriptor. Whoever has it closes it.
func NewSignal() (*Signal, error) { return sysfd.New() }

// Watch has w woken, until Unwatch, whenever what Ready says may have changed,
// and when the socket or its context ends. One Watcher may watch many sockets.
func (s *Socket) Watch(w Watcher) {
	in := &s.inbox
	in.mu.Lock()
	defer in.mu.Unlock()
	in.watchers = append(in.watchers, w)
	in.watched.Store(true)
}

// Unwatch undoes one Watch. Once it has returned, w is not woken any more.
func (s *Socket) Unwatch(w Watcher) {
	in := &s.inbox
	in.mu.Lock()
	defer in.mu.Unlock()
	if i := slices.Index(in.watchers, w); i >= 0 {
		in.watchers = slices.Delete(in.watchers, i, i+1)
	}
	in.watched.Store(len(in.watchers) > 0)
}

// descriptor is the value of FD: a descriptor that is readable from when
// something happens to the socket until a call has looked at what it was. It is
// made when it is first asked for.
func (in *inbox) descriptor() (int, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.fd == nil {
		fd, err := sysfd.New()
		if err != nil {
			return -1, err
		}
		in.fd = fd
		if in.pending.Load() {
			fd.Set()
		}
	}
	return in.fd.FD(), nil
}

// tellLocked tells those who wait outside the calls of the socket.
func (in *inbox) tellLocked() {
	for _, w := range in.watchers {
		w.Wake()
	}
	if in.fd != nil {
		in.pending.Store(true) // the next call clears it
		in.fd.Set()
	}
}

// settle lowers the descriptor again, if it was raised by nothing but the
// applying of what was posted.
func (in *inbox) settle() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.fd != nil && len(in.posts) == 0 && !in.ended {
		in.pending.Store(false)
		in.fd.Clear()
	}
}

// closeDescriptor frees the descriptor, if there is one.
func (in *inbox) closeDescriptor() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.fd != nil {
		in.fd.Close()
		in.fd = nil
	}
}
