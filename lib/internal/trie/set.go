package trie

import "iter"

// Set is a set of prefixes, each with a count of how often it was added. The
// zero value is empty. It must not be copied after first use.
type Set struct {
	t tree[struct{}]
}

// Len is the number of different prefixes.
func (s *Set) Len() int { return s.t.count }

// Add adds prefix once more and reports whether it is new. The bytes are
// copied.
func (s *Set) Add(prefix []byte) bool {
	n := s.t.at(prefix)
	n.held++
	if n.held > 1 {
		return false
	}
	s.t.count++
	return true
}

// Remove takes back one Add of prefix and reports whether that was the last
// one. A prefix that is not in the set gives false.
func (s *Set) Remove(prefix []byte) bool {
	path := s.t.lookup(prefix)
	if path == nil {
		return false
	}
	n := path[len(path)-1]
	if n.held == 0 {
		return false
	}
	n.held--
	if n.held > 0 {
		return false
	}
	s.t.prune(path)
	return true
}

// Match reports whether topic begins with a prefix of the set.
func (s *Set) Match(topic []byte) bool {
	n := &s.t.root
	for n.held == 0 {
		if n = n.child(topic); n == nil {
			return false
		}
		topic = topic[n.size:]
	}
	return true
}

// All is each different prefix once, in byte order. The bytes are valid during
// the step; the set must not change meanwhile.
func (s *Set) All() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		s.t.walk(func(prefix []byte, _ *node[struct{}]) bool { return yield(prefix) })
	}
}
