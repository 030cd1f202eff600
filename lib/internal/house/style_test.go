package house

import (
	"bytes"
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// longest is how many lines a file may have; long are those that may have more,
// with the reason.
const longest = 600

var long = map[string]string{}

// starters are the files outside lib/zmq that may start goroutines, with the
// reason. Programs under cmd are free to.
var starters = map[string]string{
	"lib/zmq/auth/auth.go":                   "answers requests; Close waits for it",
	"lib/libzmq/lend.go":                     "calls the program's free functions, which may call the library again",
	"lib/libzmq/context.go":                  "ends a context while its caller waits in C, where a signal can interrupt it",
	"lib/internal/engine/deadline.go":        "looks whether the peer was heard in time; Detach ends that",
	"lib/internal/kerberos/kdc.go":           "sets a deadline when the context of a dialogue with a KDC ends",
	"lib/internal/transport/family_linux.go": "sets a deadline when the context of a connect ends",
	"lib/internal/transport/tcp/socks.go":    "sets a deadline when the context of the dialogue with the proxy ends",
}

func TestGoroutinesStartInZMQ(t *testing.T) {
	allowed := 0
	for _, s := range sources(t) {
		found := goroutines(s)
		switch {
		case s.test() || strings.HasPrefix(s.dir, "cmd/"):
		case s.dir == "lib/zmq" || starters[s.path] != "":
			allowed += len(found)
		default:
			for _, n := range found {
				t.Errorf("%s: starts a goroutine", s.where(n))
			}
		}
	}
	if allowed == 0 {
		t.Error("no goroutine was found where they may start")
	}
}

// goroutines are the places that start one: go statements, WaitGroup.Go and
// functions that run later.
func goroutines(s *source) []ast.Node {
	found := s.calls("", "Go")
	found = append(found, s.calls("", "AfterFunc")...)
	ast.Inspect(s.ast, func(n ast.Node) bool {
		if g, ok := n.(*ast.GoStmt); ok {
			found = append(found, g)
		}
		return true
	})
	return found
}

func TestExportedNamesAreDocumented(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		documented[s.dir] = documented[s.dir] || s.ast.Doc != nil
		if s.test() || s.ast.Name.Name == "main" {
			continue
		}
		for _, decl := range s.ast.Decls {
			for _, n := range undocumented(decl) {
				t.Errorf("%s: %s has no comment", s.where(n), n.Name)
			}
		}
	}
	for dir, ok := range documented {
		if !ok && hasCode(t, dir) {
			t.Errorf("%s: the package has no comment", dir)
		}
	}
}

// hasCode reports whether a folder has Go files besides tests.
func hasCode(t *testing.T, dir string) bool {
	files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f, "_test.go") {
			return true
		}
	}
	return false
}

// undocumented are the exported names of a declaration that have no comment. The
// comment of a group counts for its constants and variables.
func undocumented(decl ast.Decl) []*ast.Ident {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) {
			return []*ast.Ident{d.Name}
		}
	case *ast.GenDecl:
		var names []*ast.Ident
		for _, spec := range d.Specs {
			names = append(names, undocumentedSpec(d, spec)...)
		}
		return names
	}
	return nil
}

func undocumentedSpec(d *ast.GenDecl, spec ast.Spec) []*ast.Ident {
	var names []*ast.Ident
	switch s := spec.(type) {
	case *ast.TypeSpec:
		if s.Doc == nil && s.Comment == nil && (d.Doc == nil || d.Lparen.IsValid()) {
			names = append(names, s.Name)
		}
	case *ast.ValueSpec:
		if s.Doc == nil && s.Comment == nil && d.Doc == nil {
			names = append(names, s.Names...)
		}
	}
	var exported []*ast.Ident
	for _, n := range names {
		if n.IsExported() {
			exported = append(exported, n)
		}
	}
	return exported
}

// exportedReceiver reports whether d is a function or a method of an exported
// type.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return false
		}
	}
}

func TestFilesAreShort(t *testing.T) {
	for _, s := range sources(t) {
		n := s.fset.File(s.ast.Pos()).LineCount()
		if n > longest && long[s.path] == "" {
			t.Errorf("%s has %d lines, more than %d", s.path, n, longest)
		}
		if n <= longest && long[s.path] != "" {
			t.Errorf("%s is listed as long, but has %d lines", s.path, n)
		}
	}
}

// machine finds paths that exist on one machine only.
var machine = regexp.MustCompile(`(^|[^A-Za-z0-9_.}])/(home|root|Users|work)/`)

func TestNoMachinePaths(t *testing.T) {
	for _, pattern := range []string{"*.md", "Makefile", ".ci/*", "scripts/*", "man/*", "testdata/*/*"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			checkPaths(t, f)
		}
	}
	for _, s := range sources(t) {
		checkPaths(t, filepath.Join(root, s.path))
	}
}

func checkPaths(t *testing.T, file string) {
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
		return
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return // not a text
	}
	for i, line := range bytes.Split(text, []byte("\n")) {
		if machine.Match(line) {
			t.Errorf("%s:%d: %s", file, i+1, line)
		}
	}
}
