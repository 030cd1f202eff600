package main

import (
	"fmt"
	"slices"
	"strings"
)

// cell is one square of the comparison: a work over a transport with messages
// of one size.
type cell struct {
	transport string // tcp, ipc, inproc, or curve: CURVE over tcp
	work      string // thr: PUSH to PULL; lat: REQ to REP and back
	size      int    // bytes of a message
}

// name is how the cell is chosen and shown, such as tcp/thr/16K.
func (c cell) name() string { return c.transport + "/" + c.work + "/" + bytesName(c.size) }

const (
	kibi = 1 << 10
	mebi = 1 << 20
)

var (
	transports = []string{"tcp", "ipc", "inproc", "curve", "ws", "udp"}
	works      = []struct {
		name  string
		sizes []int
	}{
		{"thr", []int{1, 16, 64, 256, kibi, 8 * kibi, 16 * kibi, 64 * kibi, 256 * kibi, mebi}},
		{"lat", []int{16, kibi, 16 * kibi}},
	}
)

// target is what a range of cells must reach: throughput at least so many
// times, latency at most so many times that of the other. Zero is no target.
type target struct {
	transports  string
	work        string
	from, to    int // sizes in bytes, inclusive
	libzmq, raw float64
}

var targets = []target{
	{"tcp ipc", "thr", 1, 64, 3, 0},
	{"tcp ipc", "thr", 256, kibi, 2.5, 0},
	{"tcp ipc", "thr", 8 * kibi, 16 * kibi, 2, 0},
	{"tcp ipc", "thr", 64 * kibi, mebi, 1.3, 0.85},
	{"inproc", "thr", 16, kibi, 2.5, 0},
	{"curve", "thr", 16, 256, 2, 0},
	{"curve", "thr", kibi, kibi, 1.3, 0},
	{"curve", "thr", 64 * kibi, 64 * kibi, 1, 0},
	{"ws udp", "thr", 1, mebi, 1.5, 0},
	{"tcp ipc", "lat", 0, mebi, 0.6, 1.3},
	{"inproc", "lat", 0, mebi, 0.3, 0},
}

// omqTarget holds for every cell that OMQ can run.
const omqTarget = 1

// limit is one bound on the ratio of ours to a peer.
type limit struct {
	peer  string
	bound float64
}

// limits returns the bounds of the cell.
func (c cell) limits() []limit {
	var l []limit
	for _, t := range targets {
		if t.work != c.work || c.size < t.from || c.size > t.to || !strings.Contains(t.transports, c.transport) {
			continue
		}
		if t.libzmq > 0 {
			l = append(l, limit{c.libzmq(), t.libzmq})
		}
		if t.raw > 0 {
			l = append(l, limit{"raw", t.raw})
		}
	}
	if asked("omq", c) {
		l = append(l, limit{"omq", omqTarget})
	}
	return l
}

// asked reports whether a peer is asked to run a cell.
func asked(peer string, c cell) bool {
	return slices.ContainsFunc(recipes, func(r recipe) bool { return r.name == peer && program{only: r.only}.runs(c) })
}

// libzmq is the build of libzmq that knows the transport.
func (c cell) libzmq() string {
	if c.transport == "ws" || c.transport == "udp" {
		return drafts
	}
	return "libzmq"
}

// possible reports whether the work can be done with that size: over udp only
// one way, and a message is a packet.
func (c cell) possible() bool {
	return c.transport != "udp" || c.work == "thr" && c.size < 8*kibi
}

// sign is how a bound of the cell's work is written.
func (c cell) sign() string {
	if c.work == "lat" {
		return "≤"
	}
	return "≥"
}

// holds tells whether a ratio keeps the bound.
func (c cell) holds(ratio, bound float64) bool {
	if c.work == "lat" {
		return ratio <= bound
	}
	return ratio >= bound
}

// chosen returns the cells and the special works that filter, a list of names
// or of whole leading parts of names, asks for; all if it is empty.
func chosen(filter string) (cells []cell, specials []special) {
	parts := strings.FieldsFunc(filter, func(r rune) bool { return r == ',' })
	wanted := func(name string) bool {
		return len(parts) == 0 || slices.ContainsFunc(parts, func(part string) bool {
			return name == part || strings.HasPrefix(name, strings.TrimSuffix(part, "/")+"/")
		})
	}
	for _, w := range works {
		for _, t := range transports {
			for _, size := range w.sizes {
				c := cell{t, w.name, size}
				if !c.possible() {
					continue
				}
				if wanted(c.name()) || wanted(fmt.Sprintf("%s/%s/%d", t, w.name, size)) {
					cells = append(cells, c)
				}
			}
		}
	}
	for _, s := range specialWorks {
		if wanted(s.name) {
			specials = append(specials, s)
		}
	}
	return cells, specials
}
