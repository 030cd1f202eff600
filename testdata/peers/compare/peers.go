package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// program is a peer that can be run.
type program struct {
	name string // its column in the tables
	path string // its executable
}

// recipe builds one peer. The source is a directory beside this one.
type recipe struct {
	name   string
	source string
	build  func(w workshop, ctx context.Context, source string) (path string, err error)
}

// recipes stand in the order of the columns; ours is always built.
var recipes = []recipe{
	{"ours", "ours", workshop.ownGo},
	{"libzmq", "c", workshop.c},
	{"omq", "omq", workshop.rust},
	{"pebbe", "pebbe", workshop.foreignGo},
	{"go-zeromq", "gozeromq", workshop.foreignGo},
	{"mangos", "mangos", workshop.foreignGo},
	{"raw", "rawgo", workshop.ownGo},
}

// workshop knows where sources are and where executables go.
type workshop struct {
	root string // of this module
	kept string // what takes long to build; not under version control
	bin  string // of this run alone: another may be going on
}

func newWorkshop(ctx context.Context, bin string) (workshop, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return workshop{}, fmt.Errorf("go env: %w", err)
	}
	root := filepath.Dir(strings.TrimSpace(string(out)))
	w := workshop{root, filepath.Join(root, ".peers"), bin}
	return w, os.MkdirAll(w.kept, 0o777)
}

// peers builds the chosen peers and says which could not be built and why.
// Ours is always among them.
func (w workshop) peers(ctx context.Context, choice string) ([]program, error) {
	var built []program
	for _, r := range recipes {
		if choice != "" && r.name != "ours" && !slices.Contains(strings.Split(choice, ","), r.name) {
			continue
		}
		path, err := r.build(w, ctx, r.source)
		if err != nil {
			progress("%s: not built: %v\n", r.name, err)
			continue
		}
		built = append(built, program{r.name, path})
	}
	if len(built) == 0 {
		return nil, errors.New("no peer could be built")
	}
	return built, nil
}

func (w workshop) dir(source string) string {
	return filepath.Join(w.root, "testdata", "peers", source)
}

// ownGo builds a program of this module.
func (w workshop) ownGo(ctx context.Context, source string) (string, error) {
	path := filepath.Join(w.bin, source)
	return path, w.run(ctx, w.root, nil, "go", "build", "-o", path, "./testdata/peers/"+source)
}

// foreignGo builds a program that is a module of its own. It works on copies
// of go.mod and go.sum, because what this module requires may have moved on.
func (w workshop) foreignGo(ctx context.Context, source string) (string, error) {
	path := filepath.Join(w.bin, source)
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(w.dir(source), name))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(path+filepath.Ext(name), text, 0o666); err != nil {
			return "", err
		}
	}
	return path, w.run(ctx, w.dir(source), nil, "go", "build", "-mod=mod", "-modfile="+path+".mod", "-o", path, ".")
}

func (w workshop) c(ctx context.Context, source string) (string, error) {
	path := filepath.Join(w.bin, "libzmq")
	return path, w.run(ctx, w.dir(source), nil, "gcc", "-O2", "-o", path, "peer.c", "many.c", "-lzmq", "-lpthread")
}

func (w workshop) rust(ctx context.Context, source string) (string, error) {
	target := filepath.Join(w.kept, "omq")
	path := filepath.Join(target, "release", "omq")
	return path, w.run(ctx, w.dir(source), []string{"CARGO_TARGET_DIR=" + target},
		"cargo", "build", "--release", "--locked", "--quiet")
}

// run runs a build and turns its complaint into one line.
func (w workshop) run(ctx context.Context, dir string, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	if line := complaint(out); line != "" {
		return errors.New(line)
	}
	return err
}

// complaint is the first line that speaks of an error, or else the last line.
func complaint(output []byte) string {
	lines := bytes.Split(bytes.TrimSpace(output), []byte("\n"))
	for _, line := range lines {
		if bytes.Contains(line, []byte("error")) {
			return string(line)
		}
	}
	return string(lines[len(lines)-1])
}
