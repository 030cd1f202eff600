package trie

import "slices"

// Multi is a set of prefixes, each with the set of those who hold it. The zero
// value is empty. It must not be copied after first use.
type Multi[P comparable] struct {
	t    tree[holders[P]]
	held map[P]int // number of prefixes of each holder
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
func (m *Multi[P]) Holders() int { return len(m.held) }

// Add makes p a holder of prefix, if it is not one already, and reports whether
// it is the first one. The bytes are copied.
func (m *Multi[P]) Add(prefix []byte, p P) bool {
	n := m.t.at(prefix)
	if !n.val.add(p) {
		return false
	}
	if m.held == nil {
		m.held = map[P]int{}
	}
	m.held[p]++
	n.held++
	if n.held > 1 {
		return false
	}
	m.t.count++
	return true
}

// Remove makes p no holder of prefix any more.
func (m *Multi[P]) Remove(prefix []byte, p P) Result {
	path := m.t.lookup(prefix)
	if path == nil {
		return NotFound
	}
	n := path[len(path)-1]
	if !n.val.remove(p) {
		return NotFound
	}
	if m.held[p]--; m.held[p] == 0 {
		delete(m.held, p)
	}
	n.held--
	if n.held > 0 {
		return Remain
	}
	n.val = holders[P]{}
	m.t.prune(path)
	return Last
}

// RemoveAll takes p from every prefix that it holds, in byte order, and calls
// removed, if not nil, after each. The bytes are the callee's.
func (m *Multi[P]) RemoveAll(p P, removed func(prefix []byte, r Result)) {
	n := m.held[p]
	if n == 0 {
		return
	}
	all := make([][]byte, 0, n)
	m.t.walk(func(prefix []byte, n *node[holders[P]]) bool {
		if n.val.index(p) >= 0 {
			all = append(all, slices.Clone(prefix))
		}
		return len(all) < cap(all)
	})
	for _, prefix := range all {
		r := m.Remove(prefix, p)
		if removed != nil {
			removed(prefix, r)
		}
	}
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

// index is the place of p in the list, or -1.
func (h *holders[P]) index(p P) int {
	if h.at == nil {
		return slices.Index(h.list, p)
	}
	if i, ok := h.at[p]; ok {
		return i
	}
	return -1
}

// add reports whether p was not there before.
func (h *holders[P]) add(p P) bool {
	if h.index(p) >= 0 {
		return false
	}
	if h.list = append(h.list, p); h.at != nil {
		h.at[p] = len(h.list) - 1
	} else if len(h.list) > crowd {
		h.at = make(map[P]int, 2*crowd)
		for i, q := range h.list {
			h.at[q] = i
		}
	}
	return true
}

// remove reports whether p was there.
func (h *holders[P]) remove(p P) bool {
	i := h.index(p)
	if i < 0 {
		return false
	}
	last := len(h.list) - 1
	h.list[i] = h.list[last]
	if h.at != nil {
		h.at[h.list[i]] = i
		delete(h.at, p)
	}
	clear(h.list[last:])
	h.list = h.list[:last]
	return true
}
