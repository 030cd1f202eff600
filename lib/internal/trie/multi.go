package trie

import (
	"maps"
	"slices"
)

// Multi is a set of prefixes, each with the set of those who hold it. What each
// holder holds is kept besides, so that one who leaves costs as much as it held,
// however much the others hold. The zero value is empty. It must not be copied after
// first use.
type Multi[P comparable] struct {
	t   tree[holders[P]]
	own map[P]map[string]struct{} // what each holder holds
}

// Result is what became of a prefix that one holder gave up.
type Result uint8

// The results of Remove.
const (
	NotFound Result = iota // that holder did not hold it
	Last                   // nobody holds it any more
	Remain                 // others still hold it
)

// Len is the number of different prefixes.
func (m *Multi[P]) Len() int { return m.t.count }

// Holders is the number of those who hold a prefix.
func (m *Multi[P]) Holders() int { return len(m.own) }

// Add makes p a holder of prefix, if it is not one already, and reports whether
// it is the first one. The bytes are copied.
func (m *Multi[P]) Add(prefix []byte, p P) bool {
	own := m.own[p]
	if _, ok := own[string(prefix)]; ok {
		return false
	}
	if m.own == nil {
		m.own = map[P]map[string]struct{}{}
	}
	if own == nil {
		own = map[string]struct{}{}
		m.own[p] = own
	}
	own[string(prefix)] = struct{}{}
	n := m.t.at(prefix)
	n.val.add(p)
	n.held++
	if n.held > 1 {
		return false
	}
	m.t.count++
	return true
}

// Remove makes p no holder of prefix any more.
func (m *Multi[P]) Remove(prefix []byte, p P) Result {
	own := m.own[p]
	if _, ok := own[string(prefix)]; !ok {
		return NotFound
	}
	if delete(own, string(prefix)); len(own) == 0 {
		delete(m.own, p)
	}
	return m.take(prefix, p)
}

// RemoveAll takes p from every prefix that it holds, in byte order, and calls
// removed, if not nil, after each. The bytes are the callee's.
func (m *Multi[P]) RemoveAll(p P, removed func(prefix []byte, r Result)) {
	own := slices.Sorted(maps.Keys(m.own[p]))
	delete(m.own, p)
	for _, text := range own {
		prefix := []byte(text)
		r := m.take(prefix, p)
		if removed != nil {
			removed(prefix, r)
		}
	}
}

// take takes p from those who hold prefix, of which it is one.
func (m *Multi[P]) take(prefix []byte, p P) Result {
	path := m.t.lookup(prefix)
	n := path[len(path)-1]
	n.val.remove(p)
	n.held--
	if n.held > 0 {
		return Remain
	}
	n.val = holders[P]{}
	m.t.prune(path)
	return Last
}

// Match calls f for every holder of every prefix that topic begins with: once
// per prefix, so one that holds several is named several times. f must not
// change the set.
func (m *Multi[P]) Match(topic []byte, f func(P)) {
	for n := &m.t.root; ; topic = topic[n.size:] {
		for _, p := range n.val.list {
			f(p)
		}
		if n = n.child(topic); n == nil {
			return
		}
	}
}

// Any reports whether topic begins with a prefix that somebody holds.
func (m *Multi[P]) Any(topic []byte) bool {
	n := &m.t.root
	for n.held == 0 {
		if n = n.child(topic); n == nil {
			return false
		}
		topic = topic[n.size:]
	}
	return true
}

// Exact calls f for every holder of prefix itself. f must not change the set.
func (m *Multi[P]) Exact(prefix []byte, f func(P)) {
	n := m.t.find(prefix)
	if n == nil {
		return
	}
	for _, p := range n.val.list {
		f(p)
	}
}

// crowd is the number of holders from which on their places are kept in a map.
const crowd = 32

// holders is a set of those who hold one prefix: a list, since matching walks
// it for each message, and an index when it is long.
type holders[P comparable] struct {
	list []P
	at   map[P]int // place in list, or nil
}

// index is the place of p, which is there, in the list.
func (h *holders[P]) index(p P) int {
	if h.at == nil {
		return slices.Index(h.list, p)
	}
	return h.at[p]
}

// add adds p, which is not there.
func (h *holders[P]) add(p P) {
	if h.list = append(h.list, p); h.at != nil {
		h.at[p] = len(h.list) - 1
	} else if len(h.list) > crowd {
		h.at = make(map[P]int, 2*crowd)
		for i, q := range h.list {
			h.at[q] = i
		}
	}
}

// remove takes out p, which is there.
func (h *holders[P]) remove(p P) {
	i := h.index(p)
	last := len(h.list) - 1
	h.list[i] = h.list[last]
	if h.at != nil {
		h.at[h.list[i]] = i
		delete(h.at, p)
	}
	clear(h.list[last:])
	h.list = h.list[:last]
}
