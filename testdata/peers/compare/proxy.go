package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// These rows pass messages through a proxy, between two ends of ours (ours/proxy.go):
// faster ones than libzmq's would not show it.

// proxyKind is a proxy by the name that zproxy gives it, and its ends: the one
// before it connects to it, the one behind binds.
type proxyKind struct {
	name           string
	row            string   // behind the name, in that of the row
	before, behind string   // works of ours
	at             string   // what says to the work behind that it binds
	more           []string // arguments of both
	behindMeasures bool
}

var proxyKinds = []proxyKind{
	{name: "streamer", before: "thr-send", behind: "thr-recv", behindMeasures: true},
	{name: "forwarder", before: "pub-send", behind: "sub-recv", at: "@", more: []string{"1"}, behindMeasures: true},
	{name: "queue", before: "ask", behind: "answer", more: []string{"6"}},
}

var proxyWorks = func() []special {
	all := []special{metricsRow}
	for _, size := range []int{16, 64 * kibi} {
		for _, k := range proxyKinds {
			all = append(all, proxyRow(k, size), proxyAllocations(k, size))
		}
	}
	return append(all, proxyRow(loneCaller, 16))
}()

// proxyRow is the rate through zproxy and through zmq_proxy.
func proxyRow(k proxyKind, size int) special {
	bound := 2.5
	if size > kibi {
		bound = 1.2
	}
	return special{
		name: "proxy/" + k.name + k.row + "/" + bytesName(size), target: fmt.Sprintf("≥ %g× libzmq", bound), judge: least(bound), show: si,
		measure: func(b *bench, ctx context.Context) (outcome, error) {
			zproxy, err := b.tool(ctx, "zproxy")
			if err != nil {
				return outcome{}, err
			}
			libzmq, err := b.program(ctx, "libzmq")
			if err != nil {
				return outcome{}, err
			}
			return b.rivals(
				func(n int) (sample, error) { return b.proxied(ctx, k, size, n, zproxy, k.arguments) },
				func(n int) (sample, error) {
					return b.proxied(ctx, k, size, n, libzmq.path, func(front, back string) []string { return []string{"proxy", k.name, front, back} })
				})
		},
	}
}

// loneCaller is a queue with one caller: its 500 requests leave the proxy waiting for
// the ends most of the time, so how soon those wake up counts as well.
var loneCaller = proxyKind{name: "queue", row: "/one", before: "ask", behind: "answer", more: []string{"1"}}

// arguments are zproxy's between two endpoints. XPUB waits for whom it has no room
// for, as that of c/many.c.
func (k proxyKind) arguments(front, back string) []string {
	a := []string{k.name, "@" + front, ">" + back, "-q"}
	if k.name == "forwarder" {
		a = append(a, "--backend-option", "xpub_nodrop=true")
	}
	return a
}

// proxied sends n messages through a proxy, whose arguments are made of its two
// endpoints.
func (b *bench) proxied(ctx context.Context, k proxyKind, size, n int, path string, arguments func(front, back string) []string) (sample, error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	ends, err := b.program(ctx, "ours")
	if err != nil {
		return sample{}, err
	}
	front, err := b.endpoint("tcp")
	if err != nil {
		return sample{}, err
	}
	back, err := b.endpoint("tcp")
	if err != nil {
		return sample{}, err
	}
	proxy, err := start(ctx, path, arguments(front, back)...)
	if err != nil {
		return sample{}, err
	}
	defer proxy.end()
	end := func(mode, endpoint string) []string {
		return append([]string{mode, endpoint, strconv.Itoa(size), strconv.Itoa(n)}, k.more...)
	}
	s, err := pair(ctx, ends.path, end(k.behind, k.at+back), end(k.before, front), k.behindMeasures, proxy)
	if err != nil {
		err = fmt.Errorf("around %s: %w", filepath.Base(path), err)
	}
	return s, err
}

// proxyAllocations counts heap objects per message of a proxy and its ends, all in
// one process.
func proxyAllocations(k proxyKind, size int) special {
	return allocationRow("allocs/proxy/"+k.name+"/"+bytesName(size), func(b *bench, ctx context.Context) (outcome, error) {
		ours, err := b.program(ctx, "ours")
		if err != nil {
			return outcome{}, err
		}
		return b.mallocs(func(n int) (sample, error) {
			ctx, cancel := context.WithTimeout(ctx, runLimit)
			defer cancel()
			front, err := b.endpoint("tcp")
			if err != nil {
				return sample{}, err
			}
			back, err := b.endpoint("tcp")
			if err != nil {
				return sample{}, err
			}
			return alone(ctx, ours.path, "allocs-proxy", k.name, front, back, strconv.Itoa(size), strconv.Itoa(n))
		})
	})
}

// metricsRow is the rate through zproxy whose metrics are read all the time against
// that of one without any.
var metricsRow = special{
	name: "proxy/metrics/16", target: "≥ 0.97× without", judge: least(0.97), show: si,
	measure: func(b *bench, ctx context.Context) (outcome, error) {
		zproxy, err := b.tool(ctx, "zproxy")
		if err != nil {
			return outcome{}, err
		}
		k := proxyKinds[0]
		plain := func(n int) (sample, error) { return b.proxied(ctx, k, 16, n, zproxy, k.arguments) }
		return b.closely(func(n int) (sample, error) {
			at, err := b.endpoint("tcp")
			if err != nil {
				return sample{}, err
			}
			at = strings.TrimPrefix(at, "tcp://")
			leave := scrape(ctx, "http://"+at+"/metrics")
			s, err := b.proxied(ctx, k, 16, n, zproxy, func(front, back string) []string {
				return append(k.arguments(front, back), "--metrics", at)
			})
			if pages := leave(); err == nil && pages == 0 {
				err = fmt.Errorf("no metrics at %s", at)
			}
			return s, err
		}, plain)
	},
}

// scrapes is how often metrics are read: a hundred times as often as is usual.
const scrapes = 100 * time.Millisecond

// scrape reads a page again and again until it is left, and tells how often there
// was one.
func scrape(ctx context.Context, url string) (leave func() int) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan int)
	go func() {
		pages := 0
		for t := time.Tick(scrapes); ; {
			select {
			case <-ctx.Done():
				done <- pages
				return
			case <-t:
				if read(ctx, url) == nil {
					pages++
				}
			}
		}
	}()
	return func() int { cancel(); return <-done }
}

func read(ctx context.Context, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}
