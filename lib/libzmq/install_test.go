//go:build linux && cgo

package main

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// installed are the files of make install-lib below its two folders.
var installed = []string{"lib/libzmq.so", "lib/libzmq.so.5", "lib/pkgconfig/libzmq.pc", "include/zmq.h", "include/zmq_utils.h"}

// install runs the script of make install-lib; from is - to take all away.
func install(t *testing.T, dest, from string) error {
	t.Helper()
	cmd := exec.Command(root+"/scripts/install-lib.sh", from, "/lib", "/include")
	cmd.Env = append(os.Environ(), "DESTDIR="+dest)
	out, err := cmd.CombinedOutput()
	if err != nil && !strings.Contains(string(out), "is another libzmq's") {
		t.Errorf("install-lib.sh: %v\n%s", err, out)
	}
	return err
}

// filesIn are the files below a folder.
func filesIn(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestInstall(t *testing.T) {
	lib, dest := ours(t), t.TempDir()+"/a folder"
	if err := os.Mkdir(dest, 0o755); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time over the first
		if err := install(t, dest, lib); err != nil {
			t.Fatal(err)
		}
	}
	got := filesIn(t, dest)
	slices.Sort(got)
	want := slices.Sorted(slices.Values(installed))
	if !slices.Equal(got, want) {
		t.Errorf("installed %q, want %q", got, want)
	}
	so, err := elf.Open(dest + "/lib/libzmq.so")
	if err != nil {
		t.Fatal(err)
	}
	defer so.Close()
	if name, err := so.DynString(elf.DT_SONAME); err != nil || !slices.Equal(name, []string{"libzmq.so.5"}) {
		t.Errorf("its name is %q, %v", name, err)
	}
	if err := install(t, dest, "-"); err != nil {
		t.Fatal(err)
	}
	if got := filesIn(t, dest); len(got) > 0 {
		t.Errorf("not removed: %q", got)
	}
}

// Another libzmq's files stay as they are, whichever it is, and nothing else is
// written or removed either.
func TestInstallBesideAnother(t *testing.T) {
	lib := ours(t)
	for _, name := range installed {
		dest := t.TempDir()
		other := filepath.Join(dest, name)
		if err := os.MkdirAll(filepath.Dir(other), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(other, []byte("libzmq of others"), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, from := range []string{lib, "-"} {
			if install(t, dest, from) == nil {
				t.Errorf("no refusal beside %s of others", name)
			}
			if got := filesIn(t, dest); !slices.Equal(got, []string{name}) {
				t.Errorf("left %q, want %s alone", got, name)
			}
		}
		if b, _ := os.ReadFile(other); string(b) != "libzmq of others" {
			t.Errorf("%s is now %.20q", name, b)
		}
	}
}

// pkg-config tells how a program is compiled with the installed library, which then
// runs on it.
func TestPkgConfig(t *testing.T) {
	lib, dest := ours(t), t.TempDir()
	if checked {
		t.Skip("skipped: a program with AddressSanitizer is for the library in its folder")
	}
	if _, err := exec.LookPath("pkg-config"); err != nil {
		missing(t, "pkg-config")
	}
	if err := install(t, dest, lib); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("pkg-config", "--cflags", "--libs", "--define-variable=libdir="+dest+"/lib", "--define-variable=includedir="+dest+"/include", "libzmq")
	cmd.Env = append(os.Environ(), "PKG_CONFIG_PATH="+dest+"/lib/pkgconfig")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "-L"+dest+"/lib") || !strings.Contains(string(out), "-I"+dest+"/include") {
		t.Errorf("pkg-config says %s", out)
	}
	program := build(t, programs+"/programs/hello.c", strings.Fields(string(out))...)
	if got := run(t, dest+"/lib", nil, program); string(got) != "4.3.5\n" {
		t.Errorf("it runs on libzmq %s", got)
	}
}
