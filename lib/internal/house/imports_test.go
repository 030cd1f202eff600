package house

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// policy says which package of the module may import which: those behind a < may
// import all before it, and what these may. A name stands for its whole folder,
// lib/internal/NAME, lib/NAME or NAME.
const policy = `
	errno, z85, secret < curve, msg, option, trie < wire, pipe, sysfd
	wire, curve, kerberos, poly1305, salsa < security
	pipe, trie, option < pattern
	wire, option < transport
	wire < tap < cmd
	security, transport, pipe < engine
	engine, pattern, sysfd < zmq < cli < cmd
	zmq, option < libzmq
`

// pure are the packages that know no network, read no clock and start no
// goroutine. Addresses and durations as values are no network and no clock.
var pure = []string{"errno", "msg", "option", "trie", "wire", "security", "pattern", "z85", "curve", "secret", "tap"}

// clock are the functions of package time that read the clock or wait for it.
var clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// allowed turns the policy into the set of imports of each name.
func allowed() map[string]map[string]bool {
	may := map[string]map[string]bool{}
	for line := range strings.Lines(policy) {
		var before []string
		for part := range strings.SplitSeq(line, "<") {
			names := strings.FieldsFunc(part, func(r rune) bool { return strings.ContainsRune(", \t\n", r) })
			for _, name := range names {
				if may[name] == nil {
					may[name] = map[string]bool{}
				}
				for _, b := range before {
					may[name][b] = true
					maps.Copy(may[name], may[b])
				}
			}
			before = append(before, names...)
		}
	}
	return may
}

// name is what the policy calls the package in dir.
func name(dir string) string {
	dir = strings.TrimPrefix(strings.TrimPrefix(dir, "lib/"), "internal/")
	first, _, _ := strings.Cut(dir, "/")
	return first
}

func TestPolicyReadsAsWritten(t *testing.T) {
	may := allowed()
	for _, tt := range []struct {
		importer, imported string
		want               bool
	}{
		{"msg", "errno", true},
		{"engine", "errno", true},
		{"zmq", "pattern", true},
		{"pattern", "engine", false},
		{"engine", "pattern", false},
		{"errno", "msg", false},
		{"zmq", "cli", false},
	} {
		if got := may[tt.importer][tt.imported]; got != tt.want {
			t.Errorf("%s may import %s: %v", tt.importer, tt.imported, got)
		}
	}
}

func TestImportsPointOneWay(t *testing.T) {
	may := allowed()
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		own := name(s.dir)
		if may[own] == nil {
			t.Errorf("%s: %q is not in the policy", s.path, own)
			continue
		}
		for _, spec := range s.ast.Imports {
			target, inside := strings.CutPrefix(unquote(spec.Path.Value), "ztools/")
			if other := name(target); inside && other != own && !may[own][other] {
				t.Errorf("%s: %s may not import %s", s.where(spec), own, other)
			}
		}
	}
}

func TestPurePackages(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() || !slices.Contains(pure, name(s.dir)) {
			continue
		}
		for _, spec := range s.ast.Imports {
			// errno names the network's errors as equals of its own.
			if p := unquote(spec.Path.Value); p == "net" && name(s.dir) != "errno" || p == "os/exec" || p == "syscall" {
				t.Errorf("%s: imports %s", s.where(spec), p)
			}
		}
		for _, f := range clock {
			for _, call := range s.calls("time", f) {
				t.Errorf("%s: reads the clock with time.%s", s.where(call), f)
			}
		}
	}
}

func unquote(literal string) string {
	s, err := strconv.Unquote(literal)
	if err != nil {
		panic(err) // the parser let it through
	}
	return s
}
