package ipc

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"ztools/lib/internal/errno"
	"ztools/lib/internal/option"
	"ztools/lib/internal/transport"
)

func defaults() *option.Options {
	o := option.Defaults(0)
	return &o
}

// shortDir is a directory whose name fits a socket's address.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "z")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func listen(t *testing.T, rest string, o *option.Options) transport.Listener {
	t.Helper()
	l, err := (Transport{}).Listen(rest, o)
	if err != nil {
		t.Fatalf("listen to %s: %v", rest, err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// path is the endpoint without its scheme.
func path(l transport.Listener) string { return strings.TrimPrefix(l.Endpoint(), "ipc://") }

// join makes a connection to path, which the listener accepts.
func join(t *testing.T, l transport.Listener, path string) (dialed, accepted net.Conn) {
	t.Helper()
	dialed, err := (Transport{}).Dial(t.Context(), path, defaults())
	if err != nil {
		t.Fatalf("dial %s: %v", path, err)
	}
	t.Cleanup(func() { dialed.Close() })
	accepted, err = l.Accept()
	if err != nil {
		t.Fatalf("accept: %v", err)
	}
	t.Cleanup(func() { accepted.Close() })
	if _, err := dialed.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if n, err := accepted.Read(make([]byte, 2)); n != 1 || err != nil {
		t.Fatalf("read %d bytes, %v", n, err)
	}
	return dialed, accepted
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// checks are the rows of the grammar, for all systems; 0 is accepted.
var checks = []struct {
	path string
	err  errno.Errno
}{
	{"/tmp/x", 0},
	{"x", 0},
	{"a b;c:1", 0},
	{"x@", 0},
	{"*", 0},
	{strings.Repeat("x", maxPath), 0},
	{strings.Repeat("x", maxPath+1), errno.ENAMETOOLONG},
	{"@" + strings.Repeat("x", maxPath), errno.ENAMETOOLONG},
	{"@", errno.EINVAL},
	{"", errno.EINVAL},
	{"a\x00b", errno.EINVAL},
	{"@a\x00", errno.EINVAL},
}

func TestCheck(t *testing.T) {
	for _, c := range checks {
		err := (Transport{}).Check(c.path, nil)
		if c.err == 0 && err != nil || c.err != 0 && !errors.Is(err, c.err) {
			t.Errorf("%q: %v, want %v", c.path, err, c.err)
		}
		if c.err == 0 {
			continue
		}
		if _, err := (Transport{}).Listen(c.path, defaults()); !errors.Is(err, c.err) {
			t.Errorf("Listen(%q): %v, want %v", c.path, err, c.err)
		}
		if _, err := (Transport{}).Dial(t.Context(), c.path, defaults()); !errors.Is(err, c.err) {
			t.Errorf("Dial(%q): %v, want %v", c.path, err, c.err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, c := range checks {
		f.Add(c.path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if check(path) != nil {
			return
		}
		if len(path) > maxPath || strings.Contains(path, "\x00") {
			t.Errorf("%q is accepted", path)
		}
		if _, err := net.ResolveUnixAddr("unix", path); err != nil {
			t.Error(err)
		}
	})
}

func TestPath(t *testing.T) {
	file := filepath.Join(shortDir(t), "s")
	l := listen(t, file, defaults())
	if l.Endpoint() != "ipc://"+file {
		t.Errorf("endpoint %s", l.Endpoint())
	}
	dialed, accepted := join(t, l, file)
	if got := transport.Endpoint(dialed.RemoteAddr()); got != "ipc://"+file {
		t.Errorf("remote endpoint %s", got)
	}
	if got := transport.Endpoint(accepted.RemoteAddr()); got != "ipc://" {
		t.Errorf("remote endpoint of the accepted %s", got)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if !exists(file) {
		t.Error("Close removed the file")
	}
	_, err := (Transport{}).Dial(t.Context(), file, defaults())
	if !errors.Is(err, errno.ECONNREFUSED) {
		t.Errorf("dial after Close: %v", err)
	}
	join(t, listen(t, file, defaults()), file) // over the stale file
}

func TestRelativePath(t *testing.T) {
	t.Chdir(shortDir(t))
	l := listen(t, "s", defaults())
	if l.Endpoint() != "ipc://s" || !exists("s") {
		t.Errorf("endpoint %s", l.Endpoint())
	}
	join(t, l, "s")
}

// TestTakeOver has libzmq's rule that a second bind gets a live path.
func TestTakeOver(t *testing.T) {
	file := filepath.Join(shortDir(t), "s")
	first := listen(t, file, defaults())
	dialed, accepted := join(t, first, file)
	second := listen(t, file, defaults())
	join(t, second, file)
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	join(t, second, file) // the file is still the second one's
	if _, err := accepted.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	if n, err := dialed.Read(make([]byte, 1)); n != 1 {
		t.Errorf("the first one's connection is lost: %v", err)
	}
}

func TestOtherFilesStay(t *testing.T) {
	dir := shortDir(t)
	file, link, sub := filepath.Join(dir, "f"), filepath.Join(dir, "l"), filepath.Join(dir, "d")
	socket := filepath.Join(dir, "s")
	if err := errors.Join(os.WriteFile(file, []byte("x"), 0o600), os.Mkdir(sub, 0o700)); err != nil {
		t.Fatal(err)
	}
	listen(t, socket, defaults())
	if err := os.Symlink(socket, link); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	for _, name := range []string{file, link, sub} {
		if _, err := (Transport{}).Listen(name, defaults()); !errors.Is(err, errno.EADDRINUSE) {
			t.Errorf("%s: %v", name, err)
		}
		if !exists(name) {
			t.Errorf("%s is gone", name)
		}
	}
}

func TestErrors(t *testing.T) {
	dir := shortDir(t)
	file := filepath.Join(dir, "f")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		err  errno.Errno
	}{
		{filepath.Join(dir, "absent", "s"), errno.ENOENT},
		{filepath.Join(file, "s"), errno.ENOTDIR},
	} {
		if _, err := (Transport{}).Listen(c.path, defaults()); !errors.Is(err, c.err) {
			t.Errorf("Listen(%s): %v, want %v", c.path, err, c.err)
		}
		if _, err := (Transport{}).Dial(t.Context(), c.path, defaults()); !errors.Is(err, c.err) {
			t.Errorf("Dial(%s): %v, want %v", c.path, err, c.err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	listen(t, filepath.Join(dir, "s"), defaults())
	if _, err := (Transport{}).Dial(ctx, filepath.Join(dir, "s"), defaults()); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if got := (Transport{}).Aliases("x", defaults()); got != nil {
		t.Errorf("aliases %q", got)
	}
}

func TestWildcard(t *testing.T) {
	dirs := []string{shortDir(t), shortDir(t), shortDir(t)}
	t.Chdir(shortDir(t))
	for _, c := range []struct {
		env  [3]string // TMPDIR, TEMPDIR, TMP
		want string
	}{
		{[3]string{dirs[0], dirs[1], dirs[2]}, dirs[0]},
		{[3]string{dirs[0] + "/", dirs[1], dirs[2]}, dirs[0]},
		{[3]string{"", dirs[1], dirs[2]}, dirs[1]},
		{[3]string{"", "/absent", dirs[2]}, dirs[2]},
		{[3]string{}, "."},
	} {
		for i, name := range []string{"TMPDIR", "TEMPDIR", "TMP"} {
			t.Setenv(name, c.env[i])
		}
		l := listen(t, "*", defaults())
		dir, file := filepath.Split(path(l))
		if filepath.Dir(filepath.Clean(dir)) != c.want || file != "socket" {
			t.Errorf("endpoint %s, want it in %s", l.Endpoint(), c.want)
		}
		info, err := os.Stat(dir)
		if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
			t.Errorf("directory %v, %v", info, err)
		}
		join(t, l, path(l))
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if exists(dir) {
			t.Error("Close left the directory")
		}
	}
}

func TestWildcardErrors(t *testing.T) {
	short := shortDir(t)
	long := filepath.Join(short, strings.Repeat("x", maxPath))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", long)
	if _, err := (Transport{}).Listen("*", defaults()); !errors.Is(err, errno.ENAMETOOLONG) {
		t.Errorf("error %v", err)
	}
	if left, err := os.ReadDir(long); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	t.Setenv("TMPDIR", short)
	l := listen(t, "*any*thing", defaults())
	if err := os.Remove(path(l)); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); !errors.Is(err, errno.ENOENT) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Close without the file: %v", err)
	}
}

func TestClose(t *testing.T) {
	file := filepath.Join(shortDir(t), "s")
	l := listen(t, file, defaults())
	ended := make(chan error)
	go func() {
		_, err := l.Accept()
		ended <- err
	}()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	var one *transport.AcceptError
	if err := <-ended; !errors.Is(err, errno.ENOTSOCK) || errors.As(err, &one) {
		t.Errorf("accept after close: %v", err)
	}
}
