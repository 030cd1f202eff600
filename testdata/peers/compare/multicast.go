package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// These rows publish over epgm from one network namespace to another, since OpenPGM
// does not deliver on the same host and no packet is to leave it.
var multicastWorks = []special{multicastRow(16), multicastRow(kibi), multicastRateRow}

// fullRates are RATEs of which each library has the one that suits it best: the first
// binds 1 KiB messages, of the second OpenPGM may lose nearly all. givenRate both can
// keep. All are in kbit/s.
var fullRates = []int{400_000, 2_000_000}

const givenRate = 100_000

// multicastRow is how many messages arrive in a second.
func multicastRow(size int) special {
	return special{
		name: "epgm/thr/" + bytesName(size), target: "≥ 1× libzmq", judge: least(1),
		show: func(v float64) string { return si(v) + " msg/s" },
		measure: func(b *bench, ctx context.Context) (outcome, error) {
			return b.multicast(ctx, func(ctx context.Context, p program) (best float64, err error) {
				for _, rate := range fullRates {
					s, err := pair(ctx, "ip", member(p, "b", "mcast-recv", size, rate), member(p, "a", "mcast-send", size, rate), true)
					if err != nil {
						return 0, err
					}
					best = max(best, s.perSecond())
				}
				return best, nil
			})
		},
	}
}

// multicastRateRow is what goes over the wire in a second as a part of RATE.
var multicastRateRow = special{
	name: "epgm/rate", target: "0.95 to 1.05 of RATE", show: func(v float64) string { return fmt.Sprintf("%.3f", v) },
	judge: itself(func(v float64) bool { return v >= 0.95 && v <= 1.05 }),
	measure: func(b *bench, ctx context.Context) (outcome, error) {
		return b.multicast(ctx, func(ctx context.Context, p program) (float64, error) {
			sender, err := start(ctx, "ip", member(p, "a", "mcast-send", kibi, givenRate)...)
			if err != nil {
				return 0, err
			}
			defer sender.end()
			return wireRate(ctx)
		})
	},
}

// wireRate is what the sending host's interface passes on meanwhile, in parts of
// givenRate. It looks when the sender is under way.
func wireRate(ctx context.Context) (float64, error) {
	const lead, watched = 400 * time.Millisecond, 700 * time.Millisecond
	time.Sleep(lead)
	begin, before, err := passed(ctx)
	if err != nil {
		return 0, err
	}
	time.Sleep(watched)
	end, after, err := passed(ctx)
	return (after - before) * 8 / 1000 / end.Sub(begin).Seconds() / givenRate, err
}

// passed is how many bytes have left the sending host, and when.
func passed(ctx context.Context) (when time.Time, n float64, err error) {
	out, err := exec.CommandContext(ctx, "ip", strings.Fields("netns exec zmcast-a cat /sys/class/net/eth0/statistics/tx_bytes")...).Output()
	when = time.Now()
	if err == nil {
		n, err = strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	}
	return when, n, err
}

// member is the command line of an end on host a or b.
func member(p program, host, mode string, size, rate int) []string {
	address := map[string]string{"a": "10.97.0.1", "b": "10.97.0.2"}[host]
	return []string{"netns", "exec", "zmcast-" + host, p.path, mode, "epgm://" + address + ";239.192.1.1:5555",
		strconv.Itoa(size), "1000", strconv.Itoa(rate)}
}

// The two hosts: namespaces joined by a pair of interfaces.
var (
	multicastUp = []string{
		"netns add zmcast-a", "netns add zmcast-b",
		"-n zmcast-a link add eth0 type veth peer name eth0 netns zmcast-b",
		"-n zmcast-a addr add 10.97.0.1/24 dev eth0", "-n zmcast-b addr add 10.97.0.2/24 dev eth0",
		"-n zmcast-a link set eth0 up", "-n zmcast-b link set eth0 up",
		"-n zmcast-a route add default dev eth0", "-n zmcast-b route add default dev eth0",
	}
	multicastDown = []string{"netns del zmcast-a", "netns del zmcast-b"}
)

// inTurn calls ip(8) with each line.
func inTurn(ctx context.Context, lines []string) (err error) {
	for _, line := range lines {
		out, failed := exec.CommandContext(ctx, "ip", strings.Fields(line)...).CombinedOutput()
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("ip %s: %w: %s", line, failed, strings.TrimSpace(string(out))))
		}
	}
	return err
}

// multicast measures both while the hosts are there.
func (b *bench) multicast(ctx context.Context, measure func(context.Context, program) (float64, error)) (o outcome, err error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	defer inTurn(context.WithoutCancel(ctx), multicastDown)
	if err := inTurn(ctx, multicastUp); err != nil {
		return o, err
	}
	for name, figure := range map[string]*float64{"ours": &o.ours, "libzmq": &o.other} {
		p, err := b.program(ctx, name)
		if err != nil {
			return o, err
		}
		if *figure, err = measure(ctx, p); err != nil {
			return o, fmt.Errorf("%s: %w", name, err)
		}
	}
	return o, nil
}
