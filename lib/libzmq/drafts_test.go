//go:build linux && cgo

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// withDrafts is a folder with a libzmq 4.3.5 that has the drafts. It is a part of
// zeromq.js, a shared library that wants to be loaded by node. What node would
// give it stands in libnode.so, and is never called.
func withDrafts(t *testing.T) string {
	t.Helper()
	addons, err := filepath.Glob(root + "/.peers/node_modules/zeromq/build/linux/x64/node/glibc-*/addon.node")
	if err != nil {
		t.Fatal(err)
	}
	for _, addon := range addons { // each for another C library
		if dir := t.TempDir(); linked(t, dir, addon) {
			return dir
		}
	}
	missing(t, "zeromq.js with a libzmq for this system")
	return ""
}

// linked copies an addon into dir, and reports whether a program can be linked
// with it.
func linked(t *testing.T, dir, addon string) bool {
	t.Helper()
	b, err := os.ReadFile(addon)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/addon.node", b, 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("nm", "-D", "--undefined-only", "--format=just-symbols", dir+"/addon.node").Output()
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for name := range strings.FieldsSeq(string(out)) {
		if strings.HasPrefix(name, "napi_") || strings.HasPrefix(name, "uv_") {
			fmt.Fprintf(&source, "void %s(void) { __builtin_trap(); }\n", name)
		}
	}
	gcc := exec.Command("gcc", "-shared", "-fPIC", "-o", dir+"/libnode.so", "-xc", "-")
	gcc.Stdin = strings.NewReader(source.String())
	if out, err := gcc.CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	gcc = exec.Command("gcc", "-o", dir+"/probe", "-Wl,--no-as-needed", dir+"/addon.node", dir+"/libnode.so", "-xc", "-")
	gcc.Stdin = strings.NewReader("void *zmq_poller_new(void);\nint main(void) { return !zmq_poller_new(); }\n")
	return gcc.Run() == nil
}
