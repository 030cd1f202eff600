package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ztools/lib/cli"
)

// tally counts messages and their bytes.
type tally struct{ messages, bytes int64 }

func (t *tally) add(r *cli.Record) {
	t.messages++
	t.bytes += int64(r.Size())
}

// topicsMax and topicLongest bound the tables of topics of --stats, where what comes
// later counts as one and what is longer is cut at 64 bytes, and of --gap.
const (
	topicsMax    = 10000
	topicLongest = 1024
	topicShown   = 5
)

// counts is what --stats knows: per direction, and per topic of the messages
// that came in. The session's watching lock guards it.
type counts struct {
	total  [2]tally
	topics map[string]*tally
}

// watchStats tells rates each second and totals at the end.
func (s *session) watchStats() {
	c := &counts{topics: map[string]*tally{}}
	s.watchers = append(s.watchers, func(d direction, r *cli.Record) error {
		c.total[d].add(r)
		if d == s.kind.main() {
			c.topic(r).add(r)
		}
		return nil
	})
	s.helpers.Go(func() { s.tellRates(c) })
	s.reports = append(s.reports, func() { s.tellTotals(c) })
}

// topic finds the tally of a message's topic: its first part if it has more,
// else its first word.
func (c *counts) topic(r *cli.Record) *tally {
	name := r.Parts[0]
	if len(r.Parts) == 1 {
		if at := bytes.IndexAny(name, " \t\n"); at >= 0 {
			name = name[:at]
		}
	}
	name = name[:min(len(name), 64)]
	t, ok := c.topics[string(name)]
	if ok {
		return t
	}
	key := string(name)
	if len(c.topics) >= topicsMax {
		key = "(others)"
		if t, ok := c.topics[key]; ok {
			return t
		}
	}
	t = &tally{}
	c.topics[key] = t
	return t
}

func (s *session) tellRates(c *counts) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var before [2]tally
	for {
		select {
		case <-tick.C:
		case <-s.ctx.Done():
			return
		}
		s.watching.Lock()
		now := c.total
		s.watching.Unlock()
		s.log.At(0, "%s", rates(now, before, time.Second))
		before = now
	}
}

func rates(now, before [2]tally, span time.Duration) string {
	var texts []string
	for d, verb := range []string{"received", "sent"} {
		n, b := now[d].messages-before[d].messages, now[d].bytes-before[d].bytes
		if now[d].messages > 0 {
			texts = append(texts, fmt.Sprintf("%s %.0f messages/s, %s/s", verb, float64(n)/span.Seconds(), cli.FormatSize(float64(b)/span.Seconds())))
		}
	}
	if texts == nil {
		return "no messages yet"
	}
	return strings.Join(texts, "; ")
}

// tellTotals is the summary at the end of the run.
func (s *session) tellTotals(c *counts) {
	span := max(time.Since(s.started), time.Millisecond)
	for d, verb := range []string{"received", "sent"} {
		if t := c.total[d]; t.messages > 0 || direction(d) == s.kind.main() {
			s.log.At(0, "%s %d %s, %s in %v", verb, t.messages, cli.Plural(int(t.messages), "message"), cli.FormatSize(float64(t.bytes)), span.Round(time.Millisecond))
		}
	}
	s.log.At(0, "%s; %d dropped", rates(c.total, [2]tally{}, span), s.lost())
	names := slices.SortedFunc(maps.Keys(c.topics), func(a, b string) int {
		return cmp.Or(cmp.Compare(c.topics[b].messages, c.topics[a].messages), cmp.Compare(a, b))
	})
	for _, name := range names[:min(len(names), topicShown)] {
		t := c.topics[name]
		s.log.At(0, "topic %q: %d %s, %s", name, t.messages, cli.Plural(int(t.messages), "message"), cli.FormatSize(float64(t.bytes)))
	}
}

// lost counts the messages that the sockets have dropped, and the answers that they
// refused since the peer had left.
func (s *session) lost() uint64 {
	n := uint64(s.dropped.Load())
	for _, sock := range s.made {
		n += sock.Stats().Dropped
	}
	return n
}

// roundTrips sums up what --rtt has measured.
type roundTrips struct {
	count                 int64
	total, least, longest time.Duration
}

// addRTT tells one round trip and keeps it for the summary.
func (s *session) addRTT(d time.Duration) {
	if !s.rtt {
		return
	}
	s.log.At(0, "round trip %v", d)
	t := &s.trips
	if t.count == 0 {
		t.least = d
	}
	t.count++
	t.total += d
	t.least, t.longest = min(t.least, d), max(t.longest, d)
}

// tellRTTs is the summary of --rtt.
func (s *session) tellRTTs() {
	if t := s.trips; t.count > 0 {
		s.log.At(0, "round trips: %d, min %v, mean %v, max %v", t.count, t.least, t.total/time.Duration(t.count), t.longest)
	}
}
