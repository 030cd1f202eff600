// Command assembly writes the file NAME_amd64.s of a package of lib/internal into
// its folder:
//
//	go generate ./lib/internal/salsa ./lib/internal/poly1305
package main

import (
	"fmt"
	"os"
	"strings"
)

// files are what it can write.
var files = map[string]func(*source){"salsa": (*source).salsa, "poly1305": (*source).poly1305}

func main() {
	name := strings.Join(os.Args[1:], " ")
	if files[name] == nil {
		fmt.Fprintf(os.Stderr, "assembly: there is no %q\n", name)
		os.Exit(2)
	}
	if err := os.WriteFile(name+"_amd64.s", []byte(assembly(name)), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// assembly is the whole file of that name.
func assembly(name string) string {
	var s source
	s.WriteString("// Written by scripts/assembly. DO NOT EDIT.\n\n//go:build !purego\n\n#include \"textflag.h\"\n")
	files[name](&s)
	return s.String()
}

// source is an assembly file in the making.
type source struct{ strings.Builder }

func (s *source) line(format string, args ...any) { fmt.Fprintf(s, "\t"+format+"\n", args...) }

func (s *source) label(name string) { fmt.Fprintf(s, "\n%s:\n", name) }

// head begins a function and loads its arguments, of 8 bytes each, into the
// registers.
func (s *source) head(name string, frame int, args string, registers ...string) {
	fmt.Fprintf(s, "\n// func %s(%s)\n", name, args)
	fmt.Fprintf(s, "TEXT ·%s(SB), 0, $%d-%d\n", name, frame, 8*len(registers))
	for i, arg := range strings.Split(args, ", ") {
		arg, _, _ = strings.Cut(arg, " ")
		s.line("MOVQ %s+%d(FP), %s", arg, 8*i, registers[i])
	}
}

func (s *source) tail() {
	s.line("VZEROUPPER")
	s.line("RET")
}
