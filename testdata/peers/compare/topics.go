package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// topicWorks are rows with subscriptions: a publisher with many subscribers, and a
// million prefixes, in sockets and in the tree alone.
var topicWorks = []special{
	pubsubRow(100),
	prefixRow("prefixes", "add"), prefixRow("prefixes", "match"), prefixRow("prefixes", "remove"), prefixRow("prefixes", "memory"),
	prefixRow("radix", "add"), prefixRow("radix", "match"), prefixRow("radix", "remove"), prefixRow("radix", "memory"),
}

// pubsubRow is what all subscribers of one publisher get together.
func pubsubRow(subs int) special {
	count := strconv.Itoa(subs)
	return special{
		name: "pubsub/" + count + "/16", target: "≥ 2× libzmq", judge: least(2), show: si,
		measure: func(b *bench, ctx context.Context) (outcome, error) {
			return b.rivals(
				func(n int) (sample, error) { return b.published(ctx, "ours", "@", count, n) },
				func(n int) (sample, error) { return b.published(ctx, "libzmq", "", count, n) })
		},
	}
}

// published sends n messages from a publisher to its subscribers in another process.
func (b *bench) published(ctx context.Context, name, at, subs string, n int) (sample, error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	p, err := b.program(ctx, name)
	if err != nil {
		return sample{}, err
	}
	endpoint, err := b.endpoint("tcp")
	if err != nil {
		return sample{}, err
	}
	count := strconv.Itoa(n)
	return pair(ctx, p.path, []string{"pub-send", at + endpoint, "16", count, subs}, []string{"sub-recv", endpoint, "16", count, subs}, false)
}

const (
	prefixes   = 1_000_000
	prefixRuns = 1 // a million are a mean already
)

// topicResult is what a million prefixes take, in seconds for each, and bytes.
type topicResult struct{ add, match, remove, memory float64 }

func (t topicResult) figure(name string) float64 {
	return map[string]float64{"add": t.add, "match": t.match, "remove": t.remove, "memory": t.memory}[name]
}

// topicPair is one measurement of both, of which each row of a group shows a figure.
type topicPair struct {
	ours, other topicResult
	err         error
}

// prefixRow shows one figure of a group: prefixes is a SUB and an XPUB over inproc,
// of ours and of Debian's libzmq, which keeps them in a trie; radix is the tree alone,
// trie.Set beside the radix tree of the libzmq with drafts.
func prefixRow(group, figure string) special {
	s := special{
		name: group + "/" + figure + "/1M", target: "≤ 1× libzmq", once: true, judge: most(1),
		show: func(v float64) string { return fmt.Sprintf("%.0f ns", v*1e9) },
		measure: func(b *bench, ctx context.Context) (outcome, error) {
			p := b.prefixes(ctx, group)
			return outcome{p.ours.figure(figure), p.other.figure(figure)}, p.err
		},
	}
	if figure == "memory" {
		s.show = func(v float64) string { return fmt.Sprintf("%.0f B", v) }
	}
	return s
}

// prefixes measures a group, the first time that it is asked for.
func (b *bench) prefixes(ctx context.Context, group string) topicPair {
	if p, ok := b.topics[group]; ok {
		return p
	}
	ours, other := b.oursPrefixes, func(ctx context.Context) (topicResult, error) {
		return b.peerPrefixes(ctx, "libzmq", "prefixes", "inproc://prefixes")
	}
	if group == "radix" {
		ours, other = b.oursTree, func(ctx context.Context) (topicResult, error) { return b.peerPrefixes(ctx, drafts, "radix", "-") }
	}
	var all [2][]topicResult
	var p topicPair
	for range prefixRuns {
		for i, f := range []func(context.Context) (topicResult, error){ours, other} {
			t, err := f(ctx)
			p.err = errors.Join(p.err, err)
			all[i] = append(all[i], t)
		}
		if p.err != nil {
			break
		}
	}
	p.ours, p.other = medians(all[0]), medians(all[1])
	if b.topics == nil {
		b.topics = map[string]topicPair{}
	}
	b.topics[group] = p
	return p
}

func medians(all []topicResult) topicResult {
	of := func(figure string) float64 {
		var v []float64
		for _, t := range all {
			v = append(v, t.figure(figure))
		}
		return median(v)
	}
	return topicResult{of("add"), of("match"), of("remove"), of("memory")}
}

func (b *bench) oursPrefixes(ctx context.Context) (topicResult, error) {
	return b.peerPrefixes(ctx, "ours", "prefixes")
}

// peerPrefixes is what a peer says: "COUNT add match remove memory" of all.
func (b *bench) peerPrefixes(ctx context.Context, name string, args ...string) (t topicResult, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*runLimit)
	defer cancel()
	peer, err := b.program(ctx, name)
	if err != nil {
		return t, err
	}
	p, err := start(ctx, peer.path, append(args, strconv.Itoa(prefixes))...)
	if err != nil {
		return t, err
	}
	defer p.end()
	for line := range p.lines {
		if line == "ready" {
			continue
		}
		var n float64
		_, err := fmt.Sscan(line, &n, &t.add, &t.match, &t.remove, &t.memory)
		return topicResult{t.add / n, t.match / n, t.remove / n, t.memory / n}, err
	}
	return t, p.err
}

// oursTree runs the benchmark that stands beside the tree.
func (b *bench) oursTree(ctx context.Context) (t topicResult, err error) {
	program := filepath.Join(b.bin, "trie.test")
	if err := b.workshop.run(ctx, b.root, nil, "go", "test", "-c", "-o", program, "./lib/internal/trie"); err != nil {
		return t, err
	}
	out, err := exec.CommandContext(ctx, program, "-test.run", "^$", "-test.bench", "^BenchmarkMillion$/^Set$", "-test.benchtime", "1x").Output()
	if err != nil {
		return t, fmt.Errorf("BenchmarkMillion: %w", err)
	}
	return parseMillion(string(out))
}

// parseMillion reads the metrics of BenchmarkMillion.
func parseMillion(text string) (t topicResult, err error) {
	for unit, into := range map[string]*float64{"add-ns": &t.add, "match-ns": &t.match, "remove-ns": &t.remove, "B/prefix": &t.memory} {
		before, _, found := strings.Cut(text, " "+unit)
		fields := strings.Fields(before)
		if !found || len(fields) == 0 {
			return t, fmt.Errorf("BenchmarkMillion tells no %s", unit)
		}
		if *into, err = strconv.ParseFloat(fields[len(fields)-1], 64); err != nil {
			return t, err
		}
		if into != &t.memory {
			*into /= 1e9
		}
	}
	return t, nil
}
