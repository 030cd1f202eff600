package option

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A test names an option if its function does, or whatever its function uses of the
// tests of its package: tables, helpers, types. A comment does not count, nor does a
// longer word.

// sources are the declarations of the tests of each directory, by name.
type sources map[string]map[string][]ast.Node

// check checks that the proof of e exists and names it.
func (s sources) check(t *testing.T, e effect) {
	t.Helper()
	dir, test, isTest := strings.Cut(e.proof, ".Test")
	var proof []ast.Node
	switch {
	case isTest:
		proof = s.used(t, dir, "Test"+test)
	case strings.HasSuffix(e.proof, ".go"):
		proof = []ast.Node{parse(t, e.proof)}
	default: // a program in C
		if text, err := os.ReadFile("../../../" + e.proof); err == nil {
			proof = []ast.Node{&ast.BasicLit{Kind: token.STRING, Value: string(text)}}
		}
	}
	if len(proof) == 0 {
		t.Errorf("%s %s: %s does not exist", e.level, e.name, e.proof)
		return
	}
	is := namer(e)
	for _, n := range proof {
		found := false
		ast.Inspect(n, func(n ast.Node) bool { found = found || is(n); return !found })
		if found {
			return
		}
	}
	t.Errorf("%s %s: %s does not name it", e.level, e.name, e.proof)
}

// namer tells whether a node is the option's name, in libzmq's spelling or in Go's,
// or the list that it adds to.
func namer(e effect) func(ast.Node) bool {
	name := strings.TrimSuffix(e.name, "name") // of X-name
	text := regexp.MustCompile(`(\b|_)` + name + `(\b|_)`)
	if name != e.name {
		text = regexp.MustCompile(`\b` + name)
	}
	return func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			return n.Kind == token.STRING && text.MatchString(n.Value)
		case *ast.Ident:
			plain := strings.ReplaceAll(name, "_", "")
			return n.IsExported() && (strings.EqualFold(n.Name, plain) || strings.EqualFold(n.Name, plain+"s"))
		}
		return false
	}
}

// used are the declaration of name and those that it uses, directly or not.
func (s sources) used(t *testing.T, dir, name string) (list []ast.Node) {
	t.Helper()
	all, seen := s.of(t, dir), map[string]bool{name: true}
	for names := []string{name}; len(names) > 0; names = names[1:] {
		for _, d := range all[names[0]] {
			list = append(list, d)
			ast.Inspect(d, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && !seen[id.Name] {
					seen[id.Name] = true
					names = append(names, id.Name)
				}
				return true
			})
		}
	}
	return list
}

// of are the declarations of a directory.
func (s sources) of(t *testing.T, dir string) map[string][]ast.Node {
	t.Helper()
	if s[dir] != nil {
		return s[dir]
	}
	all := map[string][]ast.Node{}
	files, err := filepath.Glob("../../../" + dir + "/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		for _, d := range parse(t, strings.TrimPrefix(name, "../../../")).Decls {
			declared(d, all)
		}
	}
	s[dir] = all
	return all
}

func parse(t *testing.T, name string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../../"+name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// declared adds what d declares; methods by their own name alone.
func declared(d ast.Decl, all map[string][]ast.Node) {
	add := func(id *ast.Ident, n ast.Node) { all[id.Name] = append(all[id.Name], n) }
	if f, ok := d.(*ast.FuncDecl); ok {
		add(f.Name, f)
		return
	}
	for _, spec := range d.(*ast.GenDecl).Specs {
		switch spec := spec.(type) {
		case *ast.ValueSpec:
			for _, id := range spec.Names {
				add(id, spec)
			}
		case *ast.TypeSpec:
			add(spec.Name, spec)
		}
	}
}
