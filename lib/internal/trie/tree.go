// Package trie holds sets of subscriptions: prefixes against which the first
// frame of a message is matched.
//
//	Set    what a SUB or XSUB socket asked for, each prefix with a count
//	Multi  what the peers of a PUB or XPUB socket asked for, each prefix with
//	       the peers that hold it
//
// Both are a radix tree: a node stands for a run of bytes that no other prefix
// divides, so a topic costs one step per place where prefixes part, not one
// per byte. A step touches memory in two places, the list of first bytes and
// the child, which carries its label: with a million prefixes that is what a
// match costs. Nothing recurses: a peer chooses how long and how nested
// its topics are (CVE-2021-20236).
package trie

import (
	"bytes"
	"cmp"
	"slices"
)

// tree is a radix tree whose nodes carry a V. Except for the root, a node holds
// something, or has two children or more, or is followed by a single one with
// which its label would be too long for one node. Nodes stand by value in
// their parent's list, so a pointer to one is good until the tree changes.
type tree[V any] struct {
	root  node[V]
	count int        // nodes that hold something
	path  []*node[V] // memory for lookup
}

// labelMax is the longest label of a node, in bytes: with it a node of a Set
// takes half a line of the processor's cache. A longer run of bytes stands as a
// chain of nodes.
const labelMax = 19

type node[V any] struct {
	val   V
	kids  *kids[V]
	held  uint32 // how often the prefix that ends here is held; 0: it is only on the way
	size  uint8
	label [labelMax]byte // the bytes between the parent and this node: the first size of them
}

// text is the label.
func (n *node[V]) text() []byte { return n.label[:n.size] }

// setText makes b, which is not longer than labelMax, the label.
func (n *node[V]) setText(b []byte) { n.size = uint8(copy(n.label[:], b)) }

// kids are the children of a node, in no order. What it takes to find one of a
// few fills one line of the processor's cache.
type kids[V any] struct {
	nodes []node[V]
	many  *[256]uint8  // the place of the child that begins with that byte, if it has one; nil if there are few
	few   [fewMax]byte // the bytes that the children begin with, if there are few
}

// fewMax is up to how many children are found by looking through their first
// bytes.
const fewMax = 32

// find is the place of the child that begins with c, or -1.
func (k *kids[V]) find(c byte) int {
	if k.many == nil {
		return bytes.IndexByte(k.few[:len(k.nodes)], c)
	}
	if i := int(k.many[c]); i < len(k.nodes) && k.nodes[i].label[0] == c {
		return i
	}
	return -1
}

// note says that child i begins with c.
func (k *kids[V]) note(i int, c byte) {
	if k.many != nil {
		k.many[c] = uint8(i)
	} else {
		k.few[i] = c
	}
}

// noteAll does so for all children.
func (k *kids[V]) noteAll() {
	for i := range k.nodes {
		k.note(i, k.nodes[i].label[0])
	}
}

// add makes a child whose label is b.
func (k *kids[V]) add(b []byte) *node[V] {
	at := len(k.nodes)
	if at == cap(k.nodes) {
		k.nodes = append(make([]node[V], 0, at+at/4+1), k.nodes...)
	}
	if at == fewMax && k.many == nil {
		k.many = &[256]uint8{}
		k.noteAll()
	}
	k.nodes = append(k.nodes, node[V]{})
	n := &k.nodes[at]
	n.setText(b)
	k.note(at, b[0])
	return n
}

// remove takes out the child that begins with c; the last one takes its place.
func (k *kids[V]) remove(c byte) {
	i, last := k.find(c), len(k.nodes)-1
	k.nodes[i] = k.nodes[last]
	k.note(i, k.nodes[i].label[0])
	k.nodes[last] = node[V]{}
	k.nodes = k.nodes[:last]
	if last < cap(k.nodes)/4 {
		k.nodes = append(make([]node[V], 0, last+last/4), k.nodes...)
	}
	if last == fewMax/2 && k.many != nil {
		k.many = nil
		k.noteAll()
	}
}

// sorted are the children in the order of their first bytes.
func (k *kids[V]) sorted() []*node[V] {
	list := make([]*node[V], len(k.nodes))
	for i := range k.nodes {
		list[i] = &k.nodes[i]
	}
	slices.SortFunc(list, func(a, b *node[V]) int { return cmp.Compare(a.label[0], b.label[0]) })
	return list
}

// begins is the child of n whose label begins with c, or nil.
func (n *node[V]) begins(c byte) *node[V] {
	if n.kids == nil {
		return nil
	}
	if i := n.kids.find(c); i >= 0 {
		return &n.kids.nodes[i]
	}
	return nil
}

// child is the child of n that the first byte of rest leads to, if its whole
// label fits.
func (n *node[V]) child(rest []byte) *node[V] {
	if len(rest) == 0 {
		return nil
	}
	kid := n.begins(rest[0])
	if kid == nil || int(kid.size) > len(rest) || string(kid.text()) != string(rest[:kid.size]) {
		return nil
	}
	return kid
}

// at is the node where prefix ends, made if there is none.
func (t *tree[V]) at(prefix []byte) *node[V] {
	n, rest := &t.root, prefix
	for len(rest) > 0 {
		kid := n.begins(rest[0])
		if kid == nil {
			if n.kids == nil {
				n.kids = &kids[V]{}
			}
			kid = n.kids.add(rest[:min(len(rest), labelMax)])
		}
		same := common(kid.text(), rest)
		rest = rest[same:]
		if same < int(kid.size) {
			kid.split(same)
			if n != &t.root && n.join() {
				continue
			}
		}
		n = kid
	}
	return n
}

// common is how many leading bytes a and b share; at least one, the first.
func common(a, b []byte) int {
	n := min(len(a), len(b))
	for i := 1; i < n; i++ {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// split makes n end after the first i bytes of its label and puts what it was
// below it.
func (n *node[V]) split(i int) {
	was, k := *n, &kids[V]{}
	below := k.add(was.text()[i:])
	below.val, below.kids, below.held = was.val, was.kids, was.held
	below.join()
	*n = node[V]{kids: k}
	n.setText(was.text()[:i])
}

// find is the node where prefix ends, nil if the tree has no such node.
func (t *tree[V]) find(prefix []byte) *node[V] {
	n := &t.root
	for rest := prefix; len(rest) > 0; rest = rest[n.size:] {
		if n = n.child(rest); n == nil {
			return nil
		}
	}
	return n
}

// lookup is the path to the node where prefix ends, the root first; nil if the
// tree has no such node. It is valid until the next lookup.
func (t *tree[V]) lookup(prefix []byte) []*node[V] {
	n := &t.root
	t.path = append(t.path[:0], n)
	for rest := prefix; len(rest) > 0; rest = rest[n.size:] {
		if n = n.child(rest); n == nil {
			return nil
		}
		t.path = append(t.path, n)
	}
	return t.path
}

// prune gives back what the tree no longer needs after the last node of path has
// ceased to hold anything. All pointers are stale afterwards.
func (t *tree[V]) prune(path []*node[V]) {
	t.count--
	for i := len(path) - 1; i > 0; i-- {
		n, above := path[i], path[i-1]
		if n.held > 0 {
			break
		}
		if n.kids != nil {
			n.join()
			break
		}
		above.kids.remove(n.label[0])
		if len(above.kids.nodes) == 0 {
			above.kids = nil
		}
	}
	clear(path)
	if cap(t.path) > 64 {
		t.path = nil
	}
}

// join makes n and its only child one node, if n holds nothing and has one and
// their labels fit.
func (n *node[V]) join() bool {
	if n.held > 0 || n.kids == nil || len(n.kids.nodes) != 1 {
		return false
	}
	kid := n.kids.nodes[0]
	if int(n.size)+int(kid.size) > labelMax {
		return false
	}
	copy(kid.label[n.size:], kid.label[:kid.size])
	copy(kid.label[:], n.text())
	kid.size += n.size
	*n = kid
	return true
}

// walk calls visit for each node that holds something, in the order of their
// prefixes, until visit returns false. The prefix is valid during the call;
// the tree must not change meanwhile.
func (t *tree[V]) walk(visit func(prefix []byte, n *node[V]) bool) {
	type level struct {
		nodes []*node[V] // not yet visited
		depth int        // length of the prefix above them
	}
	var prefix []byte
	stack := []level{{nodes: []*node[V]{&t.root}}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if len(top.nodes) == 0 {
			stack = stack[:len(stack)-1]
			continue
		}
		n := top.nodes[0]
		top.nodes = top.nodes[1:]
		prefix = append(prefix[:top.depth], n.text()...)
		if n.held > 0 && !visit(prefix, n) {
			return
		}
		if n.kids != nil {
			stack = append(stack, level{n.kids.sorted(), len(prefix)})
		}
	}
}
