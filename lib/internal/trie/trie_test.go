package trie

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestSetCounts(t *testing.T) {
	var s Set
	steps := []struct {
		op   byte // +, -
		text string
		want bool
		size int
	}{
		{'-', "a", false, 0},
		{'+', "abc", true, 1},
		{'+', "abc", false, 1},
		{'+', "abd", true, 2},
		{'+', "ab", true, 3},
		{'+', "", true, 4},
		{'-', "a", false, 4}, // inside a label
		{'-', "abc", false, 4},
		{'-', "abc", true, 3},
		{'-', "abc", false, 3},
		{'-', "ab", true, 2},
		{'-', "", true, 1},
		{'-', "", false, 1},
		{'-', "abd", true, 0},
	}
	for i, step := range steps {
		f := s.Add
		if step.op == '-' {
			f = s.Remove
		}
		if got := f([]byte(step.text)); got != step.want || s.Len() != step.size {
			t.Errorf("step %d: %c%q: %v, len %d; want %v, %d", i, step.op, step.text, got, s.Len(), step.want, step.size)
		}
	}
	if s.t.root.kids != nil {
		t.Error("an empty set still has nodes")
	}
}

func TestSetMatch(t *testing.T) {
	var s Set
	for _, p := range []string{"weather.", "weather.eu", "x", "\xff\x00"} {
		s.Add([]byte(p))
	}
	for topic, want := range map[string]bool{
		"weather.": true, "weather.us": true, "weather": false, "": false, "wea": false,
		"x": true, "xyz": true, "y": false, "\xff": false, "\xff\x00\x01": true, "\xff\x01": false,
	} {
		if s.Match([]byte(topic)) != want {
			t.Errorf("match %q: %v", topic, !want)
		}
	}
	s.Add(nil)
	if !s.Match(nil) || !s.Match([]byte("y")) {
		t.Error("the empty prefix does not match all")
	}
}

func TestSetAllIsOrdered(t *testing.T) {
	var s Set
	want := []string{"", "a", "ab", "abc", "b", "ba", "\x80", "\xfe"}
	for _, i := range []int{3, 7, 0, 5, 2, 6, 1, 4} {
		s.Add([]byte(want[i]))
		s.Add([]byte(want[i]))
	}
	var got []string
	for p := range s.All() {
		got = append(got, string(p))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for range s.All() {
		break
	}
}

// TestFanOut covers nodes with all 256 children, at the edges of the words of
// the set of first bytes.
func TestFanOut(t *testing.T) {
	var s Set
	for c := 255; c >= 0; c-- {
		s.Add([]byte{'k', byte(c), 1})
	}
	for c := range 256 {
		if !s.Match([]byte{'k', byte(c), 1, 2}) || s.Match([]byte{'k', byte(c), 2}) {
			t.Fatalf("byte %d", c)
		}
	}
	for c := 0; c < 256; c += 2 {
		s.Remove([]byte{'k', byte(c), 1})
	}
	for c := range 256 {
		if s.Match([]byte{'k', byte(c), 1}) != (c%2 == 1) {
			t.Fatalf("byte %d after removal", c)
		}
	}
}

// TestDeep: a topic of a MiB, and a chain of nodes as deep as the stack would
// not be (CVE-2021-20236).
func TestDeep(t *testing.T) {
	long := bytes.Repeat([]byte("ab"), 1<<19)
	var s Set
	var m Multi[int]
	s.Add(long)
	m.Add(long, 1)
	if !s.Match(append(long, 'x')) || s.Match(long[1:]) {
		t.Error("long topic")
	}
	const depth = 4000
	for i := range depth {
		s.Add(long[:i])
		m.Add(long[:i], i%2)
	}
	n := 0
	m.Match(long, func(int) { n++ })
	if n != depth+1 || s.Len() != depth+1 || m.Len() != depth+1 {
		t.Errorf("%d matches, %d and %d prefixes", n, s.Len(), m.Len())
	}
	n = 0
	m.RemoveAll(1, func([]byte, Result) { n++ })
	if n != depth/2+1 || m.Len() != depth/2 {
		t.Errorf("%d removed, %d left", n, m.Len())
	}
	for i := range depth {
		s.Remove(long[:i])
	}
	if !s.Remove(long) || s.t.root.kids != nil {
		t.Error("nodes are left")
	}
}

func TestMulti(t *testing.T) {
	var m Multi[string]
	add := func(prefix, p string, first bool) {
		t.Helper()
		if m.Add([]byte(prefix), p) != first {
			t.Errorf("add %q %s: first %v", prefix, p, !first)
		}
	}
	add("a", "p", true)
	add("a", "p", false) // counts once
	add("a", "q", false)
	add("ab", "p", true)
	add("", "r", true)
	add("b", "p", true)
	match(t, &m, "abc", "p p q r")
	match(t, &m, "b", "p r")
	match(t, &m, "", "r")
	for _, step := range []struct {
		prefix, p string
		want      Result
	}{
		{"x", "p", NotFound}, {"ab", "q", NotFound}, {"a", "r", NotFound},
		{"a", "q", Remain}, {"a", "q", NotFound}, {"", "r", Last}, {"", "r", NotFound},
	} {
		if got := m.Remove([]byte(step.prefix), step.p); got != step.want {
			t.Errorf("remove %q %s: %d, want %d", step.prefix, step.p, got, step.want)
		}
	}
	add("b", "s", false)
	var gone []string
	m.RemoveAll("p", func(prefix []byte, r Result) { gone = append(gone, fmt.Sprintf("%s:%d", prefix, r)) })
	if got := strings.Join(gone, " "); got != "a:1 ab:1 b:2" {
		t.Errorf("removed %s", got)
	}
	m.RemoveAll("s", nil)
	if m.Len() != 0 || m.t.root.kids != nil {
		t.Error("something is left")
	}
}

// A holder that leaves costs what it held, and not what the others hold.
func TestRemoveAllOfFewAmongMany(t *testing.T) {
	var m Multi[int]
	for i, k := range keys(20_000) {
		m.Add(k, i%2)
	}
	if n := testing.AllocsPerRun(10, func() {
		m.Add([]byte("zz"), 2)
		m.RemoveAll(2, nil)
	}); n > 20 {
		t.Errorf("%v allocations for one prefix", n)
	}
}

func match(t *testing.T, m *Multi[string], topic, want string) {
	t.Helper()
	var got []string
	m.Match([]byte(topic), func(p string) { got = append(got, p) })
	slices.Sort(got)
	if s := strings.Join(got, " "); s != want {
		t.Errorf("match %q: %s, want %s", topic, s, want)
	}
}

// TestCrowd: a prefix with very many holders.
func TestCrowd(t *testing.T) {
	var m Multi[int]
	const n = 10 * crowd
	for i := range n {
		m.Add([]byte("t"), i)
		m.Add([]byte("t"), i)
	}
	for i := 0; i < n; i += 3 {
		if m.Remove([]byte("t"), i) != Remain || m.Remove([]byte("t"), i) != NotFound {
			t.Fatalf("holder %d", i)
		}
	}
	seen := map[int]int{}
	m.Match([]byte("topic"), func(i int) { seen[i]++ })
	for i := range n {
		if want := min(i%3, 1); seen[i] != want {
			t.Fatalf("holder %d was named %d times", i, seen[i])
		}
	}
	m.Add([]byte("ta"), 0)
	m.Add([]byte("tb"), 0)
	for i := range n {
		m.Remove([]byte("t"), i)
	}
	if fork := m.t.find([]byte("t")); fork == nil || cap(fork.val.list) > 0 || fork.val.at != nil {
		t.Error("a fork keeps the memory of its holders")
	}
}

// FuzzModel runs a program of adds, removes and matches on both sets and on
// maps.
func FuzzModel(f *testing.F) {
	f.Add([]byte("+0ab +1abc +0a -0ab ?abc x0"))
	f.Add([]byte("+0 +1 -0 ?"))
	f.Add([]byte("+00123456789012345678901234567890123456789 +1012345678901234567890 -00123456789012345678901234567890123456789 ?0123"))
	f.Add([]byte("+0aaaa +1aaab +2aab -1aaab +2aaaa x0 x2 ?aaaab"))
	f.Add([]byte("+0\xff\x00 +1\x00\xff -0\xff\x00 ?\xff\x00"))
	f.Fuzz(func(t *testing.T, program []byte) {
		var s Set
		var m Multi[byte]
		counts := map[string]int{}
		holds := map[string]map[byte]bool{}
		for step := range bytes.SplitSeq(program, []byte(" ")) {
			if len(step) < 2 {
				continue
			}
			op, p, prefix := step[0], step[1]%4, step[2:]
			key := string(prefix)
			switch op {
			case '+':
				check(t, s.Add(prefix), counts[key] == 0)
				counts[key]++
				check(t, m.Add(prefix, p), len(holds[key]) == 0)
				if holds[key] == nil {
					holds[key] = map[byte]bool{}
				}
				holds[key][p] = true
			case '-':
				check(t, s.Remove(prefix), counts[key] == 1)
				counts[key] = max(counts[key]-1, 0)
				want := give(holds, key, p)
				check(t, m.Remove(prefix, p), want)
			case 'x':
				m.RemoveAll(p, func(prefix []byte, r Result) { check(t, r, give(holds, string(prefix), p)) })
				for key := range holds {
					check(t, holds[key][p], false)
				}
			}
			compare(t, &s, &m, counts, holds, step[1:])
		}
	})
}

func check[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// give is Multi.Remove on the model.
func give(holds map[string]map[byte]bool, key string, p byte) Result {
	if !holds[key][p] {
		return NotFound
	}
	delete(holds[key], p)
	if len(holds[key]) == 0 {
		delete(holds, key)
		return Last
	}
	return Remain
}

// checkShape: all nodes but the root hold something, or fork, or could not be one
// with their child; and each child is found.
func checkShape[V any](t *testing.T, root *node[V]) {
	t.Helper()
	for todo := []*node[V]{root}; len(todo) > 0; {
		n := todo[0]
		todo = todo[1:]
		if n.kids == nil {
			if n != root && n.held == 0 {
				t.Fatalf("a leaf %q holds nothing", n.text())
			}
			continue
		}
		kids := n.kids.nodes
		if len(kids) == 0 || n != root && n.held == 0 && len(kids) == 1 && n.size+kids[0].size <= labelMax {
			t.Fatalf("node %q has %d children", n.text(), len(kids))
		}
		for i := range kids {
			if kids[i].size == 0 || n.begins(kids[i].label[0]) != &kids[i] {
				t.Fatalf("child %q is not found", kids[i].text())
			}
			todo = append(todo, &kids[i])
		}
	}
}

func compare(t *testing.T, s *Set, m *Multi[byte], counts map[string]int, holds map[string]map[byte]bool, topic []byte) {
	t.Helper()
	maps.DeleteFunc(counts, func(_ string, n int) bool { return n == 0 })
	var all []string
	for p := range s.All() {
		all = append(all, string(p))
	}
	if want := slices.Sorted(maps.Keys(counts)); !slices.Equal(all, want) || s.Len() != len(want) {
		t.Fatalf("set has %q, want %q", all, want)
	}
	checkShape(t, &s.t.root)
	checkShape(t, &m.t.root)
	check(t, m.Len(), len(holds))
	holders := map[byte]bool{}
	for _, h := range holds {
		maps.Copy(holders, h)
	}
	check(t, m.Holders(), len(holders))
	in := false
	want, got := [4]int{}, [4]int{}
	for i := range len(topic) + 1 {
		in = in || counts[string(topic[:i])] > 0
		for p := range holds[string(topic[:i])] {
			want[p]++
		}
	}
	check(t, s.Match(topic), in)
	m.Match(topic, func(p byte) { got[p]++ })
	check(t, got, want)
}

func TestMultiAny(t *testing.T) {
	var m Multi[int]
	if m.Any(nil) || m.Any([]byte("x")) {
		t.Error("an empty set")
	}
	m.Add([]byte("abc"), 1)
	m.Add([]byte("abd"), 2)
	m.Add([]byte("abcde"), 1)
	for topic, want := range map[string]bool{"": false, "ab": false, "abc": true, "abcd": true, "abdx": true, "abe": false, "b": false} {
		if m.Any([]byte(topic)) != want {
			t.Errorf("%q: %v", topic, !want)
		}
	}
	m.Remove([]byte("abc"), 1)
	if m.Any([]byte("abcd")) || !m.Any([]byte("abcdef")) {
		t.Error("after a prefix has gone")
	}
}
