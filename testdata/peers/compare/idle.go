package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// idlePeers is the number of connections that rest on one process.
const idlePeers = 9000

var idleWorks = []special{{
	name: "idle", target: fmt.Sprintf("≤ %g× libzmq", mostIdle), measure: (*bench).idle, judge: most(mostIdle),
	show: func(v float64) string { return fmt.Sprintf("%.1f KiB", v/kibi) },
}}

// idle compares what a connected idle peer costs ours and libzmq, in bytes of
// resident memory of the process that holds them.
func (b *bench) idle(ctx context.Context) (outcome, error) {
	client, err := b.ownGo(ctx, "rawgo")
	if err != nil {
		return outcome{}, err
	}
	ours, err := b.program(ctx, "ours")
	if err != nil {
		return outcome{}, err
	}
	var o outcome
	if o.ours, err = b.idlePeer(ctx, ours.path, client); err != nil {
		return outcome{}, err
	}
	if libzmq, missing := b.program(ctx, "libzmq"); missing == nil {
		o.other, err = b.idlePeer(ctx, libzmq.path, client)
	}
	return o, err
}

// idlePeer connects many peers to a server and returns its growth for each.
func (b *bench) idlePeer(ctx context.Context, server, client string) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	endpoint, err := b.endpoint("tcp")
	if err != nil {
		return 0, err
	}
	s, err := start(ctx, server, "idle-server", endpoint)
	if err != nil {
		return 0, err
	}
	defer s.end()
	if err := s.expect("ready"); err != nil {
		return 0, err
	}
	before, err := resident(s.cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	n := affordable(idlePeers)
	c, err := start(ctx, client, "idle-client", endpoint, strconv.Itoa(n))
	if err != nil {
		return 0, err
	}
	defer c.end()
	if err := c.expect("connected"); err != nil {
		return 0, err
	}
	time.Sleep(time.Second) // what the handshakes left behind settles
	after, err := resident(s.cmd.Process.Pid)
	return float64(after-before) / float64(n), err
}

// affordable lowers a number of connections to what the limit on open files
// leaves for them.
func affordable(n int) int {
	limit := openFiles()
	if limit >= n+others {
		return n
	}
	progress(" (only %d peers: limit on open files)", limit-others)
	return limit - others
}

// others is how many descriptors a process has beside those of its connections.
const others = 200

// openFiles is how many descriptors a process may have.
func openFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Max > math.MaxInt32 {
		return math.MaxInt32
	}
	return int(limit.Max)
}

// resident reads a process's resident memory in bytes, as Linux tells it.
func resident(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, found := strings.Cut(string(text), "VmRSS:")
	if !found {
		return 0, errors.New("no VmRSS in the process's status")
	}
	var pages int
	_, err = fmt.Sscan(rest, &pages)
	return pages * kibi, err
}
