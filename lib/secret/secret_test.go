package secret_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"ztools/lib/secret"
)

func TestCreateThenRead(t *testing.T) {
	name := filepath.Join(t.TempDir(), "key")
	if err := secret.Create(name, []byte("abc"), secret.Mode); err != nil {
		t.Fatal(err)
	}
	if err := secret.Create(name, []byte("other"), secret.Mode); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second time: %v", err)
	}
	f, err := secret.ReadFile(name)
	if err != nil || string(f.Text) != "abc" || f.Private() != nil {
		t.Fatalf("read %+v, %v", f, err)
	}
	f.Wipe()
	if string(f.Text) != "\x00\x00\x00" {
		t.Errorf("left after Wipe: %q", f.Text)
	}
}

func TestShared(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: needs file modes")
	}
	name := filepath.Join(t.TempDir(), "key")
	if err := secret.Create(name, nil, secret.Mode); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[fs.FileMode]bool{0o600: false, 0o400: false, 0o640: true, 0o604: true, 0o610: true} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		f, err := secret.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var shared *secret.SharedError
		if got := errors.As(f.Private(), &shared); got != want {
			t.Errorf("mode %04o: %v", mode, f.Private())
		} else if got && (shared.Hint() != "chmod 600 "+name || !strings.Contains(shared.Error(), name)) {
			t.Errorf("error %q, hint %q", shared, shared.Hint())
		}
	}
	if secret.Shared(fs.ModeNamedPipe | 0o666) {
		t.Error("a pipe is no file that lies about")
	}
}

func TestTooLarge(t *testing.T) {
	if _, err := secret.Read(endless{}); !errors.Is(err, secret.ErrSize) {
		t.Errorf("got %v", err)
	}
	if _, err := secret.ReadFile(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }
