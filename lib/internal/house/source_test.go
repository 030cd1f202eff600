package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the top of the module, seen from this package's tests.
const root = "../../.."

// source is one Go file of the module. Files under testdata are no part of it.
type source struct {
	path string // from the top, with slashes
	dir  string
	ast  *ast.File
	fset *token.FileSet
}

// test reports whether the file belongs to tests only.
func (s *source) test() bool {
	return strings.HasSuffix(s.path, "_test.go") || slices.Contains([]string{"lib/internal/ztest", "lib/internal/house", "lib/cli/clitest"}, s.dir)
}

// where is a place in the file, for messages.
func (s *source) where(n ast.Node) string {
	p := s.fset.Position(n.Pos())
	return s.path + ":" + p.String()[strings.Index(p.String(), ":")+1:]
}

// sources parses the Go files under lib and cmd.
func sources(t *testing.T) []*source {
	t.Helper()
	var list []*source
	for _, top := range []string{"lib", "cmd"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && d.Name() == "testdata":
				return fs.SkipDir
			case d.IsDir() || !strings.HasSuffix(name, ".go"):
				return nil
			}
			s := &source{fset: token.NewFileSet()}
			rel, err := filepath.Rel(root, name)
			if err != nil {
				return err
			}
			s.path = filepath.ToSlash(rel)
			s.dir = path.Dir(s.path)
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			s.ast, err = parser.ParseFile(s.fset, path.Base(s.path), text, parser.ParseComments|parser.SkipObjectResolution)
			list = append(list, s)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(list) == 0 {
		t.Fatal("no Go files found")
	}
	return list
}

// calls reports the calls of functions named name in package or value recv; an
// empty recv stands for any.
func (s *source) calls(recv, name string) []ast.Node {
	var found []ast.Node
	ast.Inspect(s.ast, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != name {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); recv == "" || ok && x.Name == recv {
			found = append(found, n)
		}
		return true
	})
	return found
}
