package main

import (
	"fmt"
	"time"

	"ztools/lib/cli"
	"ztools/lib/zmq"
)

// help starts what runs beside the proxies: --stats and --metrics.
func (g *group) help() {
	if g.stats > 0 {
		g.helpers.Go(g.tellStats)
	}
	if g.metrics != nil {
		g.serveMetrics()
	}
}

// flow is one direction of a proxy.
type flow struct {
	label   string
	traffic zmq.ProxyTraffic
}

// flows are the directions in which messages pass, from what was sent.
func (p *proxy) flows() []flow {
	stats := p.relay.Stats()
	var list []flow
	for _, d := range []struct {
		label    string
		from, to zmq.Type
		traffic  zmq.ProxyTraffic
	}{
		{"frontend to backend", p.config.front.typ, p.config.back.typ, stats.BackSent},
		{"backend to frontend", p.config.back.typ, p.config.front.typ, stats.FrontSent},
	} {
		if roles[d.from]&gives != 0 && roles[d.to]&takes != 0 {
			list = append(list, flow{p.label(d.label), d.traffic})
		}
	}
	return list
}

// tellStats tells totals and rates each --stats, and once more at the end.
func (g *group) tellStats() {
	last := map[string]uint64{}
	then := time.Now()
	members := g.running()
	tell := func() {
		now := time.Now()
		for _, m := range members {
			for _, f := range m.flows() {
				n := f.traffic.Messages
				rate := float64(n-min(n, last[f.label])) / now.Sub(then).Seconds()
				g.log.At(0, "%s", fmt.Sprintf("%s: %d messages, %s, %.0f messages/s", f.label, n, cli.FormatSize(float64(f.traffic.Bytes)), rate))
				last[f.label] = n
			}
		}
		then = now
	}
	defer tell()
	tick := time.NewTicker(g.stats)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			members = g.running()
			tell()
		case <-g.over:
			return
		}
	}
}
