package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// multicastRow publishes over epgm from one network namespace to another, since
// OpenPGM does not deliver on the same host and no packet is to leave it.
func multicastRow(size int) special {
	return special{
		name: "epgm/thr/" + bytesName(size), target: "≥ 1× libzmq",
		measure: func(b *bench, ctx context.Context) (outcome, error) { return b.multicast(ctx, size) },
		met:     func(o outcome) bool { return o.other > 0 && o.ratio() >= 1 },
		show:    func(v float64) string { return si(v) + " msg/s" },
	}
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

func (b *bench) multicast(ctx context.Context, size int) (o outcome, err error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	defer inTurn(context.WithoutCancel(ctx), multicastDown)
	if err := inTurn(ctx, multicastUp); err != nil {
		return o, err
	}
	for name, rate := range map[string]*float64{"ours": &o.ours, "libzmq": &o.other} {
		p, err := b.program(name)
		if err != nil {
			return o, err
		}
		const group = ";239.192.1.1:5555"
		more := []string{strconv.Itoa(size), "1000"}
		receiver := append([]string{"netns", "exec", "zmcast-b", p.path, "mcast-recv", "epgm://10.97.0.2" + group}, more...)
		sender := append([]string{"netns", "exec", "zmcast-a", p.path, "mcast-send", "epgm://10.97.0.1" + group}, more...)
		s, err := pair(ctx, "ip", receiver, sender, true)
		if err != nil {
			return o, fmt.Errorf("%s: %w", name, err)
		}
		*rate = s.perSecond()
	}
	return o, nil
}
