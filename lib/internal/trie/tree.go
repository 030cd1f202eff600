// Package trie holds sets of subscriptions: prefixes against which the first
// frame of a message is matched.
//
//	Set    what a SUB or XSUB socket asked for, each prefix with a count
//	Multi  what the peers of a PUB or XPUB socket asked for, each prefix with
//	       the peers that hold it
//
// Both are a radix tree: a node stands for a run of bytes that no other prefix
// divides, so a topic costs one step per place where prefixes part, not one
// per byte. Nothing recurses: a peer chooses how long and how nested its
// topics are (CVE-2021-20236).
package trie

import (
	"math/bits"
	"slices"
	"strings"
)

// tree is a radix tree whose nodes carry a V. Except for the root, every node
// holds something or has two children or more. Nodes stand by value in their
// parent's list, so a pointer to one is good until the tree changes.
type tree[V any] struct {
	root  node[V]
	count int // nodes that hold something
}

type node[V any] struct {
	label string // the bytes between the parent and this node
	kids  *kids[V]
	val   V
	held  uint32 // how often the prefix that ends here is held; 0: it is only a fork
}

// kids are the children of a node, in the order of the first byte of their
// labels.
type kids[V any] struct {
	first [4]uint64 // the set of first bytes
	nodes []node[V]
}

// find is where the child whose label begins with c is, or would be.
func (k *kids[V]) find(c byte) (i int, ok bool) {
	w, bit := c>>6, uint64(1)<<(c&63)
	i = bits.OnesCount64(k.first[w] & (bit - 1))
	switch w {
	case 3:
		i += bits.OnesCount64(k.first[2])
		fallthrough
	case 2:
		i += bits.OnesCount64(k.first[1])
		fallthrough
	case 1:
		i += bits.OnesCount64(k.first[0])
	}
	return i, k.first[w]&bit != 0
}

// insert adds a child that begins with c at place i, which find gave.
func (k *kids[V]) insert(i int, c byte, n node[V]) *node[V] {
	k.first[c>>6] |= 1 << (c & 63)
	k.nodes = slices.Insert(k.nodes, i, n)
	return &k.nodes[i]
}

// remove takes out the child at place i, which begins with c.
func (k *kids[V]) remove(i int, c byte) {
	k.first[c>>6] &^= 1 << (c & 63)
	k.nodes = slices.Delete(k.nodes, i, i+1)
}

// child is the child of n that the first byte of rest leads to, if its whole
// label fits.
func (n *node[V]) child(rest []byte) *node[V] {
	if n.kids == nil || len(rest) == 0 {
		return nil
	}
	i, ok := n.kids.find(rest[0])
	if !ok {
		return nil
	}
	kid := &n.kids.nodes[i]
	size := len(kid.label)
	if size > len(rest) || kid.label[1:] != string(rest[1:size]) { // the first is the same
		return nil
	}
	return kid
}

// at is the node where prefix ends, made if there is none.
func (t *tree[V]) at(prefix []byte) *node[V] {
	n, rest := &t.root, prefix
	for len(rest) > 0 {
		if n.kids == nil {
			n.kids = &kids[V]{}
		}
		i, ok := n.kids.find(rest[0])
		if !ok {
			return n.kids.insert(i, rest[0], node[V]{label: string(rest)})
		}
		n = &n.kids.nodes[i]
		same := common(n.label, rest)
		if same < len(n.label) {
			n.split(same)
		}
		rest = rest[same:]
	}
	return n
}

// common is how many leading bytes a and b share; at least one, the first.
func common(a string, b []byte) int {
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
	below := *n
	below.label = n.label[i:]
	*n = node[V]{label: strings.Clone(n.label[:i]), kids: &kids[V]{}}
	n.kids.insert(0, below.label[0], below)
}

// lookup is the node where prefix ends and the node above it; nil if the tree
// has no such node.
func (t *tree[V]) lookup(prefix []byte) (n, above *node[V]) {
	n = &t.root
	for rest := prefix; len(rest) > 0; {
		above, n = n, n.child(rest)
		if n == nil {
			return nil, nil
		}
		rest = rest[len(n.label):]
	}
	return n, above
}

// prune gives back what the tree no longer needs after n, below above, has
// ceased to hold anything. Both pointers are stale afterwards.
func (t *tree[V]) prune(n, above *node[V]) {
	t.count--
	if above == nil {
		return
	}
	if n.kids != nil {
		n.join()
		return
	}
	c := n.label[0]
	i, _ := above.kids.find(c)
	above.kids.remove(i, c)
	if len(above.kids.nodes) == 0 {
		above.kids = nil
	} else if above != &t.root {
		above.join()
	}
}

// join makes n and its only child one node, if n holds nothing and has one.
func (n *node[V]) join() {
	if n.held > 0 || len(n.kids.nodes) != 1 {
		return
	}
	kid := n.kids.nodes[0]
	kid.label = n.label + kid.label
	*n = kid
}

// walk calls visit for each node that holds something, in the order of their
// prefixes, until visit returns false. The prefix is valid during the call;
// the tree must not change meanwhile.
func (t *tree[V]) walk(visit func(prefix []byte, n *node[V]) bool) {
	type level struct {
		nodes []node[V] // not yet visited
		depth int       // length of the prefix above them
	}
	var prefix []byte
	stack := []level{{nodes: []node[V]{t.root}}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if len(top.nodes) == 0 {
			stack = stack[:len(stack)-1]
			continue
		}
		n := &top.nodes[0]
		top.nodes = top.nodes[1:]
		prefix = append(prefix[:top.depth], n.label...)
		if n.held > 0 && !visit(prefix, n) {
			return
		}
		if n.kids != nil {
			stack = append(stack, level{n.kids.nodes, len(prefix)})
		}
	}
}
