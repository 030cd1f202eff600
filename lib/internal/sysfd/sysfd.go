// Package sysfd makes descriptors that an event loop outside Go can wait for:
//
//	Set    the descriptor becomes readable
//	Clear  it is readable no more
//
// Setting twice, or clearing twice, costs no system call. Only those pay for a
// descriptor who ask for one (ZMQ_FD of zmq_getsockopt(3), the waits of the C
// interface).
package sysfd

import "sync"

// Signal is a descriptor that is readable while the signal is set. It is safe
// for use by many goroutines.
type Signal struct {
	fd descriptor // constant

	mu  sync.Mutex // guards the fields below
	set bool
	end bool // Close was called
}

// New makes a signal that is not set. The error is that of the system, or
// errno.ENOTSUP where there is no such descriptor.
func New() (*Signal, error) {
	fd, err := open()
	if err != nil {
		return nil, err
	}
	return &Signal{fd: fd}, nil
}

// FD is the descriptor to wait for, which nobody else may read, write or close.
func (s *Signal) FD() int { return s.fd.wait() }

// Set makes the descriptor readable.
func (s *Signal) Set() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.set && !s.end {
		s.set = true
		s.fd.raise()
	}
}

// Clear makes it unreadable.
func (s *Signal) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.set && !s.end {
		s.set = false
		s.fd.lower()
	}
}

// Wake is Set, for those who wake by that name.
func (s *Signal) Wake() { s.Set() }

// Close frees the descriptor. The other calls do nothing from then on.
func (s *Signal) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.end {
		s.end = true
		s.fd.close()
	}
}
