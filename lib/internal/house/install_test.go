package house

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// run has make do something in a folder of its own, and returns what it prints.
func run(t *testing.T, args ...string) string {
	t.Helper()
	if version, err := exec.Command("make", "--version").Output(); err != nil || !strings.HasPrefix(string(version), "GNU Make") {
		t.Skipf("there is no GNU make here: %.40q, %v", version, err)
	}
	cmd := exec.Command("make", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "MAKEFLAGS=") // perhaps another make runs this test
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("make %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// make help, which is also what make alone does, has a line for each target.
func TestMakeHelp(t *testing.T) {
	help := run(t)
	if also := run(t, "help"); also != help {
		t.Errorf("make help prints %q, make alone %q", also, help)
	}
	for _, line := range regexp.MustCompile(`(?m)^\.PHONY:(.*)$`).FindAllStringSubmatch(read(t, "Makefile"), -1) {
		for _, target := range strings.Fields(line[1]) {
			if !regexp.MustCompile(`(?m)^  make ` + target + ` +\S`).MatchString(help) {
				t.Errorf("make help does not tell of %s", target)
			}
		}
	}
}

// filesOf are the files below a folder, sorted.
func filesOf(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

// installs are the files of make install below PREFIX, with zcat under that name.
func installs(t *testing.T, zcat string) (names []string) {
	t.Helper()
	for _, tool := range tools(t) {
		if tool == "zcat" {
			tool = zcat
		}
		names = append(names, "bin/"+tool,
			"share/bash-completion/completions/"+tool,
			"share/fish/vendor_completions.d/"+tool+".fish",
			"share/zsh/site-functions/_"+tool)
	}
	pages, err := os.ReadDir(filepath.Join(root, "man"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		name := page.Name()
		if rest, ok := strings.CutPrefix(name, "zcat"); ok {
			name = zcat + rest
		}
		names = append(names, "share/man/man"+name[len(name)-1:]+"/"+name)
	}
	slices.Sort(names)
	return names
}

// make install puts all there, with zcat called zmqcat unless ZCAT says otherwise, and
// make uninstall takes it away again.
func TestMakeInstall(t *testing.T) {
	dir := t.TempDir()
	bin, prefix := filepath.Join(dir, "bin"), "/opt/z"
	for _, zcat := range []string{"zmqcat", "zcat"} {
		dest := filepath.Join(dir, zcat)
		args := []string{"BIN=" + bin, "DESTDIR=" + dest, "PREFIX=" + prefix}
		if zcat == "zcat" {
			args = append(args, "ZCAT=zcat", "-o", "build") // it was built the first time
		}
		run(t, append(args, "install")...)
		at := filepath.Join(dest, prefix)
		if got, want := filesOf(t, at), installs(t, zcat); !slices.Equal(got, want) {
			t.Errorf("installed %q, want %q", got, want)
		}
		named(t, at, zcat)
		run(t, append(args, "uninstall")...)
		if left := filesOf(t, dest); len(left) > 0 {
			t.Errorf("make uninstall leaves %q", left)
		}
	}
}

// named checks that what was installed of zcat knows its name.
func named(t *testing.T, at, zcat string) {
	t.Helper()
	out, err := exec.Command(filepath.Join(at, "bin", zcat), "--version").Output()
	if err != nil || !strings.HasPrefix(string(out), zcat+" ") {
		t.Errorf("%s --version: %q, %v", zcat, out, err)
	}
	for _, name := range []string{"share/man/man1/" + zcat + ".1", "share/bash-completion/completions/" + zcat} {
		text, err := os.ReadFile(filepath.Join(at, name))
		if err != nil {
			t.Fatal(err)
		}
		rest := strings.ReplaceAll(string(text), zcat, "")
		if len(rest) == len(text) || strings.Contains(rest, "zcat") {
			t.Errorf("%s does not call it %s", name, zcat)
		}
	}
}
