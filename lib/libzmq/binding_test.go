//go:build linux && cgo

package main

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const python = "/usr/bin/python3" // Debian's, which has its packages

// bindings are programs of others, and in other languages, that run on our library
// as they are (make examples). What they are compiled with is the system's.
var bindings = []struct {
	name    string
	debian  string   // the packages that it needs
	probe   []string // the command that tells whether they are there
	compile []string // with the program's name behind it; nil for a script
	run     []string // of a script
}{
	{"c", "libzmq3-dev", []string{"gcc", "-fsyntax-only", "-xc", "-include", "zmq.h", "/dev/null"},
		[]string{"gcc", "-Wall", "-Wextra", "-Werror", "hello.c", "-lzmq", "-lpthread", "-o"}, nil},
	{"dlopen", "libzmq3-dev", []string{"gcc", "-fsyntax-only", "-xc", "-include", "zmq.h", "/dev/null"},
		[]string{"gcc", "-Wall", "-Wextra", "-Werror", "late.c", "-ldl", "-lpthread", "-o"}, nil},
	{"czmq", "libczmq-dev", []string{"gcc", "-fsyntax-only", "-xc", "-include", "czmq.h", "/dev/null"},
		[]string{"gcc", "-Wall", "-Wextra", "-Werror", "actors.c", "-lczmq", "-lzmq", "-o"}, nil},
	{"cppzmq", "cppzmq-dev", []string{"g++", "-fsyntax-only", "-xc++", "-include", "zmq_addon.hpp", "/dev/null"},
		[]string{"g++", "-std=c++17", "-Wall", "hello.cpp", "-lzmq", "-lpthread", "-o"}, nil},
	{"glib", "libglib2.0-dev pkg-config", []string{"pkg-config", "--exists", "glib-2.0"},
		[]string{"sh", "-c", `gcc -Wall -Wextra -Werror glib.c -o "$0" $(pkg-config --cflags --libs glib-2.0) -lzmq`}, nil},
	{"pyzmq", "python3-zmq", []string{python, "-c", "import zmq"}, nil, []string{python, "loop.py"}},
	{"uvloop", "python3-zmq python3-uvloop", []string{python, "-c", "import zmq, uvloop"}, nil, []string{python, "loop.py", "uvloop"}},
	{"aiozmq", "python3-aiozmq python3-msgpack", []string{python, "-c", "import aiozmq.rpc"}, nil, []string{python, "rpc.py"}},
	{"perl", "libzmq-ffi-perl", []string{"perl", "-MZMQ::FFI", "-e", "0"}, nil, []string{"perl", "hello.pl"}},
	{"ruby", "ruby-ffi-rzmq", []string{"ruby", "-e", "require 'ffi-rzmq'"}, nil, []string{"ruby", "hello.rb"}},
}

func TestBindings(t *testing.T) {
	lib := ours(t)
	if checked {
		t.Skip("skipped: a program without AddressSanitizer cannot load it")
	}
	for _, b := range bindings {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			if exec.Command(b.probe[0], b.probe[1:]...).Run() != nil {
				missing(t, b.debian)
			}
			command := slices.Clone(b.run)
			for i, word := range command {
				if strings.Contains(word, ".") && i > 0 {
					command[i] = programs + "/programs/" + word
				}
			}
			if b.compile != nil {
				command = []string{filepath.Join(t.TempDir(), b.name)}
				gcc := exec.Command(b.compile[0], append(b.compile[1:len(b.compile):len(b.compile)], command[0])...)
				gcc.Dir = programs + "/programs"
				if out, err := gcc.CombinedOutput(); err != nil {
					t.Fatalf("%s: %v\n%s", b.compile[0], err, out)
				}
			}
			run(t, lib, nil, command[0], command[1:]...)
		})
	}
}
