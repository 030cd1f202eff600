package main

import (
	"bytes"
	"strings"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// topics are the rules of a forwarder:
//
//	a publication   passes if the longest rule that its topic begins with allows it, or, without
//	                one, if nothing is allowed by name; then its topic is rewritten
//	a subscription  is rewritten the other way; it goes upstream unless everything it asks for is denied
type topics struct {
	rules    []rule
	rewrites []rewrite
	listed   bool // something is allowed by name: the rest is not
}

type rule struct {
	prefix []byte
	allow  bool
}

// rewrite turns topics that begin with from into such that begin with to.
type rewrite struct{ from, to []byte }

// parseTopics reads the flags; nil if there are none.
func parseTopics(allow, deny, rewrites []string) (*topics, error) {
	if len(allow)+len(deny)+len(rewrites) == 0 {
		return nil, nil
	}
	t := &topics{listed: len(allow) > 0}
	for _, p := range allow {
		t.rules = append(t.rules, rule{[]byte(p), true})
	}
	for _, p := range deny {
		t.rules = append(t.rules, rule{[]byte(p), false})
	}
	for _, text := range rewrites {
		from, to, ok := strings.Cut(text, "=")
		if !ok {
			return nil, cli.About("topic-rewrite", cli.Usagef("write OLD=NEW, two beginnings of topics", "--topic-rewrite %q has no =", text))
		}
		t.rewrites = append(t.rewrites, rewrite{[]byte(from), []byte(to)})
	}
	return t, nil
}

// allowed tells whether a publication passes.
func (t *topics) allowed(topic []byte) bool {
	longest, allow := -1, !t.listed
	for _, r := range t.rules {
		if len(r.prefix) > longest && bytes.HasPrefix(topic, r.prefix) {
			longest, allow = len(r.prefix), r.allow
		}
	}
	return allow
}

// wanted tells whether some topic that begins with prefix is allowed.
func (t *topics) wanted(prefix []byte) bool {
	for _, r := range t.rules {
		if r.allow && bytes.HasPrefix(r.prefix, prefix) {
			return true
		}
	}
	return t.allowed(prefix)
}

// publish applies the rules to a publication; false if it does not pass.
func (t *topics) publish(m *zmq.Message) bool {
	topic := m.Bytes()
	if !t.allowed(topic) {
		return false
	}
	for _, r := range t.rewrites {
		if rest, ok := bytes.CutPrefix(topic, r.from); ok {
			m.Replace(0, bytes.Join([][]byte{r.to, rest}, nil))
			break
		}
	}
	return true
}

// subscribe applies the rules to a message for the publishers; false if it does not
// pass. more is called with what must be asked for beside it: the old names of topics
// that are rewritten to such as the subscription asks for.
func (t *topics) subscribe(m *zmq.Message, more func(subscription []byte)) bool {
	body := m.Bytes()
	if len(body) == 0 || body[0] > 1 {
		return true // no subscription
	}
	verb, topic := body[0], body[1:]
	for _, r := range t.rewrites {
		if rest, ok := bytes.CutPrefix(topic, r.to); ok {
			topic = bytes.Join([][]byte{r.from, rest}, nil)
			m.Replace(0, append([]byte{verb}, topic...))
			break
		}
		if bytes.HasPrefix(r.to, topic) && !bytes.HasPrefix(r.from, topic) && t.wanted(r.from) {
			more(append([]byte{verb}, r.from...))
		}
	}
	return t.wanted(topic)
}
