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
	only string // the transports that it is asked for; empty: all
}

// runs reports whether the program is asked to run a cell.
func (p program) runs(c cell) bool {
	return p.only == "" || slices.Contains(strings.Fields(p.only), c.transport)
}

// recipe builds one peer. The source is a directory beside this one.
type recipe struct {
	name   string
	source string
	build  func(w workshop, ctx context.Context, source string) (path string, err error)
	only   string // as in program
}

// recipes stand in the order of the columns; ours is always built.
var recipes = []recipe{
	{"ours", "ours", workshop.ownGo, ""},
	{"libzmq", "c", workshop.c, "tcp ipc inproc curve"},
	{"cabi", "c", workshop.cabi, "tcp ipc inproc"},
	{drafts, "c", workshop.drafts, "ws udp"},
	{"omq", "omq", workshop.rust, "tcp ipc inproc"},
	{"pebbe", "pebbe", workshop.foreignGo, "tcp ipc inproc"},
	{"go-zeromq", "gozeromq", workshop.foreignGo, "tcp ipc inproc"},
	{"mangos", "mangos", workshop.foreignGo, "tcp ipc inproc"},
	{"raw", "rawgo", workshop.ownGo, "tcp ipc"},
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
		built = append(built, program{r.name, path, r.only})
	}
	if len(built) == 0 {
		return nil, errors.New("no peer could be built")
	}
	return built, nil
}

// build builds one peer by its name.
func (w workshop) build(ctx context.Context, name string) (program, error) {
	for _, r := range recipes {
		if r.name == name {
			path, err := r.build(w, ctx, r.source)
			if err != nil {
				err = fmt.Errorf("%s: not built: %w", name, err)
			}
			return program{name, path, r.only}, err
		}
	}
	return program{}, fmt.Errorf("no peer is named %s", name)
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
	return path, w.compile(ctx, source, path, "-lzmq")
}

// compile builds the program of libzmq with more arguments for the compiler.
func (w workshop) compile(ctx context.Context, source, path string, more ...string) error {
	args := append([]string{"-O2", "-o", path, "peer.c", "many.c", "topics.c", "multicast.c"}, more...)
	return w.run(ctx, w.dir(source), nil, "gcc", append(args, "-lpthread")...)
}

// drafts is the libzmq with draft transports: that of npm's zeromq, an addon of
// node, whose functions it wants it must think to be there. One of its builds fits
// the C library here.
const drafts = "libzmq-drafts"

func (w workshop) drafts(ctx context.Context, source string) (string, error) {
	addons, _ := filepath.Glob(filepath.Join(w.kept, "node_modules/zeromq/build/linux/x64/node/glibc-*/addon.node"))
	err := errors.New("npm's zeromq is not there (make test fetches it)")
	path := filepath.Join(w.bin, drafts)
	for _, addon := range addons {
		node := path + ".c"
		if err = w.nodeFunctions(ctx, addon, node); err != nil {
			continue
		}
		if err = w.compile(ctx, source, path, "-DDRAFTS", "udp.c", node, addon, "-rdynamic", "-Wl,-rpath,"+filepath.Dir(addon)); err == nil {
			return path, nil
		}
	}
	return "", err
}

// nodeFunctions writes a file with an empty function for each one of node that
// the addon wants.
func (w workshop) nodeFunctions(ctx context.Context, addon, file string) error {
	out, err := exec.CommandContext(ctx, "nm", "-D", "--undefined-only", addon).Output()
	if err != nil {
		return fmt.Errorf("nm: %w", err)
	}
	var c strings.Builder
	for name := range strings.FieldsSeq(string(out)) {
		if strings.HasPrefix(name, "napi_") || strings.HasPrefix(name, "uv_") {
			fmt.Fprintf(&c, "void %s (void) {}\n", name)
		}
	}
	return os.WriteFile(file, []byte(c.String()), 0o666)
}

// cabi is the program of libzmq on our C library.
func (w workshop) cabi(ctx context.Context, source string) (string, error) {
	path, lib := filepath.Join(w.bin, "cabi"), filepath.Join(w.bin, "lib")
	if err := w.run(ctx, w.root, nil, "scripts/build-lib.sh", lib); err != nil {
		return "", err
	}
	return path, w.compile(ctx, source, path, "-I"+lib, "-L"+lib, "-Wl,-rpath,"+lib, "-lzmq")
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
