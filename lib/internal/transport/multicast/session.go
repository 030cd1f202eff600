package multicast

import (
	"net/netip"
	"time"
)

// A Session is what a receiver knows of one sender.
type Session interface {
	comparable
	// Standing tells which host it is of, whether it has delivered anything, and
	// when it was heard last.
	Standing() (host netip.Addr, joined bool, heard time.Duration)
}

// A Crowd is all sessions of a receiver, with how many each host has.
type Crowd[K comparable, S Session] struct {
	Sessions map[K]S
	hosts    map[netip.Addr]int
}

// NewCrowd is nobody.
func NewCrowd[K comparable, S Session]() Crowd[K, S] {
	return Crowd[K, S]{map[K]S{}, map[netip.Addr]int{}}
}

// Add takes one in, whose host stays the same.
func (c *Crowd[K, S]) Add(name K, s S) {
	host, _, _ := s.Standing()
	c.Sessions[name] = s
	c.hosts[host]++
}

// Remove lets one go.
func (c *Crowd[K, S]) Remove(name K) {
	host, _, _ := c.Sessions[name].Standing()
	delete(c.Sessions, name)
	if c.hosts[host]--; c.hosts[host] == 0 {
		delete(c.hosts, host)
	}
}

// Weakest is the session that makes room for another. It is one of the host that has
// most, so that nobody keeps others out by making up sessions: one that has
// delivered nothing, or else the one that is silent the longest.
func (c *Crowd[K, S]) Weakest() (weakest S) {
	most := 0
	for _, n := range c.hosts {
		most = max(most, n)
	}
	var none S
	for _, s := range c.Sessions {
		if weakest != none && !weaker(s, weakest) {
			continue
		}
		if host, _, _ := s.Standing(); c.hosts[host] == most {
			weakest = s
		}
	}
	return weakest
}

func weaker[S Session](a, b S) bool {
	_, joinedA, heardA := a.Standing()
	_, joinedB, heardB := b.Standing()
	if joinedA != joinedB {
		return joinedB
	}
	return heardA < heardB
}
