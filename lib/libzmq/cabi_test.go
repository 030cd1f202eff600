//go:build linux && cgo

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The tests are programs in C, testdata/cabi, that run on this library and on
// Debian's libzmq 4.3.4, and must end with 0 on both. Those about drafts run on
// libzmq 4.3.5 as well, which zeromq.js carries (drafts_test.go).

const (
	root     = "../.."
	programs = root + "/testdata/cabi"
	// patience bounds a program; its own alarm is shorter.
	patience = 60 * time.Second
)

// undrafted are the programs that Debian's libzmq, which has no drafts, cannot be
// linked with; drafted are those that run on one that has them.
var (
	undrafted = []string{"draft"}
	drafted   = []string{"draft", "table"}
)

// scratch is the folder that our library is built into.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "libzmq"); err != nil {
		panic(err)
	}
	status := m.Run()
	os.RemoveAll(scratch)
	os.Exit(status)
}

// checked says that our library and the programs are built with AddressSanitizer
// (make asan).
var checked = os.Getenv("ZTOOLS_ASAN") == "1"

// library builds ours, once.
var library = sync.OnceValue(func() error {
	args := []string{scratch}
	if checked {
		args = append(args, "-asan")
	}
	out, err := exec.Command(root+"/scripts/build-lib.sh", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("build-lib.sh: %w\n%s", err, out)
	}
	return nil
})

// ours is the folder of our library.
func ours(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		missing(t, "gcc")
	}
	if err := library(); err != nil {
		t.Fatal(err)
	}
	return scratch
}

// missing ends a test for which something is not installed; where all has to be,
// it fails.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("ZTOOLS_REQUIRE_PEERS") == "1" {
		t.Fatal("needs " + what)
	}
	t.Skip("skipped: needs " + what)
}

// compile makes a program; against libzmq's library if that can be, since that
// proves that ours takes its place.
func compile(t *testing.T, lib, source string) string {
	t.Helper()
	var libs []string
	if checked || theirs() == "" || slices.Contains(undrafted, nameOf(source)) {
		libs = append(libs, "-L"+lib)
	}
	return build(t, source, append(libs, "-I"+lib, "-lzmq")...)
}

// build makes a program of C with what gcc is told besides.
func build(t *testing.T, source string, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	writeOptions(t, dir)
	name := filepath.Join(dir, nameOf(source))
	args = append([]string{"-g", "-Wall", "-Wextra", "-Werror", "-I" + dir, "-o", name, source}, args...)
	if checked {
		args = append(args, "-fsanitize=address")
	}
	out, err := exec.Command("gcc", append(args, "-lpthread")...).CombinedOutput()
	if err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	return name
}

// nameOf is what a program is called.
func nameOf(source string) string { return strings.TrimSuffix(filepath.Base(source), ".c") }

// theirs is the folder of the system's libzmq, "" if there is none.
var theirs = sync.OnceValue(func() string {
	out, err := exec.Command("gcc", "-print-file-name=libzmq.so").Output()
	if path := strings.TrimSpace(string(out)); err == nil && filepath.IsAbs(path) {
		return filepath.Dir(path)
	}
	return ""
})

// run runs a program on the library in dir.
func run(t *testing.T, dir string, env []string, name string, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(append(os.Environ(), "LD_LIBRARY_PATH="+dir, "ASAN_OPTIONS=allocator_may_return_null=1"), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", name, err, out)
	}
	return out
}

func TestPrograms(t *testing.T) {
	lib := ours(t)
	sources, err := filepath.Glob(programs + "/*.c")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no programs: %v", err)
	}
	for _, source := range sources {
		name := nameOf(source)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if checked && name == "cycle" {
				t.Skip("skipped: AddressSanitizer keeps freed memory")
			}
			program := compile(t, lib, source)
			t.Run("ours", func(t *testing.T) { run(t, lib, []string{"CABI_OURS=1"}, program) })
			t.Run("libzmq", func(t *testing.T) {
				switch {
				case checked:
					t.Skip("skipped: a program with AddressSanitizer is for ours")
				case slices.Contains(undrafted, name):
					t.Skip("skipped: it has no drafts; the next one has")
				case theirs() == "":
					missing(t, "libzmq3-dev")
				}
				run(t, theirs(), nil, program)
			})
			if slices.Contains(drafted, name) && !checked {
				t.Run("drafts", func(t *testing.T) {
					dir := withDrafts(t)
					program := build(t, source, "-I"+lib, "-Wl,--no-as-needed", dir+"/addon.node", dir+"/libnode.so")
					run(t, dir, nil, program)
				})
			}
		})
	}
}

// The library exports what zmq.h declares, and nothing else.
func TestExports(t *testing.T) {
	lib := ours(t)
	out, err := exec.Command("nm", "-D", "--defined-only", "--format=just-symbols", lib+"/libzmq.so.5").Output()
	if err != nil {
		t.Fatal(err)
	}
	exported := strings.Fields(string(out))
	header, err := os.ReadFile("zmq.h")
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string]bool{}
	for line := range bytes.Lines(header) {
		if decl, found := bytes.CutPrefix(line, []byte("ZMQ_EXPORT ")); found {
			before, _, _ := bytes.Cut(decl, []byte("("))
			fields := bytes.FieldsFunc(before, func(r rune) bool { return r == ' ' || r == '*' })
			declared[string(fields[len(fields)-1])] = true
		}
	}
	if len(declared) != 97 {
		t.Errorf("zmq.h declares %d calls, libzmq 97", len(declared))
	}
	for _, name := range exported {
		if !declared[name] {
			t.Errorf("%s is exported", name)
		}
		delete(declared, name)
	}
	for name := range declared {
		t.Errorf("%s is not exported", name)
	}
}
