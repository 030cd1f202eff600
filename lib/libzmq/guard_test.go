//go:build linux && cgo

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// A panic must not reach C: every function that C calls begins with the guard.
// socket.c has some of them panic.
func TestGuards(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	exported := 0
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Doc == nil || !strings.Contains(f.Doc.List[len(f.Doc.List)-1].Text, "//export ") {
				continue
			}
			exported++
			if !guarded(f.Body) {
				t.Errorf("%s: %s has no guard before everything else", name, f.Name.Name)
			}
		}
	}
	if exported < 20 {
		t.Errorf("found %d functions that C calls", exported)
	}
}

// guarded reports whether the first thing that a body does is to defer guard;
// variables may be declared before.
func guarded(body *ast.BlockStmt) bool {
	for _, statement := range body.List {
		switch s := statement.(type) {
		case *ast.DeclStmt:
			continue
		case *ast.DeferStmt:
			f, ok := s.Call.Fun.(*ast.Ident)
			return ok && f.Name == "guard"
		}
		return false
	}
	return false
}
